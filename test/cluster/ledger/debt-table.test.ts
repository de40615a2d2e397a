import { describe, expect, it } from 'vitest';
import { secondHash } from '../../../src/base/string-hash.js';
import { DebtTable, NO_BARRIER, NO_DEBT } from '../../../src/cluster/ledger/debt-table.js';
import { bucketOf } from '../../../src/cluster/ledger/fences.js';

const HASH = 0x1234_5678;

const enter = (debts: DebtTable, key: string, isRemembered = true, barrier = NO_BARRIER): boolean =>
  debts.enter(HASH, secondHash(key), isRemembered, barrier);

describe('DebtTable', () => {
  it('clears by payment only the debt that the payer saw', () => {
    const debts = new DebtTable(10);
    enter(debts, 'k');
    const seen = debts.numberOf(HASH, 'k');
    enter(debts, 'k');
    expect(debts.pay(HASH, 'k', seen)).toBe(false);
    expect(debts.has(HASH, 'k')).toBe(true);
    expect(debts.pay(HASH, 'k', debts.numberOf(HASH, 'k'))).toBe(true);
    expect(debts.has(HASH, 'k')).toBe(false);
    expect(debts.numberOf(HASH, 'k')).toBe(NO_DEBT);
  });

  it('refuses what it has no room for, and takes what it has already', () => {
    const debts = new DebtTable(2);
    expect(['a', 'b', 'c', 'a'].map((key) => enter(debts, key))).toEqual([true, true, false, true]);
    expect(debts.size).toBe(2);
  });

  it('counts the debts that nobody can name', () => {
    const debts = new DebtTable(10);
    enter(debts, 'a', false);
    enter(debts, 'b', true);
    expect(debts.forgotten).toBe(1);
    enter(debts, 'a', true);
    expect(debts.forgotten).toBe(0);
    debts.forget(HASH, 'b');
    debts.forget(HASH, 'b');
    expect(debts.forgotten).toBe(1);
    debts.clear(HASH, 'b');
    debts.clear(HASH, 'a');
    expect([debts.size, debts.forgotten]).toEqual([0, 0]);
  });

  it('keeps the highest barrier of a key', () => {
    const debts = new DebtTable(10);
    const high = 1_780_000_000_000 * 2_048 + 5;
    expect(debts.barrierOf(HASH, 'k')).toBe(Number.POSITIVE_INFINITY);
    enter(debts, 'k');
    expect(debts.barrierOf(HASH, 'k')).toBe(NO_BARRIER);
    enter(debts, 'k', true, high);
    enter(debts, 'k', true, high - 1);
    expect(debts.barrierOf(HASH, 'k')).toBe(high);
  });

  it('clears what was entered up to a number, of the keys that are meant', () => {
    const debts = new DebtTable(100);
    enter(debts, 'before', false);
    debts.enter(0, secondHash('elsewhere'), false, NO_BARRIER);
    const mark = debts.lastNumber;
    enter(debts, 'after', false);
    debts.clearUpTo(mark, (hash) => bucketOf(hash) === bucketOf(HASH));
    expect(['before', 'after'].map((key) => debts.has(HASH, key))).toEqual([false, true]);
    expect(debts.has(0, 'elsewhere')).toBe(true);
    expect([debts.size, debts.forgotten]).toEqual([2, 2]);
    debts.clearAll();
    expect([debts.size, debts.forgotten, debts.has(HASH, 'after')]).toEqual([0, 0, false]);
  });
});
