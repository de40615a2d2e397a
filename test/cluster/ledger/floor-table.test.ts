import { describe, expect, it } from 'vitest';
import { FloorTable, NO_WITNESSES } from '../../../src/cluster/ledger/floor-table.js';
import { NOT_FOUND } from '../../../src/cluster/ledger/record-segment.js';
import { NO_WITNESS } from '../../../src/cluster/ledger/witnesses.js';

/** A stamp of the year 2026. */
const STAMP = 1_780_000_000_000 * 2_048 + 77;
const HASH = 0xffff_fff0;

const pair = (low: number, high: number = NO_WITNESS): number => (high << 16) | low;
const hashOf = (i: number): number => Math.imul(i, 0x9e37_79b1) >>> 0;

describe('FloorTable', () => {
  it('keeps the stamp of the last write, to the last bit', () => {
    const floors = new FloorTable(10);
    for (const stamp of [1, 0xffff_ffff, 0x1_0000_0000, STAMP, Number.MAX_SAFE_INTEGER]) {
      floors.raise(HASH, 'k', stamp, NO_WITNESSES, NO_WITNESSES, false);
      expect(floors.stampAt(floors.find(HASH, 'k'))).toBe(stamp);
    }
    expect(floors.size).toBe(1);
  });

  it('never goes down: an older stamp changes nothing', () => {
    const floors = new FloorTable(10);
    for (const older of [STAMP - 1, STAMP - 0x1_0000_0000]) {
      floors.raise(HASH, 'k', STAMP, pair(3), NO_WITNESSES, false);
      floors.confirm(floors.find(HASH, 'k'), 3);
      floors.raise(HASH, 'k', older, NO_WITNESSES, NO_WITNESSES, true);
      const at = floors.find(HASH, 'k');
      expect(floors.stampAt(at)).toBe(STAMP);
      expect(floors.isConfirmedBy(at, 3)).toBe(true);
      expect(floors.isUnlistedAt(at)).toBe(false);
    }
  });

  it('tells sent from confirmed, for up to four witnesses, without touching the stamp', () => {
    const floors = new FloorTable(10);
    floors.raise(HASH, 'k', STAMP, pair(0, 0xfffe), pair(7, 8), true);
    const at = floors.find(HASH, 'k');
    for (const witness of [0, 0xfffe, 7, 8]) {
      expect(floors.columnOf(at, witness)).toBeGreaterThanOrEqual(0);
      expect(floors.isConfirmedBy(at, witness)).toBe(false);
    }
    floors.confirm(at, 0xfffe);
    floors.confirm(at, 8);
    floors.strike(at, 8);
    expect([0, 0xfffe, 7, 8, 9].map((witness) => floors.isConfirmedBy(at, witness))).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(floors.columnOf(at, 8)).toBe(-1);
    expect(floors.stampAt(at)).toBe(STAMP);
    expect(floors.isUnlistedAt(at)).toBe(true);
  });

  it('lets a fifth confirmation go unrecorded, unless one of the four is of a life that is over', () => {
    const floors = new FloorTable(10);
    floors.raise(HASH, 'k', STAMP, pair(1, 2), pair(3, 4), false);
    const at = floors.find(HASH, 'k');
    floors.confirm(at, 5);
    expect(floors.isConfirmedBy(at, 5)).toBe(false);
    floors.isDead = (witness) => witness === 3;
    floors.confirm(at, 5);
    expect(floors.isConfirmedBy(at, 5)).toBe(true);
    expect(floors.columnOf(at, 3)).toBe(-1);
  });

  it('strikes dead witnesses everywhere when asked', () => {
    const floors = new FloorTable(1_000);
    for (let i = 0; i < 100; i++) floors.raise(hashOf(i), `${i}`, STAMP + i, pair(1, 2), NO_WITNESSES, false);
    floors.isDead = (witness) => witness === 1;
    floors.strikeDead();
    for (let i = 0; i < 100; i++) {
      const at = floors.find(hashOf(i), `${i}`);
      expect([floors.columnOf(at, 1), floors.columnOf(at, 2)]).toEqual([-1, 1]);
    }
  });

  it('keeps to its bound and tells of each floor that goes', () => {
    const floors = new FloorTable(5_000);
    const gone = new Map<number, number>();
    floors.onEvict = (at) => gone.set(floors.hashAt(at), floors.stampAt(at));
    for (let i = 1; i <= 20_000; i++) {
      floors.raise(hashOf(i), `${i}`, STAMP + i, NO_WITNESSES, NO_WITNESSES, false);
      expect(floors.size).toBeLessThanOrEqual(5_000);
    }
    expect(floors.size).toBeGreaterThan(4_700);
    for (let i = 1; i <= 20_000; i++) {
      const isKept = floors.find(hashOf(i), `${i}`) !== NOT_FOUND;
      expect(gone.get(hashOf(i))).toBe(isKept ? undefined : STAMP + i);
    }
  });

  it('gives up old floors before young ones, and those written again last', () => {
    const floors = new FloorTable(4_000);
    let stamp = STAMP;
    const write = (i: number): void => floors.raise(hashOf(i), `${i}`, ++stamp, NO_WITNESSES, NO_WITNESSES, false);
    const kept = (from: number, to: number): number => {
      let count = 0;
      for (let i = from; i < to; i++) if (floors.find(hashOf(i), `${i}`) !== NOT_FOUND) count++;
      return count / (to - from);
    };
    for (let i = 0; i < 3_900; i++) write(i);
    for (let i = 0; i < 500; i++) write(i);
    for (let i = 3_900; i < 5_400; i++) write(i);
    expect(kept(0, 500)).toBeGreaterThan(0.97);
    expect(kept(4_900, 5_400)).toBe(1);
    expect(kept(500, 3_900)).toBeLessThan(0.65);
  });
});
