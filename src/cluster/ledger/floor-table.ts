/**
 * FloorTable: for each key written here the stamp of its last write or delete, and how far its owners have got with it
 * (rule R3). Bounded: past `maxFloors` the oldest goes, as far as a sample of its segment shows, and the ledger is told.
 *
 * Owners are known as *witnesses*: a number for one incarnation of a node, so that what a node confirmed in an earlier
 * life stops counting without a look at the table. Of up to four witnesses a record tells whether the write was sent
 * to them and whether they confirmed; of more owners it says only that there are some ("unlisted").
 *
 *   [ tag | second hash | stamp, low 32 bits | flags: 11 bits, stamp: 21 high bits | witnesses 0, 1 | witnesses 2, 3 ]
 */

import { secondHash } from '../../base/string-hash.js';
import { NOT_FOUND, type RecordSegment, tagOf } from './record-segment.js';
import { RecordTable } from './record-table.js';
import { NO_WITNESS } from './witnesses.js';

const WIDTH = 6;
const LOW = 2;
const HIGH = 3;
const WITNESSES = 4;
const HIGH_MASK = 0x1f_ffff;
const FIRST_CONFIRMED = 1 << 21;
const ALL_CONFIRMED = FIRST_CONFIRMED * 15;
const UNLISTED = 1 << 25;
const RENOUNCED = 1 << 26;

/** A pair of columns without witnesses. */
export const NO_WITNESSES = 0xffff_ffff;

/** Witnesses that a record lists. */
export const MAX_LISTED = 4;

/** Records looked at when one has to go. */
const SAMPLE = 8;

export class FloorTable {
  /** Called before the floor at `at` goes; whatever it says can still be asked. */
  onEvict: (at: number) => void = () => {};
  /** Whether this witness's life is over, so that its column can be given to another. */
  isDead: (witness: number) => boolean = () => false;
  /** Floors known now. */
  size = 0;
  private readonly records: RecordTable;
  private readonly hands: Uint32Array;
  /** The segment in which `find`, `raise` or eviction was last: places are meant there. */
  private words: Uint32Array = new Uint32Array(0);

  constructor(maxFloors: number) {
    this.records = new RecordTable(WIDTH, maxFloors);
    this.hands = new Uint32Array(this.records.segmentCount);
  }

  /** Where the floor of `key` is, or `NOT_FOUND`. The place is valid until the next call that names a key. */
  find(hash: number, key: string): number {
    const segment = this.records.peek(hash);
    if (segment === undefined) return NOT_FOUND;
    this.words = segment.words;
    return segment.find(tagOf(hash), key);
  }

  /**
   * Where the floor with exactly this stamp is. Stamps are one per write, so hash and stamp name the key as surely as its
   * second hash does, which need not be computed.
   */
  findStamp(hash: number, stamp: number): number {
    const segment = this.records.peek(hash);
    if (segment === undefined) return NOT_FOUND;
    this.words = segment.words;
    const at = segment.findWord(tagOf(hash), LOW, stamp >>> 0);
    return at !== NOT_FOUND && this.stampAt(at) === stamp ? at : NOT_FOUND;
  }

  /**
   * A write of `key` was issued at `stamp` and is confirmed nowhere. An older stamp than the floor's changes nothing.
   * @param witnesses to whom it is sent: the first two in `first`, low half first, the others in `last`
   */
  raise(hash: number, key: string, stamp: number, first: number, last: number, isUnlisted: boolean): void {
    const tag = tagOf(hash);
    const segment = this.records.open(hash);
    let at = segment.find(tag, key);
    if (at === NOT_FOUND) {
      if (segment.size >= this.records.limit) this.evictOne(segment, this.records.indexOf(hash));
      at = segment.insert(tag, secondHash(key));
      this.size++;
    }
    const words = segment.words;
    const low = stamp >>> 0;
    const high = (stamp - low) / 0x1_0000_0000;
    const before = words[at + HIGH]! & HIGH_MASK;
    if (high < before || (high === before && low < words[at + LOW]!)) return;
    words[at + LOW] = low;
    words[at + HIGH] = isUnlisted ? high | UNLISTED : high;
    words[at + WITNESSES] = first;
    words[at + WITNESSES + 1] = last;
  }

  stampAt(at: number): number {
    return (this.words[at + HIGH]! & HIGH_MASK) * 0x1_0000_0000 + this.words[at + LOW]!;
  }

  hashAt(at: number): number {
    return this.words[at]!;
  }

  secondAt(at: number): number {
    return this.words[at + 1]!;
  }

  /** Whether the write may have been sent to others than the listed witnesses. */
  isUnlistedAt(at: number): boolean {
    return (this.words[at + HIGH]! & UNLISTED) !== 0;
  }

  /** Raw copies of the key count nowhere from here on, whoever confirms: until it is written again. */
  renounce(at: number): void {
    this.words[at + HIGH]! |= RENOUNCED;
  }

