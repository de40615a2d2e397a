/**
 * DebtTable: the keys whose copies on one node must not be trusted, because a write of them could not be confirmed there
 * (key debts of rule R4). Bounded; past `maxDebts` it refuses, and the caller raises a fence instead.
 *
 * Each entry carries a number that grows with every debt entered. Whoever pays names the number that he saw: a debt
 * entered meanwhile stays.
 *
 * A debt may have a *barrier*, the stamp up to which writes do not pay it even if they are confirmed: what an abandoned
 * connection left may have come after them.
 *
 *   [ tag | second hash | number | 1 if the key is remembered for payment, else 0 | barrier, low | barrier, high ]
 */

import { NOT_FOUND, type RecordSegment, tagOf } from './record-segment.js';
import { RecordTable } from './record-table.js';

const WIDTH = 6;
const NUMBER = 2;
const REMEMBERED = 3;
const LOW = 4;
const HIGH = 5;

/** No debt. Numbers begin at 1. */
export const NO_DEBT = 0;
/** Any write pays. */
export const NO_BARRIER = 0;

export class DebtTable {
  size = 0;
  /** Debts whose key nobody can name any more: only enumeration finds them, or a newer write. */
  forgotten = 0;
  private readonly maxDebts: number;
  private records: RecordTable;
  private last = NO_DEBT;

  constructor(maxDebts: number) {
    this.maxDebts = maxDebts;
    this.records = new RecordTable(WIDTH, maxDebts);
  }

  /** Number of the last debt entered. */
  get lastNumber(): number {
    return this.last;
  }

  has(hash: number, key: string): boolean {
    const segment = this.records.peek(hash);
    return segment !== undefined && segment.find(tagOf(hash), key) !== NOT_FOUND;
  }

  /** Number of the debt of `key`, or `NO_DEBT`. */
  numberOf(hash: number, key: string): number {
    const segment = this.records.peek(hash);
    const at = segment?.find(tagOf(hash), key) ?? NOT_FOUND;
    return segment === undefined || at === NOT_FOUND ? NO_DEBT : segment.words[at + NUMBER]!;
  }

  /** The stamp that a write must exceed to pay the debt of `key`; `Infinity` stands for no debt. */
  barrierOf(hash: number, key: string): number {
    const segment = this.records.peek(hash);
    const at = segment?.find(tagOf(hash), key) ?? NOT_FOUND;
    return segment === undefined || at === NOT_FOUND ? Number.POSITIVE_INFINITY : barrierAt(segment, at);
  }

  /** Enters a debt, or enters it anew; `false` if there is no room. A barrier never goes down. */
  enter(hash: number, second: number, isRemembered: boolean, barrier: number): boolean {
    const segment = this.records.open(hash);
    const tag = tagOf(hash);
    let at = segment.findSecond(tag, second);
    if (at === NOT_FOUND) {
      if (segment.size >= this.records.limit) return false;
      at = segment.insert(tag, second);
      this.size++;
      this.forgotten++;
    }
    this.last = this.last === 0xffff_ffff ? 1 : this.last + 1;
    segment.words[at + NUMBER] = this.last;
    if (barrier > barrierAt(segment, at)) {
      segment.words[at + LOW] = barrier >>> 0;
      segment.words[at + HIGH] = Math.floor(barrier / 0x1_0000_0000);
    }
    if (isRemembered) this.remember(segment, at);
    return true;
  }

  /** Nobody can name the key of this debt any more. */
  forget(hash: number, key: string): void {
    const segment = this.records.peek(hash);
    const at = segment?.find(tagOf(hash), key) ?? NOT_FOUND;
    if (segment === undefined || at === NOT_FOUND || segment.words[at + REMEMBERED] === 0) return;
    segment.words[at + REMEMBERED] = 0;
    this.forgotten++;
  }

  /** Clears the debt of `key` if it is still the one with this number. */
  pay(hash: number, key: string, number: number): boolean {
    return this.numberOf(hash, key) === number && this.clear(hash, key);
  }

  clear(hash: number, key: string): boolean {
    const segment = this.records.peek(hash);
    const at = segment?.find(tagOf(hash), key) ?? NOT_FOUND;
    if (segment === undefined || at === NOT_FOUND) return false;
    if (segment.words[at + REMEMBERED] === 0) this.forgotten--;
    segment.remove(at);
    this.size--;
    return true;
  }

  clearAll(): void {
    this.records = new RecordTable(WIDTH, this.maxDebts);
    this.size = 0;
    this.forgotten = 0;
  }

  /** Clears the debts entered up to `number`, all or those that `isMeant`. Takes some 10 ms per million. */
  clearUpTo(number: number, isMeant: (hash: number) => boolean): void {
    this.records.forEachSegment((segment) => {
      this.size -= segment.removeWhere((words, at) => {
        // Numbers may have begun anew: compared as distances.
        const isOver = ((words[at + NUMBER]! - number) | 0) <= 0 && isMeant(words[at]!);
        if (isOver && words[at + REMEMBERED] === 0) this.forgotten--;
        return isOver;
      });
    });
  }

  private remember(segment: RecordSegment, at: number): void {
    if (segment.words[at + REMEMBERED] !== 0) return;
    segment.words[at + REMEMBERED] = 1;
    this.forgotten--;
  }
}

function barrierAt({ words }: RecordSegment, at: number): number {
  return words[at + HIGH]! * 0x1_0000_0000 + words[at + LOW]!;
}
