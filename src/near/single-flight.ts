/**
 * One flight per key: whoever asks while a flight is under way joins it and gets its outcome, value or error.
 *
 * - A flight that began before a write was issued is joined by nobody after it (R2); those aboard still get its outcome,
 *   since they asked before the write.
 * - A flight leaves the table before its outcome reaches anyone, so a caller that meets an error and asks again starts
 *   a new one.
 * - A waiter leaves by its own signal or deadline without touching the flight; the flight has a limit of its own, after
 *   which all aboard get a timeout and the next caller starts anew.
 * - The flight runs in the async context of whoever started it.
 */

import { onAbort } from '../base/abort.js';
import type { Clock, Timer } from '../base/clock.js';
import { CacheError, TimeoutError } from '../errors.js';
import type { Generations } from './generations.js';

export interface JoinOptions {
  /** Lets this waiter leave. */
  readonly signal?: AbortSignal | undefined;
  /** How long this waiter waits. @default as long as the flight takes */
  readonly timeoutMs?: number | undefined;
  /** How long a flight started by this call may take. @default for ever */
  readonly flightMs?: number | undefined;
}

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
  readonly #clock: Clock;

  constructor(generations: Generations, clock: Clock) {
    this.#generations = generations;
    this.#clock = clock;
  }

  /** Flights under way that can still be joined. */
  get size(): number {
    return this.#flights.size;
  }

  /** Joins the flight of `key`, or starts one with `begin`. */
  join(key: string, keyHash: number, begin: Begin<T>, options: JoinOptions = {}): Promise<T> {
    const { signal, timeoutMs } = options;
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const running = this.#flights.get(key);
    const isOpen = running !== undefined && this.#generations.isCurrent(keyHash, running.snapshot);
    const { outcome } = isOpen ? running : this.#start(key, keyHash, begin, options.flightMs);
    if (signal === undefined && timeoutMs === undefined) return outcome;
    return this.#waitFor(outcome, signal, timeoutMs);
  }

  #start(key: string, keyHash: number, begin: Begin<T>, flightMs: number | undefined): Flight<T> {
    const flight = new Flight<T>(this.#generations.snapshot(keyHash));
    // In the table before it begins: a `begin` that asks for its own key joins itself and meets its limit, instead of
    // starting flights without end.
    this.#flights.set(key, flight);
    const land = (): void => {
      limit?.cancel();
      // After a write a newer flight may have taken the place.
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    const limit = this.#timer(flightMs, () => {
      land();
      flight.reject(tookLonger('the flight', flightMs ?? 0));
    });
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

  /** The outcome for one waiter, who may leave before. Attaches to the outcome either way, so that none goes unhandled. */
  #waitFor(outcome: Promise<T>, signal: AbortSignal | undefined, timeoutMs: number | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#timer(timeoutMs, () => {
        leave();
        reject(tookLonger('waiting for the flight', timeoutMs ?? 0));
      });
      const stopListening =
        signal &&
        onAbort(signal, () => {
          leave();
          reject(aborted(signal));
        });
      const leave = (): void => {
        timer?.cancel();
        stopListening?.();
      };
      outcome.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  }

  #timer(ms: number | undefined, task: () => void): Timer | undefined {
    return ms === undefined ? undefined : this.#clock.setTimer(task, ms);
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

function tookLonger(what: string, ms: number): TimeoutError {
  return new TimeoutError(`${what} took longer than ${ms} ms`, ms, false);
}

function aborted(signal: AbortSignal): CacheError {
  return new CacheError('ERR_ABORTED', 'the call was aborted', { cause: signal.reason });
}
