/**
 * What the fallback remembers, in slots that are used over and over: bounded by entries and bytes, the least recently
 * stored or asked for leaving first.
 *
 * A write that is remembered costs the copy of its bytes and nothing for the collector: short text goes into a cell that
 * belongs to the slot, longer text into a buffer that stays with it, so memory neither grows nor dies young. (With
 * lru-cache, a string and an entry of its own for each value, remembering was two fifths of a set.) Slots are found by the 32-bit hash of the key; of two keys of one
 * hash the later takes the place of the other, and an answer is given only for the very key. Items must own their memory.
 */

import type { StoreBounds } from './bounded-store.js';

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
/** Text up to this length needs no buffer of its own. */
const CELL_BYTES = 256;
/** Cells are taken a page at a time, 1,024 slots each: what is remembered of ten small values is not worth a megabyte. */
const PAGE_SHIFT = 10;
const PAGE_SLOTS = 2 ** PAGE_SHIFT;
/** Buffers grow in steps, so that values that differ a little in length share one. */
const STEP_BYTES = 256;
const MOST_ENTRIES = 2 ** 24;
/** Slot 0 is none: it ends every chain, and closes the circle of the slots in use. */
const NONE = 0;
const GONE = Number.NEGATIVE_INFINITY;

export class SlotStore<T> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #mask: number;
  /** The first slot of each bucket, and of each slot the next one of its bucket. */
  readonly #heads: Int32Array;
  readonly #chain: Int32Array;
  readonly #hashes: Int32Array;
  /** The circle of use: `#newer[NONE]` is the oldest, `#older[NONE]` the newest. */
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  readonly #storedAt: Float64Array;
  readonly #sizes: Int32Array;
  readonly #lengths: Int32Array;
  #keys: string[] = [''];
  #items: (T | undefined)[] = [undefined];
  /** Of text too long for a cell. */
  #buffers: (Buffer | undefined)[] = [undefined];
  /** Of the cells: that of a slot is at its place in its page. */
  #pages: (Buffer | undefined)[] = [];
  /** Slots given back, linked by `#chain`. */
  #free = NONE;
  #entries = 0;
  #bytes = 0;

  constructor({ maxEntries, maxBytes }: StoreBounds) {
    const room = Math.max(1, Math.min(maxEntries, Math.ceil(maxBytes / ENTRY_OVERHEAD_BYTES), MOST_ENTRIES));
    this.#maxEntries = room;
    this.#maxBytes = maxBytes;
    this.#mask = 2 ** Math.ceil(Math.log2(room + 1)) - 1;
    this.#heads = new Int32Array(this.#mask + 1);
    this.#chain = new Int32Array(room + 1);
    this.#hashes = new Int32Array(room + 1);
    this.#newer = new Int32Array(room + 1);
    this.#older = new Int32Array(room + 1);
    this.#storedAt = new Float64Array(room + 1);
    this.#sizes = new Int32Array(room + 1);
    this.#lengths = new Int32Array(room + 1);
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Stores an item of `itemBytes`. What is above all bounds is not stored, and neither is what was there. */
  setItem(key: string, hash: number, item: T, itemBytes: number, storedAt: number): void {
    const slot = this.#slotFor(key, hash);
    this.#items[slot] = item;
    this.#buffers[slot] = undefined;
    this.#seal(slot, key, itemBytes, storedAt);
  }

  /** Stores a copy of `text`, all of whose characters are below 256. */
  setText(key: string, hash: number, text: string, storedAt: number): void {
    const slot = this.#slotFor(key, hash);
    const { length } = text;
    this.#items[slot] = undefined;
    this.#lengths[slot] = length;
    if (length <= CELL_BYTES) {
      const page = (this.#pages[slot >> PAGE_SHIFT] ??= Buffer.allocUnsafeSlow(PAGE_SLOTS * CELL_BYTES));
      page.latin1Write(text, cellOf(slot));
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
    this.#makeNewest(slot);
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
    while (this.#entries > 0) this.#release(this.#newer[NONE] as number);
    this.#keys = [''];
    this.#items = [undefined];
    this.#buffers = [undefined];
    this.#pages = [];
    this.#free = NONE;
  }

  #textOf(slot: number): string | undefined {
    const length = this.#lengths[slot] as number;
    const buffer = this.#buffers[slot];
    if (buffer !== undefined) return buffer.latin1Slice(0, length);
    const at = cellOf(slot);
    return this.#pages[slot >> PAGE_SHIFT]?.latin1Slice(at, at + length);
  }

  #find(hash: number): number {
    let slot = this.#heads[hash & this.#mask] as number;
    while (slot !== NONE && this.#hashes[slot] !== hash) slot = this.#chain[slot] as number;
    return slot;
  }

  /** The slot of the hash as the newest one; a new one holds nothing. */
  #slotFor(key: string, hash: number): number {
    const found = this.#find(hash | 0);
    if (found !== NONE) {
      this.#makeNewest(found);
      return found;
    }
    let slot = this.#free;
    if (this.#entries === this.#maxEntries) {
      slot = this.#newer[NONE] as number;
      const buffer = this.#buffers[slot];
      this.#release(slot);
      this.#buffers[slot] = buffer;
    }
    if (slot === NONE) slot = this.#keys.push(key) - 1;
    else this.#free = this.#chain[slot] as number;
    this.#entries++;
    this.#sizes[slot] = 0;
    this.#hashes[slot] = hash | 0;
    const bucket = hash & this.#mask;
    this.#chain[slot] = this.#heads[bucket] as number;
    this.#heads[bucket] = slot;
    this.#link(slot);
    return slot;
  }

  #seal(slot: number, key: string, contentBytes: number, storedAt: number): void {
    // A key beyond Latin-1 takes two bytes a character; telling would cost more than the few bytes are worth.
    const cellBytes = this.#pages[slot >> PAGE_SHIFT] === undefined ? 0 : CELL_BYTES;
    const size = ENTRY_OVERHEAD_BYTES + cellBytes + key.length + contentBytes;
    this.#keys[slot] = key;
    this.#storedAt[slot] = storedAt;
    this.#bytes += size - (this.#sizes[slot] as number);
    this.#sizes[slot] = size;
    // The oldest leave first, and what alone is above all bounds leaves last.
    while (this.#bytes > this.#maxBytes) this.#release(this.#newer[NONE] as number);
  }

  #release(slot: number): void {
    const bucket = (this.#hashes[slot] as number) & this.#mask;
    if (this.#heads[bucket] === slot) this.#heads[bucket] = this.#chain[slot] as number;
    else {
      let before = this.#heads[bucket] as number;
      while (this.#chain[before] !== slot) before = this.#chain[before] as number;
      this.#chain[before] = this.#chain[slot] as number;
    }
    this.#unlink(slot);
    this.#bytes -= this.#sizes[slot] as number;
    this.#entries--;
    this.#keys[slot] = '';
    this.#items[slot] = undefined;
    this.#buffers[slot] = undefined;
    this.#chain[slot] = this.#free;
    this.#free = slot;
  }

  #makeNewest(slot: number): void {
    if (this.#older[NONE] === slot) return;
    this.#unlink(slot);
    this.#link(slot);
  }

  #link(slot: number): void {
    const newest = this.#older[NONE] as number;
    this.#older[slot] = newest;
    this.#newer[slot] = NONE;
    this.#newer[newest] = slot;
    this.#older[NONE] = slot;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot] as number;
    const newer = this.#newer[slot] as number;
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }
}

/** Where the cell of a slot begins in its page. */
function cellOf(slot: number): number {
  return (slot & (PAGE_SLOTS - 1)) * CELL_BYTES;
}
