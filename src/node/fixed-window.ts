/**
 * Fixed window: `limit` calls in each stretch of `intervalMs`, counted from when it was made. The cheapest, and at the
 * seam of two windows up to twice the limit may pass within one `intervalMs`.
 */
export class FixedWindow {
  readonly #limit: number;
  readonly #intervalMs: number;
  #windowEnd: number;
  #taken = 0;

  constructor(limit: number, intervalMs: number, now: number) {
    this.#limit = limit;
    this.#intervalMs = intervalMs;
    this.#windowEnd = now + intervalMs;
  }

  tryTake(n: number, now: number): boolean {
    this.#roll(now);
    if (this.#taken + n > this.#limit) return false;
    this.#taken += n;
    return true;
  }

  retryAfterMs(now: number): number {
    this.#roll(now);
    return this.#taken < this.#limit ? 0 : this.#windowEnd - now;
  }

  /** However many windows passed unused, one step reaches the present one. */
  #roll(now: number): void {
    if (now < this.#windowEnd) return;
    this.#windowEnd += (Math.floor((now - this.#windowEnd) / this.#intervalMs) + 1) * this.#intervalMs;
    this.#taken = 0;
  }
}
