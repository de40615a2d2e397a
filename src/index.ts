/** Ringfence: a distributed cache over a hash ring of Redis and Memcached nodes. */

export type { Clock, Timer } from './base/clock.js';
export type { AttemptMessage, CallMessage } from './base/diagnostics.js';
export { Cache } from './cache.js';
export type { BreakerView, NodeBreaker } from './calls/breaker-view.js';
export type { CallOptions, CountOptions, SetOptions } from './calls/call-options.js';
export type { CacheEntry } from './calls/entry.js';
export type { Loader, LoaderContext } from './calls/load.js';
export type { GetOrSetOptions } from './calls/load-options.js';
export type { DeletedMany, FoundMany, StoredMany } from './calls/many.js';
export type { MigrationPhase, MigrationView } from './calls/migration-view.js';
export type { DiscoverySource, FoundNode } from './cluster/discovery/source.js';
export type { Codec, CodecContext, CodecName } from './codec.js';
export type { CompressionAlgorithm, CompressionOptions } from './compression.js';
export { createCache } from './create-cache.js';
export type { Credentials, CredentialsSource, Driver, TlsOptions } from './driver/driver.js';
export {
  CacheError,
  type ErrorCode,
  type Fault,
  faultOf,
  NodeError,
  type NodeErrorReason,
  OptionError,
  TimeoutError,
} from './errors.js';
export type { CacheEventName, CacheEvents, CacheListener } from './events.js';
export type { GroupView } from './failover/failover-group.js';
export type { MemberView } from './failover/group-member.js';
export type { BreakerStats } from './node/breaker-stats.js';
export { BreakerOpenError, BulkheadFullError, RateLimitedError } from './node/guard-errors.js';
export { recommendPoolSize } from './node/pool-size.js';
export type { BulkheadOptions, LaneOptions } from './options/bulkhead.js';
export type { DiscoveryOptions } from './options/discovery.js';
export type { FailoverOptions } from './options/failover.js';
export type { SentinelOptions } from './options/fleet-options.js';
export type { FallbackOptions, LedgerOptions, NearOptions, ReadOptions, TimeoutOptions } from './options/groups.js';
export type { HandoffOptions, HealthOptions, ProbeTarget } from './options/health.js';
export type { CacheReadOptions } from './options/hedge.js';
export type { MigrationBounds, MigrationOptions, MigrationSource, RampWindow } from './options/migration.js';
export type { NodeOptions } from './options/node-options.js';
export type { RateLimitsOptions } from './options/rate-limit.js';
export type { RetryOptions } from './options/retry.js';
export type { CacheOptions } from './options.js';
export type { WritePolicy } from './replication/write-policy.js';
export type { ReadPreference } from './routing/owner-walk.js';
export type { CacheStats, CloseReport, NodeState, NodeView } from './stats.js';
