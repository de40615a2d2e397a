/** The parts that `createCache` puts together and the public methods work with. */

import type { HybridClock } from './base/hybrid-clock.js';
import type { Call } from './calls/call-options.js';
import type { Topology } from './cluster/topology.js';
import type { Kept, Transcoder } from './codec/transcoder.js';
import type { EventBus } from './events.js';
import type { KeySpace } from './key.js';
import type { Fallback } from './near/fallback.js';
import type { NearCache } from './near/near-cache.js';
import type { SingleFlight } from './near/single-flight.js';
import type { ReadContext, WriteContext } from './replication/contexts.js';
import type { RingView } from './ring-view.js';
import type { CacheStats, CloseReport, NodeView } from './stats.js';

export interface CacheParts {
  readonly keys: KeySpace;
  readonly values: Transcoder;
  readonly stamps: HybridClock;
  /** The snapshot of this moment: take it once a call. */
  readonly topology: Topology;
  readonly read: ReadContext;
  readonly write: WriteContext;
  readonly near: NearCache<Kept> | undefined;
  readonly fallback: Fallback<Kept> | undefined;
  readonly flights: SingleFlight<unknown>;
  readonly events: EventBus;
  readonly defaults: Call;
  readonly defaultTtlMs: number;
  readonly random: () => number;
  readonly ring: RingView;
  readonly lifecycle: { ready(): Promise<void>; close(timeoutMs: number): Promise<CloseReport> };
  /** @throws CacheError `ERR_CLOSED` */
  assertOpen(): void;
  stats(): CacheStats;
  nodeViews(): NodeView[];
}
