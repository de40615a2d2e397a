/** What a cache node is made of: its place, its way to the server, and the limits of its lanes. */

import type { Turn } from '../base/turn.js';
import type { Driver } from '../driver/driver.js';
import type { Breaker } from './breaker.js';
import type { Lane } from './lane.js';
import type { LatencyEstimate } from './latency.js';
import type { Patience, PipelineLimits } from './pipeline-context.js';
import type { RateLimiter } from './rate-limit.js';
import type { Sweep } from './sweep.js';

export interface LaneLimits extends PipelineLimits {
  /** Connections of this lane; a key always takes the same one while it can be had. */
  readonly connections: number | 'auto';
}

export interface NodeSettings {
  readonly name: string;
  readonly slot: number;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly driver: Driver;
  readonly breaker: Breaker;
  /** Refuses what is asked too often; `undefined` refuses nothing. */
  readonly limiter: RateLimiter | undefined;
  /** Fed with the durations of small calls. */
  readonly latency: LatencyEstimate | undefined;
  readonly turn: Turn;
  readonly sweep: Sweep;
  readonly random: () => number;
  readonly connectMs: number;
  readonly attemptMs: number;
  readonly maxPauseMs: number;
  readonly patience: Patience;
  readonly lanes: Readonly<Record<Lane, LaneLimits>>;
  /** Rule R1; off only in tests. */
  readonly keepsOrder: boolean;
}