  isRenouncedAt(at: number): boolean {
    return (this.words[at + HIGH]! & RENOUNCED) !== 0;
  }

  /** The witness in column `column`, 0 to 3, or `NO_WITNESS`. */
  witnessAt(at: number, column: number): number {
    return (this.words[at + WITNESSES + (column >> 1)]! >>> ((column & 1) << 4)) & 0xffff;
  }

  isConfirmedAt(at: number, column: number): boolean {
    return (this.words[at + HIGH]! & (FIRST_CONFIRMED << column)) !== 0;
  }

  /** Column of `witness`, or -1 if it is not listed. */
  columnOf(at: number, witness: number): number {
    const first = this.words[at + WITNESSES]!;
    if ((first & 0xffff) === witness) return 0;
    if (first >>> 16 === witness) return 1;
    const last = this.words[at + WITNESSES + 1]!;
    if ((last & 0xffff) === witness) return 2;
    return last >>> 16 === witness ? 3 : -1;
  }

  isConfirmedBy(at: number, witness: number): boolean {
    const confirmed = this.words[at + HIGH]! & ALL_CONFIRMED;
    if (confirmed === 0) return false;
    const column = this.columnOf(at, witness);
    return column >= 0 && (confirmed & (FIRST_CONFIRMED << column)) !== 0;
  }

  /**
   * A witness that is not listed takes a free column, else that of the witness that confirmed first: as keys move from node
   * to node, those who hold them now count. Without either it goes unrecorded, and its raw copies do not count.
   * @param mayDisplace false for one that has got rid of what it held, which must not cost the place of one that has the value
   */
  confirm(at: number, witness: number, mayDisplace = true): void {
    let column = this.columnOf(at, witness);
    if (column < 0) {
      column = this.freeColumn(at);
      if (column < 0 && mayDisplace && !this.isUnlistedAt(at)) column = this.dropFirstConfirmed(at);
      if (column < 0) return;
      this.put(at, column, witness);
    }
    this.words[at + HIGH]! |= FIRST_CONFIRMED << column;
  }

  /** The write did not get to this witness, as far as we know. */
  strike(at: number, witness: number): void {
    const column = this.columnOf(at, witness);
    if (column >= 0) this.put(at, column, NO_WITNESS);
  }

  /** Strikes every dead witness. Takes milliseconds per 100,000 floors. */
  strikeDead(): void {
    this.records.forEachSegment((segment) => {
      this.words = segment.words;
      for (let at = 0; at < segment.words.length; at += WIDTH) if (segment.words[at] !== 0) this.strikeDeadAt(at);
    });
  }

  private freeColumn(at: number): number {
    if (this.columnOf(at, NO_WITNESS) < 0) this.strikeDeadAt(at);
    return this.columnOf(at, NO_WITNESS);
  }

  /** Moves the columns after it up, and answers the last one. */
  private dropFirstConfirmed(at: number): number {
    let column = 0;
    while (column < MAX_LISTED && !this.isConfirmedAt(at, column)) column++;
    if (column === MAX_LISTED) return -1;
    for (; column < MAX_LISTED - 1; column++) {
      const isConfirmed = this.isConfirmedAt(at, column + 1);
      this.put(at, column, this.witnessAt(at, column + 1));
      if (isConfirmed) this.words[at + HIGH]! |= FIRST_CONFIRMED << column;
    }
    return column;
  }

  private strikeDeadAt(at: number): void {
    for (let column = 0; column < MAX_LISTED; column++)
      if (this.isDead(this.witnessAt(at, column))) this.put(at, column, NO_WITNESS);
  }

  private put(at: number, column: number, witness: number): void {
    const word = at + WITNESSES + (column >> 1);
    const shift = (column & 1) << 4;
    this.words[word] = (this.words[word]! & ~(0xffff << shift)) | (witness << shift);
    this.words[at + HIGH]! &= ~(FIRST_CONFIRMED << column);
  }

  /** A hand goes round the segment; of the next few records the oldest goes. Constant time, whatever the bound. */
  private evictOne(segment: RecordSegment, index: number): void {
    const { words, places } = segment;
    this.words = words;
    let place = this.hands[index]! & (places - 1);
    let oldest = NOT_FOUND;
    let oldestStamp = Number.POSITIVE_INFINITY;
    for (let seen = 0, steps = 0; seen < SAMPLE && steps < places; steps++, place = (place + 1) & (places - 1)) {
      const at = place * WIDTH;
      if (words[at] === 0) continue;
      seen++;
      const stamp = this.stampAt(at);
      if (stamp >= oldestStamp) continue;
      oldestStamp = stamp;
      oldest = at;
    }
    this.hands[index] = place;
    this.onEvict(oldest);
    segment.remove(oldest);
    this.size--;
  }
}
