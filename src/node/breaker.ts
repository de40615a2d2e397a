/**
 * A breaker: lets calls through while what they call is well, refuses them while it is not, and finds out by a few probes
 * when it is well again.
 *
 *     closed ──failures or slowness──▶ open ──open time passed, and somebody asks──▶ half-open
 *       ▲                               ▲                                              │
 *       │                               └──────────────── a probe failed ──────────────┤
 *       └──────────────────────────── enough probes succeeded ─────────────────────────┘
 *
 * No timers: time is looked at when somebody asks, so an idle breaker costs nothing. `tryAcquire` is the only question
 * that moves it; `state`, `retryAfterMs` and `stats` only look. Whoever was let through reports exactly once, by
 * `onSuccess`, `onFailure` or `onIgnored`; one report may stand for a batch.
 *
 * A report in half-open counts only if it is a probe's: calls let through before it opened are known by having begun
 * (now − duration) too early, and are ignored.
 */

import type { Clock } from '../base/clock.js';
import { type BreakerOptions, type BreakerSettings, resolveBreakerOptions } from './breaker-options.js';
import {
  type BreakerListener,
  type BreakerReason,
  type BreakerState,
  type ClosedState,
  releaseProbe,
  type State,
} from './breaker-state.js';
import { type BreakerStats, windowStats } from './breaker-stats.js';
import { discredits } from './discredits.js';
import { clockOf, type GuardContext, randomOf } from './guard-context.js';
import { BreakerOpenError } from './guard-errors.js';
import { CallWindow, type OutcomeWindow, TimeWindow } from './outcome-window.js';

/** Open times are spread by so much to either side, so that clients do not come back in step. */
const JITTER = 0.2;

export class Breaker {
  readonly name: string | undefined;
  /** Set by the owner; called after the state changed, so it may call back. What it throws is dropped. */
  onChange: BreakerListener | undefined = undefined;
  private readonly settings: BreakerSettings;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly window: OutcomeWindow;
  private current: State;
  /** Openings in a row, none of them followed by `maxOpenMs` of being closed: the exponent of the open time. */
  private streak = 0;
  private openedCount = 0;
  private refusedCount = 0;

  constructor(options: BreakerOptions = {}, context: GuardContext = {}) {
    this.settings = resolveBreakerOptions(options);
    this.name = context.name;
    this.clock = clockOf(context);
    this.random = randomOf(context);
    const now = this.clock.now();
    const { windowMs, windowCalls } = this.settings;
    this.window = windowCalls === undefined ? new TimeWindow(windowMs, now) : new CallWindow(windowCalls);
    this.current = { name: 'closed', since: now, isForced: false, failuresInARow: 0 };
  }

  /** May one call, or one batch, go ahead? `true` obliges the asker to report once. */
  tryAcquire(): boolean {
    if (this.current.name === 'closed') return true;
    const isGranted = this.tryProbe(this.clock.now());
    if (!isGranted) this.refusedCount++;
    return isGranted;
  }

  /** `count` calls succeeded, each within `durationMs`. Pass `now` where the clock was just read. */
  onSuccess(durationMs: number, count = 1, now: number = this.clock.now()): void {
    const lasted = Math.max(durationMs || 0, 0); // NaN too
    const isSlow = lasted >= this.settings.slowCallMs;
    const state = this.current;
    if (state.name === 'closed') {
      state.failuresInARow = 0;
      this.window.addSuccesses(now, count, lasted, isSlow);
      if (this.window.failures + this.window.slow !== 0) this.judge(state, now);
    } else if (state.name === 'half-open' && releaseProbe(state, now - lasted)) {
      if (isSlow) this.open(now, 'probe-slow');
      else if (++state.successes >= this.settings.successes) this.close(now, 'probes-succeeded');
    }
  }

  /**
   * `count` failures that speak against what was called. A lost connection is one failure, however many calls it
   * carried. `durationMs` tells a slow failure, and a late report from a probe's: pass it where it is known.
   */
  onFailure(count = 1, durationMs = 0, now: number = this.clock.now()): void {
    const lasted = Math.max(durationMs || 0, 0);
    const state = this.current;
    if (state.name === 'closed') {
      state.failuresInARow += count;
      this.window.addFailures(now, count, lasted >= this.settings.slowCallMs);
      this.judge(state, now);
    } else if (state.name === 'half-open' && releaseProbe(state, now - lasted)) {
      this.open(now, 'probe-failed');
    }
  }

  /** Neither: the caller gave up, or we are to blame. Gives a probe's permit back. */
  onIgnored(durationMs = 0, now: number = this.clock.now()): void {
    if (this.current.name === 'half-open') releaseProbe(this.current, now - durationMs);
  }

