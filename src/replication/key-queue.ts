/**
 * Puts calls that must wait before they can be sent into the order in which they were made, key by key; and tells each
 * whether the key was written past it meanwhile, by a call that need not wait.
 */

import type { Clock } from '../base/clock.js';

/** A call in the queue. */
export interface Place {
  /** A set or delete of the key was issued since the call was made, and has gone ahead of it. */
  isOvertaken: boolean;
}

interface Line {
  last: Promise<void>;
  readonly places: Set<Place>;
}

export class KeyQueue {
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** Whether calls of the key wait. */
  has(key: string): boolean {
    return this.#lines.has(key);
  }

  /** A set or delete of the key is issued. */
  overtake(key: string): void {
    for (const place of this.#lines.get(key)?.places ?? []) place.isOvertaken = true;
  }

  /**
   * Runs `work` once all earlier calls of the key have ended theirs, and answers what it answers; `undefined` at `deadline` if
   * it has not ended by then. A work that has begun goes on, and those behind it wait for its end: it must not take effect
   * after the deadline.
   */
  inTurn<T>(key: string, deadline: number, work: (place: Place) => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const leftMs = Math.max(0, deadline - this.#clock.now());
      const timer = this.#clock.setTimer(() => resolve(undefined), leftMs, true);
      this.#enter(key, deadline, work)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  async #enter<T>(key: string, deadline: number, work: (place: Place) => Promise<T>): Promise<T | undefined> {
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), places: new Set() };
    this.#lines.set(key, line);
    const before = line.last;
    let leave = (): void => undefined;
    line.last = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const place: Place = { isOvertaken: false };
    line.places.add(place);
    try {
      await before;
      return this.#clock.now() < deadline ? await work(place) : undefined;
    } finally {
      leave();
      line.places.delete(place);
      if (line.places.size === 0) this.#lines.delete(key);
    }
  }
}
