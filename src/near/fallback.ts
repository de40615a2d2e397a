/**
 * The fallback: remembers what was read and written, and is asked only when no owner can answer. Its answers are marked
 * stale, and are at most `maxStaleMs` old.
 *
 * It outlives the value's own time to live on purpose, but never a write of this process (R2): issuing one drops the
 * entry at once, acknowledged or not, and no fill that began before it is taken.
 */

import type { Clock } from '../base/clock.js';
import type { StoreBounds } from './bounded-store.js';
import type { Generations } from './generations.js';
import { SlotStore } from './slot-store.js';

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

/** Makes an item of text remembered as bytes; `undefined` if it is none. */
export type Revive<T> = (text: string) => T | undefined;

export class Fallback<T> {
  readonly #store: SlotStore<T>;
  readonly #generations: Generations;
  readonly #clock: Clock;
  readonly #maxStaleMs: number;
  readonly #revive: Revive<T>;

  constructor(options: FallbackOptions, generations: Generations, clock: Clock, revive: Revive<T>) {
    this.#store = new SlotStore(options);
    this.#generations = generations;
    this.#clock = clock;
    this.#maxStaleMs = options.maxStaleMs;
    this.#revive = revive;
  }

  get entries(): number {
    return this.#store.entries;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  /** The last value known, for when no owner can answer. */
  get(key: string, keyHash: number, now: number = this.#clock.now()): StaleItem<T> | undefined {
    const found = this.#store.get(key, keyHash);
    if (found === undefined) return undefined;
    const ageMs = now - found.storedAt;
    if (ageMs >= this.#maxStaleMs) {
      this.#store.delete(keyHash);
      return undefined;
    }
    const item = found.text === undefined ? found.item : this.#revive(found.text);
    return item === undefined ? undefined : { item, ageMs };
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
    if (this.#generations.isCurrent(keyHash, snapshot)) this.#store.setItem(key, keyHash, item, itemBytes, now);
  }

  /** As `fill`, of text whose characters are below 256; it costs a third, and nothing is left to collect. */
  fillText(key: string, keyHash: number, snapshot: number, text: string, now: number = this.#clock.now()): void {
    if (this.#generations.isCurrent(keyHash, snapshot)) this.#store.setText(key, keyHash, text, now);
  }

  delete(keyHash: number): void {
    this.#store.delete(keyHash);
  }

  /** As `delete`, for a key that is about to be filled again: its place is kept. */
  drop(keyHash: number): void {
    this.#store.drop(keyHash);
  }

  clear(): void {
    this.#store.clear();
  }
}
