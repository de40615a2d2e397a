import { describe, expect, it } from 'vitest';
import { ConnectionDebts } from '../../../src/cluster/ledger/connection-debts.js';

const K = { hash: 0x1111_1111, key: 'k' };
const L = { hash: 0x2222_2222, key: 'l' };
const SETTLING_MS = 10_000;

const has = (debts: ConnectionDebts, { hash, key }: typeof K): boolean => debts.has(hash, key);
const keysOf = (ended: readonly { readonly keys: ReadonlyMap<string, number> }[]): string[] =>
  ended.flatMap(({ keys }) => [...keys.keys()]);

describe('ConnectionDebts', () => {
  it('ends a named one only when the connection is known to be gone, and hands its keys back', () => {
    const debts = new ConnectionDebts(100);
    debts.add('9', [K], 0);
    debts.add('9', [L], 1);
    debts.add('10', [L], 2);
    debts.firstReply(5, 5);
    expect(debts.settle(1_000_000, SETTLING_MS)).toEqual([]);
    expect(debts.named()).toEqual(['9', '10']);
    expect(keysOf(debts.gone('9'))).toEqual(['k', 'l']);
    expect([has(debts, K), has(debts, L)]).toEqual([false, true]);
  });

  it('counts a named one as overdue when the settling time has passed without a word', () => {
    const debts = new ConnectionDebts(100);
    debts.add('9', [K], 0);
    debts.firstReply(5, 5);
    expect(debts.stats(5 + SETTLING_MS - 1, SETTLING_MS).overdue).toBe(0);
    expect(debts.stats(5 + SETTLING_MS, SETTLING_MS)).toEqual({
      connections: 1,
      keys: 1,
      overdue: 1,
      asleep: 0,
      oldest: 0,
    });
  });

  it('ends an unnamed one a settling time after the first reply on a later connection', () => {
    const debts = new ConnectionDebts(100);
    debts.add('', [K], 100);
    expect(debts.settle(1_000_000, SETTLING_MS)).toEqual([]);
    debts.firstReply(99, 2_000_000);
    expect(debts.settle(3_000_000, SETTLING_MS)).toEqual([]);
    debts.firstReply(100, 3_000_000);
    debts.firstReply(200, 4_000_000);
    expect(debts.settle(3_000_000 + SETTLING_MS - 1, SETTLING_MS)).toEqual([]);
    expect(keysOf(debts.settle(3_000_000 + SETTLING_MS, SETTLING_MS))).toEqual(['k']);
    expect(debts.isNone).toBe(true);
  });

  it('begins the settling time anew when one more unnamed connection is given up', () => {
    const debts = new ConnectionDebts(100);
    debts.add('', [K], 0);
    debts.firstReply(0, 0);
    debts.add('', [L], 9_000);
    expect(debts.settle(10_000, SETTLING_MS)).toEqual([]);
    debts.firstReply(9_000, 9_500);
    expect(keysOf(debts.settle(19_500, SETTLING_MS))).toEqual(['k', 'l']);
  });

  it('treats a connection that nobody can tell about as unnamed from then on', () => {
    const debts = new ConnectionDebts(100);
    debts.add('9', [K], 0);
    debts.firstReply(0, 0);
    debts.cannotTell('9');
    expect(debts.named()).toEqual([]);
    expect(keysOf(debts.settle(SETTLING_MS, SETTLING_MS))).toEqual(['k']);
  });

  it('sleeps through an empty life and wakes in a later one with its time begun anew', () => {
    const debts = new ConnectionDebts(100);
    debts.add('', [K], 0);
    debts.firstReply(0, 0);
    debts.sleep();
    expect([has(debts, K), debts.named(), debts.stats(0, SETTLING_MS).asleep]).toEqual([false, [], 1]);
    expect(debts.settle(1_000_000, SETTLING_MS)).toEqual([]);
    debts.wake();
    expect(has(debts, K)).toBe(true);
    expect(debts.settle(2_000_000, SETTLING_MS)).toEqual([]);
    debts.firstReply(2_000_000, 2_000_000);
    expect(keysOf(debts.settle(2_000_000 + SETTLING_MS, SETTLING_MS))).toEqual(['k']);
  });

  it('distrusts by bucket the keys it cannot hold', () => {
    const debts = new ConnectionDebts(1);
    debts.add('9', [K, L], 0);
    expect([has(debts, K), has(debts, L), has(debts, { ...L, key: 'neighbour' })]).toEqual([true, true, true]);
    expect(has(debts, { hash: K.hash, key: 'neighbour' })).toBe(false);
    const [ended] = debts.gone('9');
    expect(ended?.buckets?.[0x222]).toBe(1);
    debts.add('10', [L], 0);
    expect(debts.stats(0, SETTLING_MS).keys).toBe(1);
  });

  it('holds connections past the sixteenth together: all must be gone', () => {
    const debts = new ConnectionDebts(100);
    for (let i = 1; i <= 18; i++) debts.add(`${i}`, [{ hash: i, key: `${i}` }], i);
    expect(debts.stats(0, SETTLING_MS).connections).toBe(18);
    expect(keysOf(debts.gone('16'))).toEqual([]);
    expect(keysOf(debts.gone('18'))).toEqual([]);
    expect(debts.has(17, '17')).toBe(true);
    expect(keysOf(debts.gone('17'))).toEqual(['16', '17', '18']);
    expect(keysOf(debts.gone('1'))).toEqual(['1']);
  });

  it('never ends one that lost count of its connections', () => {
    const debts = new ConnectionDebts(100);
    for (let i = 1; i <= 16 + 4_096; i++) debts.add(`${i}`, [K], 0);
    for (let i = 1; i <= 16 + 4_096; i++) debts.gone(`${i}`);
    debts.firstReply(0, 0);
    debts.settle(1_000_000, SETTLING_MS);
    expect(has(debts, K)).toBe(true);
  });
});
