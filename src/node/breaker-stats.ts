/** What a breaker tells about itself: a plain snapshot, taken on request. */

import type { BreakerSettings } from './breaker-options.js';
import type { BreakerState } from './breaker-state.js';
import type { OutcomeWindow } from './outcome-window.js';

export interface BreakerStats {
  readonly state: BreakerState;
  /** Held by `forceOpen` or `forceClosed` until `reset`. */
  readonly isForced: boolean;
  /** See `Breaker.retryAfterMs`. */
  readonly retryAfterMs: number;
  /** Times it opened, and calls or batches it refused, since it was made. */
  readonly openedCount: number;
  readonly refusedCount: number;
  /** What the window covers: so many milliseconds, or so many calls. */
  readonly windowMs: number | undefined;
  readonly windowCalls: number | undefined;
  /** Counts of the window; while not closed, as of the moment it opened. */
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
  /** 0 … 1; 0 without calls. */
  readonly failureRate: number;
  readonly slowRate: number;
  /** Of the successful calls in the window; `undefined` if there are none. */
  readonly minMs: number | undefined;
  readonly meanMs: number | undefined;
  readonly maxMs: number | undefined;
}

type OfWindow = Omit<BreakerStats, 'state' | 'isForced' | 'retryAfterMs' | 'openedCount' | 'refusedCount'>;

/** The part of the statistics that the window knows. */
export function windowStats(window: OutcomeWindow, settings: BreakerSettings): OfWindow {
  const { calls, failures, slow } = window;
  const durations = window.durations();
  return {
    windowMs: settings.windowCalls === undefined ? settings.windowMs : undefined,
    windowCalls: settings.windowCalls,
    calls,
    failures,
    slowCalls: slow,
    failureRate: calls === 0 ? 0 : failures / calls,
    slowRate: calls === 0 ? 0 : slow / calls,
    minMs: durations?.minMs,
    meanMs: durations?.meanMs,
    maxMs: durations?.maxMs,
  };
}
