/**
 * Sliding window log: in no stretch of `intervalMs`, wherever it begins, do more than `limit` calls pass. Exact, at the
 * price of eight bytes per call of the limit: a ring of the times of the last `limit` calls, of which the oldest must
 * have left the window before another may enter.
 */
export class SlidingWindowLog {
  readonly #intervalMs: number;
  readonly #times: Float64Array;
  /** The oldest entry, which the next call overwrites. */
  #oldest = 0;

  constructor(limit: number, intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#times = new Float64Array(limit).fill(-Infinity);
  }

  tryTake(n: number, now: number): boolean {
    const size = this.#times.length;
    if (n > size) return false;
    // All n entries to be overwritten are gone if the youngest of them is.
    if (now - this.#timeAt(n - 1) < this.#intervalMs) return false;
    for (let taken = 0; taken < n; taken++) {
      this.#times[this.#oldest] = now;
      this.#oldest = (this.#oldest + 1) % size;
    }
    return true;
  }

  retryAfterMs(now: number): number {
    return Math.max(0, this.#timeAt(0) + this.#intervalMs - now);
  }

  #timeAt(offset: number): number {
    return this.#times[(this.#oldest + offset) % this.#times.length] ?? -Infinity;
  }
}
