/**
 * A clock that stands still until told otherwise, for tests that own time.
 *
 * Due timers run in the order of their times, and in the order set where times are equal. Between two of them every
 * microtask, every `setSoon` and whatever they lead to has run, as if the process had been idle in between.
 */

import type { Clock, Timer } from '../base/clock.js';

export interface FakeClockOptions {
  /** The calendar at the start, in milliseconds since 1970. @default 2025-01-01T00:00:00Z */
  readonly wall?: number;
}

interface FakeTimer extends Timer {
  readonly at: number;
  readonly task: () => void;
}

const DEFAULT_WALL = Date.UTC(2025, 0, 1);

export class FakeClock implements Clock {
  #now = 0;
  #wallAtZero: number;
  /** By time, later ones first, so that the next due is popped. */
  readonly #timers: FakeTimer[] = [];
  #soon: (() => void)[] = [];

  constructor({ wall = DEFAULT_WALL }: FakeClockOptions = {}) {
    this.#wallAtZero = wall;
  }

  /** Timers set and neither run nor cancelled: a closed cache leaves 0. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  // The methods of a clock are bound, since code may take them off the object.

  readonly now = (): number => this.#now;

  readonly wall = (): number => this.#wallAtZero + this.#now;

  readonly setTimer = (task: () => void, ms: number): Timer => {
    // A delay that is no number or negative runs at once, as Node's timers do.
    const timer: FakeTimer = { at: this.#now + Math.max(ms || 0, 0), task, cancel: () => this.#cancel(timer) };
    this.#timers.splice(this.#placeFor(timer.at), 0, timer);
    return timer;
  };

  readonly setSoon = (task: () => void): void => {
    this.#soon.push(task);
  };

  /** Lets `ms` pass; resolves once everything due by then has run. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.drain();
    for (let next = this.#timers.at(-1); next !== undefined && next.at <= end; next = this.#timers.at(-1)) {
      await this.#run(next);
    }
    this.#now = end;
  }

  /**
   * Lets time pass, timer by timer, until `outcome` settles, and answers as it does; rejects if `limitMs` pass first or
   * nothing is left to wait for.
   */
  async until<T>(outcome: Promise<T>, limitMs = 60_000): Promise<T> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    outcome.then(settle, settle);
    const end = this.#now + limitMs;
    await this.drain();
    while (!isSettled) {
      const next = this.#timers.at(-1);
      if (next === undefined) throw new Error(`not settled at ${this.#now} ms, and no timer is left to wait for`);
      if (next.at > end) throw new Error(`not settled within ${limitMs} ms`);
      await this.#run(next);
    }
    return outcome;
  }

  /** The calendar jumps by `ms`, which may be negative; deadlines and ages must not notice. */
  jumpWall(ms: number): void {
    this.#wallAtZero += ms;
  }

  /** Runs microtasks and `setSoon` tasks until there are none, without letting time pass. */
  async drain(): Promise<void> {
    do {
      const soon = this.#soon;
      this.#soon = [];
      for (const task of soon) task();
      // One real turn of the event loop empties the microtask queue however long its chains are.
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#soon.length > 0);
  }

  async #run(timer: FakeTimer): Promise<void> {
    this.#timers.pop();
    this.#now = timer.at;
    timer.task();
    await this.drain();
  }

  #cancel(timer: FakeTimer): void {
    const index = this.#timers.indexOf(timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /** Index of the first timer due at `at` or before: equal times run in the order set. */
  #placeFor(at: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timers[middle]!.at > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
