/** The states of a breaker, each holding only what it alone needs, and the reasons for which one follows another. */

export type BreakerState = State['name'];

export type BreakerReason =
  | 'consecutive-failures'
  | 'failure-rate'
  | 'slow-rate'
  | 'open-time-passed'
  | 'probe-failed'
  | 'probe-slow'
  | 'probes-succeeded'
  | 'forced'
  | 'reset';

export type BreakerListener = (from: BreakerState, to: BreakerState, reason: BreakerReason) => void;

export interface ClosedState {
  readonly name: 'closed';
  readonly isForced: boolean;
  readonly since: number;
  failuresInARow: number;
}

export interface OpenState {
  readonly name: 'open';
  readonly isForced: boolean;
  readonly since: number;
  readonly until: number;
}

export interface HalfOpenState {
  readonly name: 'half-open';
  readonly isForced: false;
  /**
   * A report of a call that began before this is not a probe's. It lies midway between the last moment at which other
   * calls were let through and the first probe, hundreds of milliseconds from either: durations may be rounded.
   */
  probesSince: number;
  /** Under way now, and the time of the youngest. */
  probes: number;
  grantedAt: number;
  successes: number;
}

export type State = ClosedState | OpenState | HalfOpenState;

/** Takes back the permit of a probe that began at `startedAt`; `false` if that was no probe of this time in half-open. */
export function releaseProbe(state: HalfOpenState, startedAt: number): boolean {
  if (state.probes === 0 || startedAt < state.probesSince) return false;
  state.probes--;
  return true;
}
