/** What a pipeline is given: its bounds, and the node and the client around it. */

import type { Turn } from '../base/turn.js';
import type { Connection } from '../driver/driver.js';
import type { CacheError } from '../errors.js';
import type { AttemptNode } from './attempt-state.js';
import type { Breaker } from './breaker.js';
import type { Lane } from './lane.js';
import type { LatencyEstimate } from './latency.js';
import type { RateLimiter } from './rate-limit.js';
import type { Sweep } from './sweep.js';

export interface PipelineLimits {
  readonly maxInFlight: number;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly maxQueueAgeMs: number;
  /** Whether fewer than `maxInFlight` are sent while answers take longer than under light load. */
  readonly adaptive: boolean;
}

/** What is put up with before a node is taken for dead; may be changed at any time. */
export interface Patience {
  /** A connection that owes replies and receives nothing for so long is given up. */
  stallMs: number;
  /** For so long after its connection was lost, what is pinned to the node waits for another. */
  absenceMs: number;
  /**
   * While a connection has brought an answer no longer ago than this, nothing that was issued before that answer is called
   * late before `maxQueueAgeMs`: it waits for others, as in a burst, and not for a node that is ill. 0: deadlines are kept
   * in any case.
   */
  flowMs: number;
}

export interface PipelineContext {
  readonly node: AttemptNode;
  readonly lane: Lane;
  readonly turn: Turn;
  readonly sweep: Sweep;
  readonly breaker: Breaker;
  readonly limiter: RateLimiter | undefined;
  readonly latency: LatencyEstimate | undefined;
  readonly patience: Readonly<Patience>;
  /** Whether the node serves small calls by some connection: then it is not down for having no room for one more. */
  isReached(): boolean;
  opened(connection: Connection, beganAt: number): void;
  down(error: CacheError, wasOpen: boolean): void;
}
