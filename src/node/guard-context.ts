/** What a guard takes from outside besides its options: a name for errors, time, and chance. Tests own the last two. */

import { type Clock, systemClock } from '../base/clock.js';

export interface GuardContext {
  /** Named in errors and registries: the node, the client, the resource guarded. */
  readonly name?: string | undefined;
  /** @default the system's monotonic clock */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

export function clockOf(context: GuardContext): Clock {
  return context.clock ?? systemClock;
}

export function randomOf(context: GuardContext): () => number {
  return context.random ?? Math.random;
}
