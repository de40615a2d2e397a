/** `cache.migration`: how far the keys have moved from one placement to the other, and what can be done about it. */

import type { RampWindow } from '../options/migration.js';

/**
 * - `read-through`, `shadow`: nothing is cut over, and the old place serves all reads; `begin` changes that
 * - `ramping`: the next step will come; `steady`: it has come as far as it was to
 * - `promoting`: all keys are cut over, and what is left in the old place is carried over
 * - `promoted`: the old place is dropped; `rolled-back`: all keys are in the old one again
 */
export type MigrationPhase =
  | 'read-through'
  | 'shadow'
  | 'ramping'
  | 'steady'
  | 'paused'
  | 'promoting'
  | 'promoted'
  | 'rolled-back';

/** Shares, 0 to 1, before keys were cut over and in the last window; `undefined` where too few calls were made. */
export interface MigrationRate {
  readonly before: number | undefined;
  readonly now: number | undefined;
}

export interface MigrationView {
  readonly phase: MigrationPhase;
  /** Of the keys, so many are cut over. */
  readonly percent: number;
  /** Entries carried over so far, by reads and in the background. */
  readonly moved: number;
  /** Reads of keys that are cut over that the old place answered. None for long: nothing would be missed without it. */
  readonly missesServedByOld: number;
  /** Reads that were compared in both places, by what was found. All 0 without `shadow`. */
  readonly compared: number;
  /** Of these: both have a value, and not the same; or only the new place has one. Such values would be served once their keys are cut over. */
  readonly differences: number;
  /** Of these: only the old place has a value. */
  readonly onlyInOld: number;
  /** Reads that were not compared, since the new place did not answer or too many were under way. */
  readonly uncompared: number;
  /** Of the reads that nodes answered. Without `bounds`, nothing is measured. */
  readonly hitRate: MigrationRate;
  /** Of the attempts at nodes. */
  readonly errorRate: MigrationRate;
  /** Ends `read-through` and `shadow`: keys are cut over as `ramp` says, a window from now on if it has no beginning. */
  begin(): void;
  /** Cuts so many percent over, or all within a window; fewer than now gives keys back. @throws OptionError */
  rampTo(ramp: number | RampWindow): void;
  /** Stands still: no step, and nothing is carried over unasked. */
  pause(): void;
  /** A window goes on where it stood. */
  resume(): void;
  /** Cuts all keys over, waits until what can be carried over is, and drops the old place. @throws OptionError where it was rolled back */
  promote(): Promise<void>;
  /** Gives all keys back to the old place, and carries over there what the new one has got meanwhile. @throws OptionError once promoted */
  rollBack(reason?: string): void;
}
