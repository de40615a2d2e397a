/**
 * Stamps of writes: a hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) folded into one number.
 *
 * A stamp is `calendar milliseconds × 2,048 + counter`, a safe integer until the year 2109, so stamps compare as plain
 * numbers. Each stamp is above every stamp this process made or observed, whatever the clocks do: when the calendar
 * stands still or goes back the counter runs on, and an overflowing counter runs into the next millisecond.
 *
 * A stamp from elsewhere that lies more than `maxClockSkewMs` ahead of the calendar is not observed, so one process with
 * a wrong clock cannot carry all others into the future.
 */

import type { Calendar } from './calendar.js';

/** Stamps per millisecond. */
export const STAMPS_PER_MS = 2_048;

/** The lowest stamp of a calendar millisecond. */
export function stampOf(calendarMs: number): number {
  return calendarMs * STAMPS_PER_MS;
}

/** The calendar millisecond of a stamp. */
export function msOf(stamp: number): number {
  return Math.floor(stamp / STAMPS_PER_MS);
}

export class HybridClock {
  readonly #calendar: Calendar;
  #last = 0;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  /** The highest stamp made or observed so far; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** A stamp above all before it; `calendarMs` is the present, where it has been read already. */
  next(calendarMs: number = this.#calendar.now()): number {
    const physical = calendarMs * STAMPS_PER_MS;
    this.#last = physical > this.#last ? physical : this.#last + 1;
    return this.#last;
  }

  /** Takes note of a stamp met elsewhere; `false` if it lies too far ahead to be believed. */
  observe(stamp: number): boolean {
    if (stamp <= this.#last) return true;
    if (!Number.isSafeInteger(stamp) || msOf(stamp) > this.#calendar.now() + this.#calendar.maxClockSkewMs)
      return false;
    this.#last = stamp;
    return true;
  }
}
