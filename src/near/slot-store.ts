/**
 * What the fallback remembers, in slots that are used over and over: bounded by entries and bytes, the least recently
 * stored or asked for leaving first.
 *
 * A write that is remembered costs the copy of its bytes and nothing for the collector: short text goes into a cell that
 * belongs to the slot, longer text into a buffer that stays with it, so memory neither grows nor dies young. (With
 * lru-cache, a string and an entry of its own for each value, remembering was two fifths of a set.)
 * Slots are found by the 32-bit hash of the key; of two keys of one hash the later takes the place of the other, and an
 * answer is given only for the very key. Items must own their memory.
 */

import { randomInt } from 'node:crypto';
import type { StoreBounds } from './bounded-store.js';
import { MAX_CELL_TEXT, TextCells } from './text-cells.js';
import { UseOrder } from './use-order.js';

/** An item, or text; `storedAt` is the monotonic time it was stored under. */
export interface Remembered<T> {
  readonly item: T | undefined;
  readonly text: string | undefined;
  readonly storedAt: number;
}

/** The numbers of a slot, its share of the index, three references and the key's header; measured on Node 20. */
const ENTRY_OVERHEAD_BYTES = 88;
/** What a Buffer takes beside its bytes; measured on Node 20. */
const BUFFER_OVERHEAD_BYTES = 176;
/** Buffers grow in steps, so that values that differ a little in length share one. */
const STEP_BYTES = 256;
const MOST_OVERHEAD_BYTES = ENTRY_OVERHEAD_BYTES + BUFFER_OVERHEAD_BYTES + STEP_BYTES;
const MOST_ENTRIES = 2 ** 24;
/** Slot 0 is none: it ends every chain. */
const NONE = 0;
const GONE = Number.NEGATIVE_INFINITY;

