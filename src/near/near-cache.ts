/**
 * The near cache: answers in front of the nodes, for values read or written moments ago. Off unless asked for.
 *
 * An entry is served for at most `ttlMs`, and never longer than the value itself has to live. That is also how long a
 * write by another process may stay unseen here; a write by this process is seen at once (R2): it drops the entry, and no
 * fill that began before it is taken.
 *
 * What is stored is the caller's choice of `T`: immutable kept forms, so that every hit is a value of its own, or with
 * `share` the values themselves, so that a hit costs no parsing and callers must not change what they get.
 */

import type { Clock } from '../base/clock.js';
import { BoundedStore, type StoreBounds } from './bounded-store.js';
import type { Generations } from './generations.js';

export interface NearCacheOptions extends StoreBounds {
  /** How long an entry is served, and so how long another process's write may go unseen. */
  readonly ttlMs: number;
}

export class NearCache<T> {
  readonly #store: BoundedStore<T>;
  readonly #generations: Generations;
  readonly #clock: Clock;
  readonly #ttlMs: number;

  constructor(options: NearCacheOptions, generations: Generations, clock: Clock) {
    this.#store = new BoundedStore(options);
    this.#generations = generations;
    this.#clock = clock;
    this.#ttlMs = options.ttlMs;
  }

  get entries(): number {
    return this.#store.entries;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get(key: string, now: number = this.#clock.now()): T | undefined {
    return this.#store.get(key, now)?.item;
  }

  /**
   * Takes a value whose flight began at generation `snapshot`, unless a write was issued since. `itemBytes` is what it
   * occupies; `lifeMs` is what the value has left to live, Infinity if unknown or for ever; `now` is when it was asked
   * for, since it may have changed from then on.
   */
  fill(
    key: string,
    keyHash: number,
    snapshot: number,
    item: T,
    itemBytes: number,
    lifeMs: number,
    now: number = this.#clock.now(),
  ): void {
    if (!this.#generations.isCurrent(keyHash, snapshot) || !(lifeMs > 0)) return;
    this.#store.set(key, item, itemBytes, now, now + Math.min(this.#ttlMs, lifeMs));
  }

  delete(key: string): void {
    this.#store.delete(key);
  }

  clear(): void {
    this.#store.clear();
  }
}
