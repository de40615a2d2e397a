/**
 * How long the primary has to be well before it leads again. The time doubles with every return that did not last as long
 * as the delay, at most 64-fold: one that answers and does not serve must not be gone back to again and again.
 */

const MAX_RELAPSES = 6;

export class FailbackDelay {
  readonly #delayMs: number;
  #leftAt = 0;
  #returnedAt: number | undefined;
  #relapses = 0;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Another node leads from now on. */
  left(now: number): void {
    const isRelapse = this.#returnedAt !== undefined && now - this.#returnedAt < this.#delayMs;
    this.#relapses = isRelapse ? Math.min(this.#relapses + 1, MAX_RELAPSES) : 0;
    this.#leftAt = now;
  }

  /** The primary leads again. */
  returned(now: number): void {
    this.#returnedAt = now;
  }

  /** Whether the primary, fit by all that can be seen since `fitSince`, may return. Before it left it was not well, fit or not. */
  isOver(fitSince: number, now: number): boolean {
    return now - Math.max(fitSince, this.#leftAt) >= this.#delayMs * 2 ** this.#relapses;
  }
}
