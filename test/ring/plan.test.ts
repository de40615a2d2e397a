import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/ring/ring.js';

const three = Ring.build([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);

describe('the plan of a change', () => {
  it('tells the exact share that moves from each node to each, and the load after', () => {
    const next = three.with({ add: [{ name: 'd' }] });
    const plan = three.plan(next);
    const before = three.distribution();
    const after = next.distribution();
    expect(plan.isExact).toBe(true);
    expect(plan.movedShare).toBeCloseTo(after.get('d') ?? 0, 9);
    expect(plan.moves.map(({ to }) => to)).toEqual(['d', 'd', 'd']);
    for (const { from, share } of plan.moves) {
      expect(share).toBeCloseTo((before.get(from) ?? 0) - (after.get(from) ?? 0), 9);
    }
    expect(plan.arcs).toBeGreaterThan(500);
    expect(plan.arcs).toBeLessThanOrEqual(1025);
    expect({ ...plan.after }).toEqual(Object.fromEntries(after));
  });

  it('agrees with what 100,000 keys do', () => {
    const next = three.with({ add: [{ name: 'd', weight: 2 }], remove: ['b'], reweight: { a: 0.5 } });
    const plan = three.plan(next, 2);
    let copies = 0;
    for (let i = 0; i < 100_000; i++) {
      const before = three.owners(`k${i}`, 2);
      copies += next.owners(`k${i}`, 2).filter((name) => !before.includes(name)).length;
    }
    expect(Math.abs(plan.movedShare - copies / 100_000)).toBeLessThan(0.01);
  });

  it('moves nothing when nothing changed', () => {
    const plan = three.plan(three.with({}));
    expect(plan.movedShare).toBe(0);
    expect(plan.moves).toEqual([]);
    expect(plan.arcs).toBe(0);
  });

  it('reads as text, with counts of keys where their number is known', () => {
    const text = three.plan(three.with({ remove: ['b'] })).toText(1_000_000);
    expect(text).toMatch(/^moves 3\d\.\d\d % \(\d+ keys\) in \d+ arcs\n/);
    expect(text).toContain('  b -> a: ');
    expect(text).toMatch(/ {2}b: 3\d\.\d\d % \(\d+ keys\) -> 0\.00 % \(0 keys\)/);
  });

  it('survives JSON and nodes named like object members', () => {
    const odd = Ring.build([{ name: '__proto__' }, { name: 'toString' }]);
    const plan = odd.plan(odd.with({ reweight: new Map([['__proto__', 3]]) }));
    const json = JSON.parse(JSON.stringify(plan));
    expect(Object.keys(json.after).toSorted()).toEqual(['__proto__', 'toString']);
    expect(json.moves).toEqual([{ from: 'toString', to: '__proto__', share: plan.movedShare }]);
  });
});
