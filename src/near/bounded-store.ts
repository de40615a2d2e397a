/**
 * Copies in this process, bounded by entries and bytes, the least recently used leaving first; shared by near cache and
 * fallback.
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

export interface StoredItem<T> {
  readonly item: T;
  /** Monotonic milliseconds, as are all times here. */
  readonly storedAt: number;
  readonly until: number;
}

interface SizedItem<T> extends StoredItem<T> {
  readonly bytes: number;
}

export class BoundedStore<T> {
  readonly #entries: LRUCache<string, SizedItem<T>>;

  constructor({ maxEntries, maxBytes }: StoreBounds) {
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxBytes, sizeCalculation: (entry) => entry.bytes });
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
    const bytes = ENTRY_OVERHEAD_BYTES + key.length + itemBytes;
    if (item instanceof Uint8Array) {
      this.#entries.set(key, { item: ownCopy(item), storedAt, until, bytes: bytes + BUFFER_OVERHEAD_BYTES });
    } else {
      this.#entries.set(key, { item, storedAt, until, bytes });
    }
  }

  /** The entry, if it is there and `now` is before its end. */
  get(key: string, now: number): StoredItem<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || now < entry.until) return entry;
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
