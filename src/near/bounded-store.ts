/**
 * Copies in this process, bounded by entries and bytes, the least recently used leaving first: the near cache's
 * store.
 *
 * Bytes count the key, the item and a fixed overhead per entry, so `maxBytes` is what the store costs and not what it
 * holds. An item must own its memory: text and numbers do, while a view of a receive buffer would pin all of it; a
 * Uint8Array is therefore copied on its way in. Ages are of the monotonic clock and judged when asked: lru-cache's own
 * time to live reads its clock through a timer, and a store that forgets by timers keeps a process awake.
 */

import { LRUCache } from 'lru-cache';

export interface StoreBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Map slot, list links, size slot, the entry and its numbers, headers of key and item; measured on Node 20. */
const ENTRY_OVERHEAD_BYTES = 204;
/** What a Buffer takes beside its bytes: the view, its ArrayBuffer and their allocation; measured on Node 20. */
const BUFFER_OVERHEAD_BYTES = 176;

/** More than this no Map holds. */
const MOST_ENTRIES = 2 ** 24;

export interface StoredItem<T> {
  readonly item: T;
  /** Monotonic milliseconds, as are all times here. */
  readonly storedAt: number;
  readonly until: number;
}

interface Slot<T> {
  item: T;
  storedAt: number;
  until: number;
  readonly bytes: number;
}

export class BoundedStore<T> {
  readonly #entries: LRUCache<string, Slot<T>>;

  constructor({ maxEntries, maxBytes }: StoreBounds) {
    // Room for all entries is taken at once, so it must not be more than what `maxBytes` can hold of them.
    const max = Math.min(maxEntries, Math.ceil(maxBytes / ENTRY_OVERHEAD_BYTES), MOST_ENTRIES);
    this.#entries = new LRUCache({ max, maxSize: maxBytes, sizeCalculation: (entry) => entry.bytes });
  }

  get entries(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** Stores `item`, of `itemBytes`, until the monotonic clock reaches `until`. An item above all bounds is not stored. */
  set(key: string, item: T, itemBytes: number, storedAt: number, until: number): void {
    // A key beyond Latin-1 takes two bytes a character; telling would cost more than the few bytes are worth.
    const isBinary = item instanceof Uint8Array;
    const bytes = ENTRY_OVERHEAD_BYTES + key.length + itemBytes + (isBinary ? BUFFER_OVERHEAD_BYTES : 0);
    const own = isBinary ? ownCopy(item) : item;
    const slot = this.#entries.get(key);
    if (slot?.bytes === bytes) {
      slot.item = own;
      slot.storedAt = storedAt;
      slot.until = until;
    } else this.#entries.set(key, { item: own, storedAt, until, bytes });
  }

  /** The entry, if it is there and `now` is before its end; valid until the next call. */
  get(key: string, now: number): StoredItem<T> | undefined {
    const slot = this.#entries.get(key);
    if (slot === undefined) return undefined;
    if (now < slot.until) return slot;
    this.#entries.delete(key);
    return undefined;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** In memory of exactly its size, never a slice of Node's buffer pool. */
function ownCopy<B extends Uint8Array>(bytes: B): B {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy as Uint8Array as B;
}
