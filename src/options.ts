/**
 * What a user may pass to `createCache`: each option with its meaning, unit and default, checked once before anything
 * opens. Unknown options are errors at every depth; after `resolveCacheOptions` nobody reads what the user passed.
 */

import { randomInt } from 'node:crypto';
import { type Clock, systemClock } from './base/clock.js';
import { MAX_TTL_MS } from './calls/call-options.js';
import type { Codec, CodecName } from './codec.js';
import type { CompressionOptions } from './compression.js';
import { OptionError } from './errors.js';
import type { FailoverSettings } from './failover/failover-settings.js';
import { type BreakerOptions, resolveBreakerOptions } from './node/breaker-options.js';
import type { Lane } from './node/lane.js';
import { callback, either, integer, number, type OptionRule, oneOf, resolveOptions } from './node/option-rules.js';
import { type BulkheadOptions, type LaneSettings, resolveBulkhead } from './options/bulkhead.js';
import { type DiscoveryOptions, type DiscoverySettings, resolveDiscovery } from './options/discovery.js';
import { type FailoverOptions, resolveFailover } from './options/failover.js';
import {
  type FallbackOptions,
  type FallbackSettings,
  type LedgerOptions,
  type LedgerSettings,
  type NearOptions,
  type NearSettings,
  type ReadSettings,
  resolveCompression,
  resolveFallback,
  resolveLedger,
  resolveNear,
  resolveRead,
  resolveTimeouts,
  type TimeoutOptions,
  type TimeoutSettings,
} from './options/groups.js';
import {
  type HandoffOptions,
  type HandoffSettings,
  type HealthOptions,
  type HealthSettings,
  resolveHandoff,
  resolveHealth,
} from './options/health.js';
import { type CacheReadOptions, type HedgeSettings, resolveHedge } from './options/hedge.js';
import { type MigrationOptions, type MigrationSettings, resolveMigration } from './options/migration.js';
import { type NodeOptions, type NodeSpec, parseNodes } from './options/node-options.js';
import { resolvePlacement } from './options/placement.js';
import { type RateLimitSettings, type RateLimitsOptions, resolveRateLimits } from './options/rate-limit.js';
import { type RetryOptions, type RetrySettings, resolveRetry } from './options/retry.js';
import type { WritePolicy } from './replication/write-policy.js';
import type { PlacementKind } from './ring/placements/create-placement.js';