export class SlotStore<T> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  /** Odd, and nobody else's: keys that were chosen for their hashes fall into buckets that nobody can choose. */
  readonly #factor = (randomInt(2 ** 31) << 1) | 1;
  readonly #shift: number;
  /** The first slot of each bucket, and of each slot the next one of its bucket. */
  readonly #heads: Int32Array;
  readonly #chain: Int32Array;
  readonly #hashes: Int32Array;
  readonly #order: UseOrder;
  readonly #storedAt: Float64Array;
  readonly #sizes: Int32Array;
  readonly #lengths: Int32Array;
  #keys: string[] = [''];
  #items: (T | undefined)[] = [undefined];
  /** Of text too long for a cell. */
  #buffers: (Buffer | undefined)[] = [undefined];
  readonly #cells: TextCells;
  /** Slots given back, linked by `#chain`. */
  #free = NONE;
  #entries = 0;
  /** Of the entries, without the cells. */
  #entryBytes = 0;

  constructor({ maxEntries, maxBytes }: StoreBounds) {
    const room = Math.max(1, Math.min(maxEntries, Math.ceil(maxBytes / ENTRY_OVERHEAD_BYTES), MOST_ENTRIES));
    this.#maxEntries = room;
    this.#maxBytes = maxBytes;
    this.#cells = new TextCells(maxBytes);
    const bits = Math.ceil(Math.log2(room + 1));
    this.#shift = 32 - bits;
    this.#heads = new Int32Array(2 ** bits);
    this.#chain = new Int32Array(room + 1);
    this.#hashes = new Int32Array(room + 1);
    this.#order = new UseOrder(room);
    this.#storedAt = new Float64Array(room + 1);
    this.#sizes = new Int32Array(room + 1);
    this.#lengths = new Int32Array(room + 1);
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#entryBytes + this.#cells.bytes;
  }

  /** Stores an item of `itemBytes`. What is above all bounds is not stored, and neither is what was there. */
  setItem(key: string, hash: number, item: T, itemBytes: number, storedAt: number): void {
    if (!this.#fits(key, itemBytes)) {
      this.delete(hash);
      return;
    }
    const slot = this.#slotFor(hash);
    this.#items[slot] = item;
    this.#buffers[slot] = undefined;
    this.#seal(slot, key, itemBytes, storedAt);
  }

  /** Stores a copy of `text`, all of whose characters are below 256. */
  setText(key: string, hash: number, text: string, storedAt: number): void {
    const { length } = text;
    if (!this.#fits(key, length)) {
      this.delete(hash);
      return;
    }
    const slot = this.#slotFor(hash);
    this.#items[slot] = undefined;
    this.#lengths[slot] = length;
    if (length <= MAX_CELL_TEXT) {
      this.#cells.write(slot, text);
      this.#buffers[slot] = undefined;
      this.#seal(slot, key, 0, storedAt);
      return;
    }
    let buffer = this.#buffers[slot];
    if (buffer === undefined || buffer.length < length || buffer.length > 2 * length) {
      buffer = Buffer.allocUnsafeSlow(Math.ceil(length / STEP_BYTES) * STEP_BYTES);
      this.#buffers[slot] = buffer;
    }
    buffer.latin1Write(text, 0);
    this.#seal(slot, key, buffer.length + BUFFER_OVERHEAD_BYTES, storedAt);
  }

  get(key: string, hash: number): Remembered<T> | undefined {
    const slot = this.#find(hash | 0);
    if (slot === NONE || this.#keys[slot] !== key) return undefined;
    const storedAt = this.#storedAt[slot] as number;
    if (storedAt === GONE) {
      this.#release(slot);
      return undefined;
    }
    this.#order.makeNewest(slot);
    const item = this.#items[slot];
    return { item, text: item === undefined ? this.#textOf(slot) : undefined, storedAt };
  }

  /** Empties the entry, and keeps its place and its memory, counted as before, for the value to come. */
  drop(hash: number): void {
    const slot = this.#find(hash | 0);
    if (slot !== NONE) this.#storedAt[slot] = GONE;
  }

  delete(hash: number): void {
    const slot = this.#find(hash | 0);
    if (slot !== NONE) this.#release(slot);
  }

  clear(): void {
    while (this.#entries > 0) this.#release(this.#order.oldest);
    this.#keys = [''];
    this.#items = [undefined];
    this.#buffers = [undefined];
    this.#cells.clear();
    this.#free = NONE;
  }

  /** What does not must not push everything else out. */
  #fits(key: string, contentBytes: number): boolean {
    return key.length + contentBytes + MOST_OVERHEAD_BYTES <= this.#maxBytes;
  }

  #textOf(slot: number): string | undefined {
    const length = this.#lengths[slot] as number;
    return this.#buffers[slot]?.latin1Slice(0, length) ?? this.#cells.read(slot, length);
  }

  #bucketOf(hash: number): number {
    return Math.imul(hash, this.#factor) >>> this.#shift;
  }

  #find(hash: number): number {
    let slot = this.#heads[this.#bucketOf(hash)] as number;
    while (slot !== NONE && this.#hashes[slot] !== hash) slot = this.#chain[slot] as number;
    return slot;
  }

  /** The slot of the hash as the newest one; a new one holds nothing. */
  #slotFor(hash: number): number {
    let slot = this.#find(hash | 0);
    if (slot !== NONE) {
      this.#order.makeNewest(slot);
      return slot;
    }
    slot = this.#emptySlot();
    this.#sizes[slot] = 0;
    this.#hashes[slot] = hash | 0;
    const bucket = this.#bucketOf(hash);
    this.#chain[slot] = this.#heads[bucket] as number;
    this.#heads[bucket] = slot;
    this.#order.add(slot);
    return slot;
  }

  /** One that was given back, or a new one, or that of the oldest entry, which leaves its memory behind. */
  #emptySlot(): number {
    if (this.#entries === this.#maxEntries) {
      const oldest = this.#order.oldest;
      this.#remove(oldest);
      return oldest;
    }
    let slot = this.#free;
    if (slot === NONE) slot = this.#keys.push('') - 1;
    else this.#free = this.#chain[slot] as number;
    this.#entries++;
    this.#cells.use(slot);
    return slot;
  }

  #seal(slot: number, key: string, contentBytes: number, storedAt: number): void {
    // A key beyond Latin-1 takes two bytes a character; telling would cost more than the few bytes are worth.
    const size = ENTRY_OVERHEAD_BYTES + key.length + contentBytes;
    this.#keys[slot] = key;
    this.#storedAt[slot] = storedAt;
    this.#entryBytes += size - (this.#sizes[slot] as number);
    this.#sizes[slot] = size;
    // The oldest leave first.
    while (this.bytes > this.#maxBytes) this.#release(this.#order.oldest);
  }

  #release(slot: number): void {
    this.#remove(slot);
    this.#entries--;
    this.#keys[slot] = '';
    this.#items[slot] = undefined;
    this.#buffers[slot] = undefined;
    this.#cells.free(slot);
    this.#chain[slot] = this.#free;
    this.#free = slot;
  }

  /** Nobody finds the entry any more, and it counts no more. */
  #remove(slot: number): void {
    const bucket = this.#bucketOf(this.#hashes[slot] as number);
    if (this.#heads[bucket] === slot) this.#heads[bucket] = this.#chain[slot] as number;
    else {
      let before = this.#heads[bucket] as number;
      while (this.#chain[before] !== slot) before = this.#chain[before] as number;
      this.#chain[before] = this.#chain[slot] as number;
    }
    this.#order.remove(slot);
    this.#entryBytes -= this.#sizes[slot] as number;
  }
}
