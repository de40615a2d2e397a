/**
 * How long this process could not run its own event loop, as a sum that only grows: what a call's latency owes to the
 * loop, to garbage collection or to a machine that ran something else, and not to a node.
 */

const TICK_MS = 2;
/** Timers come up to a millisecond late by themselves. */
const SLACK_MS = 1;

export class LoopDelay {
  #sum = 0;
  #lastAt = performance.now();
  #timer;

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#sum += this.#overdue(now);
      this.#lastAt = now;
    }, TICK_MS);
  }

  /** Milliseconds lost until `now`; the difference of two is what was lost between them. */
  until(now) {
    return this.#sum + this.#overdue(now);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #overdue(now) {
    return Math.max(0, now - this.#lastAt - TICK_MS - SLACK_MS);
  }
}