export interface CacheOptions {
  /** URLs or objects. @default three in-process nodes: nothing needs to be installed */
  readonly nodes?: readonly (string | NodeOptions)[] | undefined;
  /**
   * Places keys as another client does, so that both find what either wrote: `nodes` in the order of that client's
   * configuration, no `namespace`, a raw codec. Keys above 186 bytes are the exception: they are digested here.
   * @default the own ring
   */
  readonly placement?: PlacementKind | undefined;
  /** Put before every key, with a colon; `clear` and `keys` stay inside it. @default none */
  readonly namespace?: string | undefined;
  /** Copies of each key, on as many nodes. @default 1 */
  readonly replication?: number | undefined;
  /** `json` writes an envelope, `string` and `bytes` the bare value. @default 'json' */
  readonly codec?: CodecName | Codec<unknown> | undefined;
  /** Compresses values above a size; not with `string` and `bytes`. @default off */
  readonly compression?: CompressionOptions | undefined;
  /** Largest value accepted, before compression. @default 67_108_864 */
  readonly maxValueBytes?: number | undefined;
  /** Time to live of what is set without one. @default 'none' */
  readonly defaultTtlMs?: number | 'none' | undefined;
  readonly timeouts?: TimeoutOptions | undefined;
  readonly read?: CacheReadOptions | undefined;
  /** How many owners must confirm a write. @default 'all' */
  readonly write?: WritePolicy | undefined;
  /** Limits per node and lane. */
  readonly bulkhead?: BulkheadOptions | undefined;
  /** Stops asking a node that fails, and finds out when it is well again; `false` never stops. */
  readonly breaker?: false | BreakerOptions | undefined;
  /** Refuses calls beyond so many in so much time, with `ERR_RATE_LIMITED`. @default false */
  readonly rateLimit?: false | RateLimitsOptions | undefined;
  /** Further attempts after a lost connection; `false` makes none. */
  readonly retry?: false | RetryOptions | undefined;
  /** Remembers values for when no owner can answer; `false` remembers nothing. */
  readonly fallback?: false | FallbackOptions | undefined;
  /** Serves values for a short time without asking. @default false */
  readonly near?: false | NearOptions | undefined;
  /** A read that no owner answers is a miss and a write `false`, or both are errors. @default 'degrade' */
  readonly onUnavailable?: 'degrade' | 'throw' | undefined;
  /** How far the clocks of the processes that share the nodes may be apart, in ms. @default 500 */
  readonly maxClockSkewMs?: number | undefined;
  /** Probes nodes, takes the dead out of the ring and lets them back; `false` never does. */
  readonly health?: false | HealthOptions | undefined;
  /** How standbys take over in groups of nodes (`group`, `role` and `priority` of a node). */
  readonly failover?: FailoverOptions | undefined;
  /** How keys move when the ring changes. */
  readonly handoff?: HandoffOptions | undefined;
  /** Moves the keys of another placement, on these or other nodes, to this one. @default nothing is moved */
  readonly migration?: MigrationOptions | undefined;
  /** Where the list of nodes comes from at run time. @default `nodes` is all there is */
  readonly discovery?: DiscoveryOptions | undefined;
  readonly ledger?: LedgerOptions | undefined;
  /** Lets a process end that has nothing to do but hold this cache open, as if it had been closed. @default false */
  readonly unref?: boolean | undefined;
  /** Time, for tests. @default the system's */
  readonly clock?: Clock | undefined;
  /** Chance, uniform in [0, 1), for tests. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** Options, checked and complete. */
export interface CacheSettings {
  readonly nodes: readonly NodeSpec[];
  /** `undefined` for the own ring. */
  readonly placement: PlacementKind | undefined;
  readonly namespace: string | undefined;
  readonly replication: number;
  readonly codec: CodecName | Codec<unknown>;
  readonly compression: CompressionOptions | undefined;
  readonly maxValueBytes: number;
  /** 0 for none. */
  readonly defaultTtlMs: number;
  readonly timeouts: TimeoutSettings;
  readonly read: ReadSettings & { readonly hedge: HedgeSettings };
  readonly write: WritePolicy;
  readonly lanes: Readonly<Record<Lane, LaneSettings>>;
  readonly largeValueBytes: number;
  readonly breaker: BreakerOptions | undefined;
  readonly rateLimit: RateLimitSettings;
  readonly retry: RetrySettings | undefined;
  readonly fallback: FallbackSettings | undefined;
  readonly near: NearSettings | undefined;
  readonly health: HealthSettings | undefined;
  readonly failover: FailoverSettings;
  readonly handoff: HandoffSettings;
  readonly migration: MigrationSettings | undefined;
  readonly discovery: DiscoverySettings | undefined;
  readonly degrades: boolean;
  readonly maxClockSkewMs: number;
  readonly ledger: LedgerSettings;
  readonly unref: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly clientId: number;
}

const anything: OptionRule = { says: 'anything', holds: () => true };
const text: OptionRule = { says: 'a string', holds: (value) => typeof value === 'string' };
const object: OptionRule = { says: 'an object', holds: (value) => typeof value === 'object' && value !== null };
const off: OptionRule = { says: 'false', holds: (value) => value === false };
const objectOrOff = either(object, off);

const TOP_RULES: { readonly [K in keyof Required<CacheOptions>]: OptionRule } = {
  nodes: anything,
  placement: anything,
  namespace: text,
  replication: integer(1, 16),
  codec: either(oneOf(['json', 'string', 'bytes']), { says: 'a Codec with encode and decode', holds: isCodec }),
  compression: object,
  maxValueBytes: integer(1, 512 * 1024 * 1024),
  defaultTtlMs: either(number(1, MAX_TTL_MS), oneOf(['none'])),
  timeouts: object,
  read: object,
  write: oneOf(['all', 'majority', 'one']),
  bulkhead: object,
  breaker: objectOrOff,
  rateLimit: objectOrOff,
  retry: objectOrOff,
  fallback: objectOrOff,
  near: objectOrOff,
  onUnavailable: oneOf(['degrade', 'throw']),
  maxClockSkewMs: integer(0, 3_600_000),
  health: objectOrOff,
  failover: object,
  handoff: object,
  migration: object,
  discovery: object,
  ledger: object,
  unref: { says: 'true or false', holds: (value) => typeof value === 'boolean' },
  clock: { says: 'a clock with now, wall, setTimer and setSoon', holds: isClock },
  random: callback,
};

const DEFAULT_NODES = ['memory://memory-1', 'memory://memory-2', 'memory://memory-3'];

/** @throws OptionError naming the path, what is allowed and what it got. */
export function resolveCacheOptions(given: CacheOptions): CacheSettings {
  const options = resolveOptions<CacheOptions>('', given, {}, TOP_RULES);
  const { replication = 1 } = options;
  const { hedge, ...read } = options.read ?? {};
  const codec = options.codec ?? 'json';
  if (options.compression !== undefined && (codec === 'string' || codec === 'bytes'))
    throw new OptionError(
      'compression',
      `must be left out with codec '${codec}', whose values other clients read as they are`,
    );
  const { lanes, largeValueBytes } = resolveBulkhead(options.bulkhead ?? {});
  const breaker = options.breaker === false ? undefined : (options.breaker ?? {});
  if (breaker !== undefined) resolveBreakerOptions(breaker);
  const ttl = options.defaultTtlMs ?? 'none';
  const nodes = parseNodes(options.nodes === undefined ? DEFAULT_NODES : options.nodes);
  return Object.freeze<CacheSettings>({
    nodes,
    placement: resolvePlacement(options.placement),
    namespace: options.namespace,
    replication,
    codec,
    compression: options.compression === undefined ? undefined : resolveCompression(options.compression),
    maxValueBytes: options.maxValueBytes ?? 64 * 1024 * 1024,
    defaultTtlMs: ttl === 'none' ? 0 : Math.ceil(ttl),
    timeouts: resolveTimeouts(options.timeouts ?? {}),
    read: { ...resolveRead(read), hedge: resolveHedge(hedge) },
    write: options.write ?? 'all',
    lanes,
    largeValueBytes,
    breaker,
    rateLimit: options.rateLimit === false ? {} : resolveRateLimits(options.rateLimit ?? {}),
    retry: options.retry === false ? undefined : resolveRetry(options.retry ?? {}),
    fallback: options.fallback === false ? undefined : resolveFallback(options.fallback ?? {}),
    near: options.near === false || options.near === undefined ? undefined : resolveNear(options.near),
    health: options.health === false ? undefined : resolveHealth(options.health ?? {}),
    failover: resolveFailover(options.failover ?? {}, options.health !== false),
    handoff: resolveHandoff(options.handoff ?? {}),
    migration: options.migration && resolveMigration(options.migration, nodes, replication),
    discovery: options.discovery === undefined ? undefined : resolveDiscovery(options.discovery),
    degrades: options.onUnavailable !== 'throw',
    maxClockSkewMs: options.maxClockSkewMs ?? 500,
    ledger: resolveLedger(options.ledger ?? {}),
    unref: options.unref ?? false,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    clientId: randomInt(1, 2 ** 32 - 1),
  });
}

function isCodec(value: unknown): boolean {
  return hasMethods(value, ['encode', 'decode']);
}

function isClock(value: unknown): boolean {
  return hasMethods(value, ['now', 'wall', 'setTimer', 'setSoon']);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}
