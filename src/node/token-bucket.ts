/**
 * Token bucket: tokens drip in at `limit` per `intervalMs` up to `burst`, each call takes one. Even in the long run,
 * with bursts of at most `burst`. Constant memory.
 */
/** What sums of fractions may lack of a whole token. */
const ROUNDING = 1e-9;

export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  constructor(limit: number, intervalMs: number, burst: number, now: number) {
    this.#perMs = limit / intervalMs;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAt = now;
  }

  tryTake(n: number, now: number): boolean {
    this.#fill(now);
    if (this.#tokens < n - ROUNDING) return false;
    this.#tokens -= n;
    return true;
  }

  retryAfterMs(now: number): number {
    this.#fill(now);
    return this.#tokens >= 1 - ROUNDING ? 0 : (1 - this.#tokens) / this.#perMs;
  }

  /** Tokens are fractions, so asking often loses nothing. */
  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}
