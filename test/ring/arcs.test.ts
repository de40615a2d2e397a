import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffArcs, HASH_SPACE } from '../../src/ring/arcs.js';
import { Ring } from '../../src/ring/ring.js';

const small = { pointsPerWeight: 16 };
const hash = fc.integer({ min: 0, max: HASH_SPACE - 1 });

function ownersAt(ring: Ring, at: number, count: number, mask?: Uint8Array): string[] {
  const into = new Int32Array(ring.members.length);
  const found = ring.ownersInto(at, count, into, mask);
  return Array.from(into.subarray(0, found), (node) => ring.members[node]?.name ?? 'nobody');
}

describe('the arcs between two rings', () => {
  it('hold exactly the hashes that gained an owner, edges included', () => {
    const list = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 });
    fc.assert(
      fc.property(list, list, fc.integer({ min: 1, max: 3 }), fc.array(hash), (one, other, count, some) => {
        const previous = Ring.build(
          one.map((name) => ({ name })),
          small,
        );
        const next = Ring.build(
          other.map((name) => ({ name, weight: 1.5 })),
          small,
        );
        const diff = diffArcs(previous, next, { count });
        const edges = [...diff].flatMap(({ from, to }) => [from - 1, from, to - 1, to]);
        let width = 0;
        for (const { from, to } of diff) width += to - from;
        expect(diff.share).toBeCloseTo(width / HASH_SPACE, 12);
        for (const at of [...some, ...edges, 0, HASH_SPACE - 1]) {
          if (at < 0 || at >= HASH_SPACE) continue;
          const before = ownersAt(previous, at, count);
          const moved = ownersAt(next, at, count).some((name) => !before.includes(name));
          expect(diff.movedAt(at)).toBe(moved);
          expect([...diff].some(({ from, to }) => from <= at && at < to)).toBe(moved);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('between two masks over one ring are those of the node that returned', () => {
    const ring = Ring.build([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    const diff = diffArcs(ring, ring, { previousMask: Uint8Array.of(0, 1, 0) });
    expect(diff.share).toBeCloseTo(ring.distribution().get('b') ?? 0, 12);
    for (let i = 0; i < 2000; i++) {
      const key = `key:${i}`;
      expect(diff.movedAt(ring.hash(key))).toBe(ring.owners(key, 1)[0] === 'b');
    }
  });

  it('are none between equal rings and one from an empty ring to any', () => {
    const ring = Ring.build([{ name: 'a' }, { name: 'b' }]);
    expect(diffArcs(ring, Ring.build([{ name: 'b' }, { name: 'a' }])).size).toBe(0);
    expect([...diffArcs(Ring.build([]), ring)]).toEqual([{ from: 0, to: HASH_SPACE }]);
    expect(diffArcs(ring, Ring.build([])).size).toBe(0);
  });
});
