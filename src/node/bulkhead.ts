/**
 * A bulkhead to use alone: at most so many calls in flight, at most so many waiting, none waiting for longer than it may.
 *
 * - A freed slot goes to the longest waiting call in the same synchronous step: the count of slots in use does not dip,
 *   so no newcomer can overtake a call that was accepted into the queue.
 * - The call itself starts a microtask later, in its own async context, with its slot already taken.
 * - Waiting calls are a doubly linked list, so that one which gives up leaves at once, and memory is bounded by `maxQueued`.
 * - One timer for all of the queue: ages are swept, at most eight times per `maxQueueAgeMs`. A call that is too old but
 *   not yet swept is not started either.
 *
 * The bulkhead inside a cache node is another one, whose slots follow the wire and not the call.
 */

import type { Clock, Timer } from '../base/clock.js';
import { CacheError } from '../errors.js';
import { clockOf, type GuardContext } from './guard-context.js';
import { type BulkheadFill, BulkheadFullError } from './guard-errors.js';
import { durationOrInfinity, integer, resolveOptions } from './option-rules.js';

export interface BulkheadOptions {
  /** Calls running at once. @default 64 */
  readonly maxInFlight?: number | undefined;
  /** Calls waiting at most; 0 refuses at once. @default 1_024 */
  readonly maxQueued?: number | undefined;
  /** A call that waited for so long is refused, give or take an eighth. @default Infinity */
  readonly maxQueueAgeMs?: number | undefined;
}

export interface BulkheadStats extends BulkheadFill {
  readonly started: number;
  readonly refused: number;
}

const DEFAULTS = { maxInFlight: 64, maxQueued: 1_024, maxQueueAgeMs: Infinity };
const RULES = { maxInFlight: integer(1), maxQueued: integer(0), maxQueueAgeMs: durationOrInfinity(1) };
const SWEEPS_PER_AGE = 8;

interface Waiter {
  readonly since: number;
  readonly grant: () => void;
  readonly refuse: (error: CacheError) => void;
  before: Waiter | undefined;
  after: Waiter | undefined;
}

export class Bulkhead {
  readonly name: string | undefined;
  readonly #settings: Readonly<typeof DEFAULTS>;
  readonly #clock: Clock;
  #inFlight = 0;
  #queued = 0;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #sweep: Timer | undefined;
  #isClosed = false;
  #started = 0;
  #refused = 0;

  /** @throws OptionError */
  constructor(options: BulkheadOptions = {}, context: GuardContext = {}) {
    this.#settings = resolveOptions('bulkhead', options, DEFAULTS, RULES);
    this.name = context.name;
    this.#clock = clockOf(context);
  }

  /**
   * Runs `fn` once a slot is free and settles as it does. Rejects without running it: `BulkheadFullError`,
   * `ERR_ABORTED` if `signal` fires while it waits, `ERR_CLOSED`. The slot is held until `fn` settles, signal or not.
   */
  async run<T>(fn: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) throw this.#aborted(signal);
    if (this.#isClosed) throw this.#closed();
    // Nobody waits while a slot is free, so whoever finds one free is next.
    if (this.#inFlight < this.#settings.maxInFlight) this.#inFlight++;
    else await this.#wait(signal);
    try {
      if (signal?.aborted) throw this.#aborted(signal); // between the grant and this microtask
      this.#started++;
      return await fn();
    } finally {
      this.#release();
    }
  }

  /** Refuses what waits and what comes; what runs, runs on. */
  close(): void {
    this.#isClosed = true;
    this.#sweep?.cancel();
    this.#sweep = undefined;
    for (let waiter = this.#shift(); waiter !== undefined; waiter = this.#shift()) waiter.refuse(this.#closed());
  }

  stats(): BulkheadStats {
    return { ...this.#fill(), started: this.#started, refused: this.#refused };
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#queued >= this.#settings.maxQueued) throw this.#full('full');
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#remove(waiter);
        reject(this.#aborted(signal));
      };
      const waiter: Waiter = {
        since: this.#clock.now(),
        grant: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
        before: undefined,
        after: undefined,
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#push(waiter);
      this.#sweepLater(this.#settings.maxQueueAgeMs);
    });
  }

  /** Synchronous: the slot passes to the next call before anybody else can look at the count. */
  #release(): void {
    if (this.#first !== undefined) this.#refuseAged();
    const next = this.#shift();
    if (next === undefined) this.#inFlight--;
    else next.grant();
  }

  #refuseAged(): void {
    const oldestAllowed = this.#clock.now() - this.#settings.maxQueueAgeMs;
    while (this.#first !== undefined && this.#first.since <= oldestAllowed) {
      const error = this.#full('age'); // says how full it was with this call still in it
      this.#shift()?.refuse(error);
    }
  }

  #sweepLater(ms: number): void {
    if (this.#sweep !== undefined || ms === Infinity) return;
    this.#sweep = this.#clock.setTimer(
      () => {
        this.#sweep = undefined;
        this.#refuseAged();
        if (this.#first === undefined) return;
        const { maxQueueAgeMs } = this.#settings;
        const dueMs = this.#first.since + maxQueueAgeMs - this.#clock.now();
        this.#sweepLater(Math.max(dueMs, maxQueueAgeMs / SWEEPS_PER_AGE));
      },
      ms,
      true,
    );
  }

  #push(waiter: Waiter): void {
    waiter.before = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.after = waiter;
    this.#last = waiter;
    this.#queued++;
  }

  #shift(): Waiter | undefined {
    const first = this.#first;
    if (first !== undefined) this.#remove(first);
    return first;
  }

  #remove(waiter: Waiter): void {
    if (waiter.before === undefined) this.#first = waiter.after;
    else waiter.before.after = waiter.after;
    if (waiter.after === undefined) this.#last = waiter.before;
    else waiter.after.before = waiter.before;
    waiter.before = waiter.after = undefined;
    this.#queued--;
    if (this.#queued > 0) return;
    // It keeps the process, on behalf of those who wait.
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  #fill(): BulkheadFill {
    return {
      inFlight: this.#inFlight,
      maxInFlight: this.#settings.maxInFlight,
      queued: this.#queued,
      maxQueued: this.#settings.maxQueued,
      oldestWaitMs: this.#first === undefined ? 0 : this.#clock.now() - this.#first.since,
    };
  }

  #full(reason: 'full' | 'age'): BulkheadFullError {
    this.#refused++;
    return new BulkheadFullError(reason, this.#fill(), { node: this.name });
  }

  #aborted(signal: AbortSignal | undefined): CacheError {
    const context = { node: this.name, cause: signal?.reason };
    return new CacheError('ERR_ABORTED', 'the call was aborted while it waited for the bulkhead', context);
  }

  #closed(): CacheError {
    return new CacheError('ERR_CLOSED', 'the bulkhead is closed', { node: this.name });
  }
}

/** A bulkhead to use alone: `bulkhead({ maxInFlight: 10 }).run(fn)`. */
export function bulkhead(options: BulkheadOptions = {}, context: GuardContext = {}): Bulkhead {
  return new Bulkhead(options, context);
}
