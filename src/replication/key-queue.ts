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
   * Runs `work` once all earlier calls of the key have ended theirs; not at all if that takes until `deadline`, and then
   * answers `undefined`.
   */
  async inTurn<T>(key: string, deadline: number, work: (place: Place) => Promise<T>): Promise<T | undefined> {
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), places: new Set() };
    this.#lines.set(key, line);
    const before = line.last;
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    // Whoever gives up keeps the order of those before and behind it.
    line.last = before.then(() => left);
    const place: Place = { isOvertaken: false };
    line.places.add(place);
    try {
      return (await this.#comes(before, deadline)) ? await work(place) : undefined;
    } finally {
      leave();
      line.places.delete(place);
      if (line.places.size === 0) this.#lines.delete(key);
    }
  }

  #comes(turn: Promise<void>, deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const leftMs = Math.max(0, deadline - this.#clock.now());
      const timer = this.#clock.setTimer(() => resolve(false), leftMs, true);
      void turn.then(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }
}
