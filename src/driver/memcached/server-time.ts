/**
 * Expiry as memcached takes it: whole seconds, relative up to 30 days, beyond that a date by the server's own clock. The
 * clock is read once, at connect, and carried on by our monotonic one: a jump of either calendar moves no expiry.
 */

import type { Clock } from '../../base/clock.js';
import { NO_EXPIRY, type TtlMs } from '../driver.js';

/** Relative expiry ends here; a larger number is read as seconds since 1970. */
const MAX_RELATIVE_SECONDS = 30 * 24 * 60 * 60;

/** The server keeps a date in 32 bits: one more reads as "long ago", and 2^32 as "never". */
const LAST_SECOND = 2 ** 31 - 1;

export class ServerTime {
  readonly #clock: Clock;
  #seconds: number;
  #readAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#readAt = clock.now();
    this.#seconds = clock.wall() / 1000;
  }

  /** Takes the server's own time, in seconds since 1970, in place of ours. */
  learn(seconds: number): void {
    this.#seconds = seconds;
    this.#readAt = this.#clock.now();
  }

  /** What to send for a time to live: rounded up, so that a positive one never becomes 0, which means "never". */
  expiry(ttlMs: TtlMs): number {
    if (ttlMs === NO_EXPIRY) return 0;
    const seconds = Math.max(1, Math.ceil(ttlMs / 1000));
    if (seconds <= MAX_RELATIVE_SECONDS) return seconds;
    const now = Math.ceil(this.#seconds + (this.#clock.now() - this.#readAt) / 1000);
    return Math.min(now + seconds, LAST_SECOND);
  }
}

/** Longest time to live from now. */
export function maxTtlMs(clock: Clock): TtlMs {
  return LAST_SECOND * 1000 - clock.wall();
}

/** Whether `expiry` can tell it: NaN and negative numbers would become "never" or "long ago". */
export function isTtl(ttlMs: TtlMs): boolean {
  return ttlMs >= 0 && ttlMs < Number.POSITIVE_INFINITY;
}
