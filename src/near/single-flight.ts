/**
 * One flight per key: whoever asks while a flight is under way joins it and gets its outcome, value or error.
 *
 * - A flight that began before a write was issued is joined by nobody after it (R2); those aboard still get its outcome,
 *   since they asked before the write.
 * - A flight leaves the table before its outcome reaches anyone, so a caller that meets an error and asks again starts
 *   a new one.
 * - How long a flight may take, and how long anyone waits for it, is the business of those who begin it and wait.
 * - The flight runs in the async context of whoever started it.
 */

import type { Generations } from './generations.js';

/** Does the work of a flight that began at generation `snapshot`; what it stores it stores under that. */
export type Begin<T> = (snapshot: number) => Promise<T>;

class Flight<T> {
  readonly snapshot: number;
  readonly outcome: Promise<T>;
  resolve: (value: T) => void = unset;
  reject: (error: unknown) => void = unset;

  constructor(snapshot: number) {
    this.snapshot = snapshot;
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #generations: Generations;

  constructor(generations: Generations) {
    this.#generations = generations;
  }

  /** Flights under way that can still be joined. */
  get size(): number {
    return this.#flights.size;
  }

  /** Joins the flight of `key`, or starts one with `begin`. */
  join(key: string, keyHash: number, begin: Begin<T>): Promise<T> {
    const running = this.#flights.get(key);
    const isOpen = running !== undefined && this.#generations.isCurrent(keyHash, running.snapshot);
    return (isOpen ? running : this.#start(key, keyHash, begin)).outcome;
  }

  #start(key: string, keyHash: number, begin: Begin<T>): Flight<T> {
    const flight = new Flight<T>(this.#generations.snapshot(keyHash));
    // In the table before it begins: a `begin` that asks for its own key joins itself, instead of starting flights
    // without end.
    this.#flights.set(key, flight);
    const land = (): void => {
      // After a write a newer flight may have taken the place.
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    called(begin, flight.snapshot).then(
      (value) => {
        land();
        flight.resolve(value);
      },
      (error: unknown) => {
        land();
        flight.reject(error);
      },
    );
    return flight;
  }
}

function called<T>(begin: Begin<T>, snapshot: number): Promise<T> {
  try {
    return begin(snapshot);
  } catch (error) {
    return Promise.reject(error);
  }
}

function unset(): void {}
