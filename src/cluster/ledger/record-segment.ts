/**
 * RecordSegment: an open-addressed set of keys, each known by 64 bits of hash, with a few words of data beside it.
 *
 * A record is `width` 32-bit words in a row, so that whatever is asked of a key costs one cache line:
 *
 *   [ tag | second hash | data … ]        tag: the first hash, with 1 for 0, since a tag of 0 marks an empty place
 *
 * Linear probing at a load of at most 3/5; removal shifts back (Knuth, TAOCP 6.4, algorithm R), so there are no
 * tombstones and a table that is full of traffic never degrades. The second hash of a key is computed only when a tag
 * matches: looking for what is not there costs one probe.
 *
 * Two keys that agree in both hashes share a record; for a million keys the chance of one such pair is 3 in 10^8.
 */

import { secondHash } from '../../base/string-hash.js';

export const NOT_FOUND = -1;

const INITIAL_PLACES = 8;

/** The same of a hash in its signed and its unsigned form. */
export function tagOf(hash: number): number {
  return hash === 0 ? 1 : hash >>> 0;
}

export class RecordSegment {
  /** The records. Replaced when the segment grows: hold it no longer than a place in it. */
  words: Uint32Array;
  size = 0;
  private readonly width: number;
  private mask = INITIAL_PLACES - 1;

  constructor(width: number) {
    this.width = width;
    this.words = new Uint32Array(INITIAL_PLACES * width);
  }

  /** Places, empty ones included: a power of two. */
  get places(): number {
    return this.mask + 1;
  }

  /** Where the record of `key` begins, or `NOT_FOUND`. Valid until the next `insert` or `remove`. */
  find(tag: number, key: string): number {
    const { words, width, mask } = this;
    for (let place = tag & mask; ; place = (place + 1) & mask) {
      const at = place * width;
      const found = words[at];
      if (found === 0) return NOT_FOUND;
      if (found === tag && words[at + 1] === secondHash(key)) return at;
    }
  }

  findSecond(tag: number, second: number): number {
    return this.findWord(tag, 1, second);
  }

  /** The first record of this tag whose word `index` is `word`. */
  findWord(tag: number, index: number, word: number): number {
    const { words, width, mask } = this;
    for (let place = tag & mask; ; place = (place + 1) & mask) {
      const at = place * width;
      const found = words[at];
      if (found === 0) return NOT_FOUND;
      if (found === tag && words[at + index] === word) return at;
    }
  }

  /** Adds a record that is not there yet, its data all zero, and answers where. */
  insert(tag: number, second: number): number {
    if ((this.size + 1) * 5 > this.places * 3) this.grow();
    const at = this.freePlace(tag);
    this.words[at] = tag;
    this.words[at + 1] = second;
    this.size++;
    return at;
  }

  remove(at: number): void {
    const { words, width, mask } = this;
    let hole = at / width;
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const tag = words[next * width]!;
      if (tag === 0) break;
      // A record may move back into the hole unless its home lies behind the hole.
      if (((next - tag) & mask) < ((next - hole) & mask)) continue;
      // Word by word: for so few, copyWithin and fill cost several times the work.
      for (let i = 0; i < width; i++) words[hole * width + i] = words[next * width + i]!;
      hole = next;
    }
    for (let i = 0; i < width; i++) words[hole * width + i] = 0;
    this.size--;
  }

  /** Removes each record for which `isOver` holds and answers how many; one that moved may be asked for twice. */
  removeWhere(isOver: (words: Uint32Array, at: number) => boolean): number {
    const before = this.size;
    for (let place = 0; place < this.places; ) {
      const at = place * this.width;
      if (this.words[at] !== 0 && isOver(this.words, at)) this.remove(at);
      else place++;
    }
    return before - this.size;
  }

  private freePlace(tag: number): number {
    const { words, width, mask } = this;
    let place = tag & mask;
    while (words[place * width] !== 0) place = (place + 1) & mask;
    return place * width;
  }

  private grow(): void {
    const { words, width, places } = this;
    this.mask = places * 2 - 1;
    this.words = new Uint32Array(places * 2 * width);
    for (let at = 0; at < words.length; at += width) {
      const tag = words[at]!;
      if (tag !== 0) this.words.set(words.subarray(at, at + width), this.freePlace(tag));
    }
  }
}
