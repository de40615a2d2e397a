/**
 * The calendar as this process may rely on it: the wall clock read through the monotonic one, so that a jump of the wall
 * clock moves nothing at once.
 *
 * `now()` is the monotonic clock plus an offset. The wall clock is looked at every 50 ms: a difference of up to
 * `maxClockSkewMs` is adopted (slewing and small corrections); a larger one is a step, and is adopted only after it has
 * stood for a minute. A step that is taken back within the minute therefore never happened, and one that stays, such as
 * the correction of a machine booted with a wrong clock or woken from sleep, brings this process in line with the others.
 * Stamps and expiry times are made and judged by this calendar; deadlines, ages and windows use the monotonic clock.
 */

import type { Clock } from './clock.js';

/** Default of `maxClockSkewMs`: how far the clocks of two processes may be apart. */
export const DEFAULT_MAX_CLOCK_SKEW_MS = 500;

const LOOK_EVERY_MS = 50;
const STEP_HOLD_MS = 60_000;
/** The wall clock counts whole milliseconds, so a difference below this says nothing. */
const RESOLUTION_MS = 2;

export class Calendar {
  readonly maxClockSkewMs: number;
  readonly #clock: Clock;
  #offset: number;
  #nextLook: number;
  /** A step that was seen and not yet adopted: its offset, and when it was first seen. */
  #stepOffset = 0;
  #stepSeenAt: number | undefined;

  constructor(clock: Clock, maxClockSkewMs = DEFAULT_MAX_CLOCK_SKEW_MS) {
    const now = clock.now();
    this.#clock = clock;
    this.maxClockSkewMs = maxClockSkewMs;
    this.#offset = clock.wall() - now;
    this.#nextLook = now + LOOK_EVERY_MS;
  }

  /** Whole milliseconds since 1970. May go back by up to `maxClockSkewMs`, further only when a step is adopted. */
  now(): number {
    const now = this.#clock.now();
    if (now >= this.#nextLook) this.#look(now);
    return Math.floor(now + this.#offset);
  }

  #look(now: number): void {
    this.#nextLook = now + LOOK_EVERY_MS;
    const offset = this.#clock.wall() - now;
    const difference = Math.abs(offset - this.#offset);
    if (difference <= this.maxClockSkewMs) {
      this.#stepSeenAt = undefined;
      if (difference >= RESOLUTION_MS) this.#offset = offset;
      return;
    }
    const isSameStep = this.#stepSeenAt !== undefined && Math.abs(offset - this.#stepOffset) <= this.maxClockSkewMs;
    if (!isSameStep) this.#stepSeenAt = now;
    this.#stepOffset = offset;
    if (now - (this.#stepSeenAt ?? now) < STEP_HOLD_MS) return;
    this.#offset = offset;
    this.#stepSeenAt = undefined;
  }
}