  /** Runs `fn` if the breaker lets it, and reports what comes of it; `discredits` says which errors count. */
  async run<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    if (!this.tryAcquire()) throw new BreakerOpenError(this.retryAfterMs, { node: this.name });
    const start = this.clock.now();
    let result: T;
    try {
      result = await fn();
    } catch (error) {
      const now = this.clock.now();
      if (discredits(error)) this.onFailure(1, now - start, now);
      else this.onIgnored(now - start, now);
      throw error;
    }
    const now = this.clock.now();
    this.onSuccess(now - start, 1, now);
    return result;
  }

  /** Refuses everything until `reset` or `forceClosed`. */
  forceOpen(): void {
    this.transition({ name: 'open', isForced: true, since: this.clock.now(), until: Infinity }, 'forced');
  }

  /** Lets everything through, still counting, until `reset` or `forceOpen`. */
  forceClosed(): void {
    this.close(this.clock.now(), 'forced', true);
  }

  /** As if new: closed, nothing counted, open time back at its first value. */
  reset(): void {
    this.streak = 0;
    this.close(this.clock.now(), 'reset');
  }

  get state(): BreakerState {
    return this.current.name;
  }

  /** 0 if `tryAcquire` would grant now, else milliseconds until it may; `Infinity` while forced open. Changes nothing. */
  get retryAfterMs(): number {
    const state = this.current;
    if (state.name === 'closed') return 0;
    const now = this.clock.now();
    if (state.name === 'open') return Math.max(0, state.until - now);
    if (state.probes < this.settings.halfOpenCalls) return 0;
    return Math.max(0, state.grantedAt + this.settings.probeTimeoutMs - now);
  }

  stats(): BreakerStats {
    if (this.current.name === 'closed') this.window.advance(this.clock.now());
    return {
      state: this.current.name,
      isForced: this.current.isForced,
      retryAfterMs: this.retryAfterMs,
      openedCount: this.openedCount,
      refusedCount: this.refusedCount,
      ...windowStats(this.window, this.settings),
    };
  }

  private tryProbe(now: number): boolean {
    if (this.current.name === 'open') {
      if (now < this.current.until) return false;
      const probesSince = (this.current.since + now) / 2;
      this.transition(
        { name: 'half-open', isForced: false, probesSince, probes: 0, successes: 0, grantedAt: now },
        'open-time-passed',
      );
    }
    const state = this.current; // a listener may have forced it meanwhile
    if (state.name !== 'half-open') return state.name === 'closed';
    if (state.probes >= this.settings.halfOpenCalls) {
      if (now - state.grantedAt < this.settings.probeTimeoutMs) return false;
      state.probes = 0;
      state.probesSince = (state.grantedAt + now) / 2; // should the lost ones report after all, it is too late
    }
    state.probes++;
    state.grantedAt = now;
    return true;
  }

  private judge(state: ClosedState, now: number): void {
    if (state.isForced) return;
    const { consecutiveFailures, minimumCalls, failureRate, slowCallRate } = this.settings;
    const { calls, failures, slow } = this.window;
    if (state.failuresInARow >= consecutiveFailures) this.open(now, 'consecutive-failures');
    else if (calls < minimumCalls) return;
    else if (failures >= failureRate * calls) this.open(now, 'failure-rate');
    else if (slow >= slowCallRate * calls) this.open(now, 'slow-rate');
  }

  private open(now: number, reason: BreakerReason): void {
    const { openMs, maxOpenMs } = this.settings;
    const state = this.current;
    if (state.name === 'closed' && now - state.since >= maxOpenMs) this.streak = 0;
    const spreadMs = Math.min(openMs * 2 ** this.streak, maxOpenMs) * (1 - JITTER + 2 * JITTER * this.random());
    this.streak++;
    this.transition({ name: 'open', isForced: false, since: now, until: now + spreadMs }, reason);
  }

  private close(now: number, reason: BreakerReason, isForced = false): void {
    this.window.clear();
    this.transition({ name: 'closed', since: now, isForced, failuresInARow: 0 }, reason);
  }

  /** The only place where the state changes. Always the last step of its caller, since the listener may come back in. */
  private transition(next: State, reason: BreakerReason): void {
    const from = this.current.name;
    this.current = next;
    if (from === next.name) return;
    if (next.name === 'open') this.openedCount++;
    try {
      this.onChange?.(from, next.name, reason);
    } catch {
      // A listener's failure is its own.
    }
  }
}

/** A breaker to use alone: `breaker({ … }).run(fn)`. */
export function breaker(options: BreakerOptions = {}, context: GuardContext = {}): Breaker {
  return new Breaker(options, context);
}
