import { describe, expect, it } from 'vitest';
import { OURS } from './keys.js';
import { HASH, hashOf, KEY, RAW, setUp } from './ledger-setup.js';

describe('bounds', () => {
  it('past the room for payment make keys payable by enumeration alone', () => {
    const { ledger, write } = setUp({ maxPayable: 1 });
    for (const i of [1, 2, 3]) ledger.owe(hashOf(i), `${i}`, 0, write(hashOf(i), `${i}`));
    expect(ledger.stats().nodes).toMatchObject([{ keyDebts: 3, payable: 1, forgotten: 2 }]);
    expect([ledger.needsEnumeration(0), ledger.needsEnumeration(1)]).toEqual([true, false]);
    const mark = ledger.enumerationMark(0);
    ledger.owe(hashOf(3), '3', 0, write(hashOf(3), '3'));
    ledger.lift(0, mark);
    expect([ledger.keyDebts(0), ledger.trusts(0, hashOf(3), '3', RAW, 0)]).toEqual([1, false]);
  });

  it('past the room for debts raise a fence around the bucket, which outlives an enumeration begun before', () => {
    const { ledger, trusts } = setUp({ maxDistrusted: 1 });
    const neighbour = HASH ^ 1;
    ledger.owe(hashOf(1), '1', 0);
    ledger.owe(HASH, KEY, 0);
    expect(ledger.stats()).toMatchObject({ keyDebts: 1, fencedBuckets: 1 });
    expect([trusts(0, RAW, neighbour, 'n'), trusts(1, RAW, neighbour, 'n')]).toEqual([false, true]);
    expect([trusts(0, RAW, hashOf(1), '1'), trusts(0, RAW, hashOf(2), '2')]).toEqual([false, true]);
    const mark = ledger.enumerationMark(0);
    ledger.owe(HASH, KEY, 0);
    ledger.lift(0, mark);
    expect([trusts(0, RAW, hashOf(1), '1'), trusts(0, RAW, neighbour, 'n')]).toEqual([true, false]);
    ledger.lift(0, ledger.enumerationMark(0), HASH >>> 20);
    expect([trusts(0, RAW, neighbour, 'n'), ledger.needsEnumeration(0)]).toEqual([true, false]);
  });

  it('past the room for debts spare keys whose last write is known', () => {
    const { ledger, confirmed, write, trusts } = setUp({ maxDistrusted: 1 });
    const neighbour = HASH ^ 1;
    const stamp = confirmed(neighbour, 'n');
    ledger.owe(hashOf(1), '1', 0);
    ledger.owe(HASH, KEY, 0, write());
    expect([trusts(0), trusts(0, RAW, neighbour, 'n'), trusts(0, stamp, neighbour, 'n')]).toEqual([false, true, true]);
  });

  it('on floors cost no raw hit where no node had an incident', () => {
    const { ledger, confirmed, next } = setUp({ maxFloors: 1_000 });
    for (let i = 0; i < 20_000; i++) confirmed(hashOf(i), `${i}`);
    expect(ledger.stats().floors).toBeLessThanOrEqual(1_000);
    const hits = (node: number): number => {
      let count = 0;
      for (let i = 0; i < 20_000; i++) if (ledger.trusts(node, hashOf(i), `${i}`, RAW, 0)) count++;
      return count;
    };
    expect([hits(0), hits(1)]).toEqual([20_000, 20_000]);
    ledger.incarnationChanged(0, false, next());
    expect([hits(0), hits(1)]).toEqual([0, 20_000]);
    ledger.lift(0, ledger.enumerationMark(0));
    expect(hits(0)).toBe(20_000 - ledger.stats().floors);
  });

  it('on floors cost stamped hits only by neighbours written later', () => {
    const { ledger, confirmed } = setUp({ maxFloors: 1_000 });
    const stamps = Array.from({ length: 2_000 }, (_, i) => confirmed(hashOf(i), `${i}`));
    const hits = stamps.filter((stamp, i) => ledger.trusts(0, hashOf(i), `${i}`, stamp, OURS)).length;
    expect(hits).toBeGreaterThan(1_700);
    const old = stamps.filter((stamp, i) => ledger.trusts(0, hashOf(i), `${i}`, stamp - 1, OURS)).length;
    expect(old).toBe(0);
  });

  it('on owners listed with a floor leave the fifth without raw hits, not without safety', () => {
    const { confirmed, trusts } = setUp();
    const stamp = confirmed(
      HASH,
      KEY,
      [0, 1, 2, 3, 4].map((slot) => ({ slot })),
    );
    expect([0, 3, 4].map((node) => trusts(node))).toEqual([true, true, false]);
    expect(trusts(4, stamp)).toBe(true);
  });
});
