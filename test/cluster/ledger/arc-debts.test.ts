import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArcDebts } from '../../../src/cluster/ledger/arc-debts.js';
import { HASH_SPACE } from '../../../src/ring/arcs.js';

const AWAY = Number.POSITIVE_INFINITY;

describe('ArcDebts', () => {
  it('distrusts lost arcs altogether while they are away, and what is older than their return after it', () => {
    const arcs = new ArcDebts();
    arcs.add(1, [{ from: 100, to: 200 }], 0);
    expect([99, 100, 199, 200].map((place) => arcs.boundAt(place))).toEqual([0, AWAY, AWAY, 0]);
    arcs.cameBack(5_000);
    expect(arcs.boundAt(150)).toBe(5_000);
    arcs.cameBack(6_000);
    expect(arcs.boundAt(150)).toBe(5_000);
  });

  it('is paid change by change', () => {
    const arcs = new ArcDebts();
    arcs.add(1, [{ from: 0, to: 100 }], 5);
    arcs.add(2, [{ from: 50, to: HASH_SPACE }], 9);
    arcs.pay(1);
    arcs.pay(7);
    expect([arcs.boundAt(10), arcs.boundAt(60), arcs.oldest]).toEqual([0, AWAY, 9]);
    expect(arcs.boundAt(0xffff_ffff)).toBe(AWAY);
    arcs.pay(2);
    expect([arcs.isNone, arcs.oldest]).toEqual([true, undefined]);
  });

  it('holds many changes together and forgets none of their arcs', () => {
    const lost = fc.tuple(fc.nat(1_000), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(fc.array(lost, { minLength: 1, maxLength: 40, size: 'max' }), (changes) => {
        const arcs = new ArcDebts();
        for (const [i, [from, length]] of changes.entries()) arcs.add(i, [{ from, to: from + length }], i);
        for (let place = 0; place < 1_060; place += 7) {
          const isLost = changes.some(([from, length]) => place >= from && place < from + length);
          expect(arcs.boundAt(place)).toBe(isLost ? AWAY : 0);
        }
        for (const i of changes.keys()) arcs.pay(i);
        expect(arcs.isNone).toBe(true);
      }),
    );
  });

  it('takes the whole ring when one change loses too many arcs to hold', () => {
    const arcs = new ArcDebts();
    arcs.add(
      1,
      Array.from({ length: 65_537 }, (_, i) => ({ from: i * 4, to: i * 4 + 1 })),
      0,
    );
    expect([arcs.size, arcs.boundAt(0xffff_ffff)]).toEqual([1, AWAY]);
  });

  it('says nothing of a change without arcs', () => {
    const arcs = new ArcDebts();
    arcs.add(1, [], 0);
    expect(arcs.isNone).toBe(true);
  });
});
