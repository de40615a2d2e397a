/**
 * The fallback: remembers what was read and written, and is asked only when no owner can answer. Its answers are marked
 * stale, and are at most `maxStaleMs` old.
 *
 * It outlives the value's own time to live on purpose, but never a write of this process (R2): issuing one drops the
 * entry at once, acknowledged or not, and no fill that began before it is taken.
 */

import type { Clock } from '../base/clock.js';
import { BoundedStore, type StoreBounds } from './bounded-store.js';
import type { Generations } from './generations.js';

export interface FallbackOptions extends StoreBounds {
  /** @default 10,000; more costs memory, less forgets keys that an outage will ask for. */
  readonly maxEntries: number;
  /** @default 67,108,864 */
  readonly maxBytes: number;
  /** Oldest answer given. @default 60,000 */
  readonly maxStaleMs: number;
}

export const FALLBACK_DEFAULTS: FallbackOptions = {
  maxEntries: 10_000,
  maxBytes: 64 * 1_024 * 1_024,
  maxStaleMs: 60_000,
};

export interface StaleItem<T> {
  readonly item: T;
  /** Since the value was asked of a node, or confirmed by one. */
  readonly ageMs: number;
}

export class Fallback<T> {
  readonly #store: BoundedStore<T>;
  readonly #generations: Generations;
  readonly #clock: Clock;
  readonly #maxStaleMs: number;

  constructor(options: FallbackOptions, generations: Generations, clock: Clock) {
    this.#store = new BoundedStore(options);
    this.#generations = generations;
    this.#clock = clock;
    this.#maxStaleMs = options.maxStaleMs;
  }

  get entries(): number {
    return this.#store.entries;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  /** The last value known, for when no owner can answer. */
  get(key: string, now: number = this.#clock.now()): StaleItem<T> | undefined {
    const entry = this.#store.get(key, now);
    return entry && { item: entry.item, ageMs: now - entry.storedAt };
  }

  /** Takes a value whose flight began at generation `snapshot`, unless a write was issued since. See `NearCache.fill`. */
  fill(
    key: string,
    keyHash: number,
    snapshot: number,
    item: T,
    itemBytes: number,
    now: number = this.#clock.now(),
  ): void {
    if (!this.#generations.isCurrent(keyHash, snapshot)) return;
    this.#store.set(key, item, itemBytes, now, now + this.#maxStaleMs);
  }

  delete(key: string): void {
    this.#store.delete(key);
  }

  /** As `delete`, for a key that is about to be filled again: its place is kept, at a fifth of the cost. */
  drop(key: string): void {
    this.#store.drop(key);
  }

  clear(): void {
    this.#store.clear();
  }
}
