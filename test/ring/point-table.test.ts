import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PointTable } from '../../src/ring/point-table.js';

/** Anywhere, or on a heap: many points of one bucket and none in most others. */
const position = fc.oneof(
  fc.nat(0xffff_ffff),
  fc.nat(0x1fff).map((n) => 0x8000_0000 + n),
  fc.constantFrom(0, 0xffff_ffff),
);
const node = fc.oneof(fc.nat(5), fc.constantFrom(0xffff));
const points = fc
  .array(fc.tuple(position, node), { maxLength: 300, size: 'max' })
  .map((all) => [...new Map(all)].sort(([a], [b]) => a - b));

describe('PointTable', () => {
  it('finds the first point at or after a hash, on a ring of any shape, with any node numbers', () => {
    fc.assert(
      fc.property(points, fc.array(position, { maxLength: 40 }), (sorted, hashes) => {
        const table = new PointTable({
          at: Uint32Array.from(sorted, ([at]) => at),
          node: Uint16Array.from(sorted, ([, of]) => of),
        });
        const near = sorted.flatMap(([at]) => [at, at + 1, at - 1]).filter((at) => at >= 0 && at <= 0xffff_ffff);
        for (const hash of [...hashes, ...near]) {
          const owner = sorted.find(([at]) => at >= hash) ?? sorted[0];
          expect(table.primaryOf(hash)).toBe(owner?.[1] ?? -1);
          // The hash of a key may come signed.
          expect(table.primaryOf(hash | 0)).toBe(owner?.[1] ?? -1);
        }
        const visited: [number, number][] = [];
        table.forEachPoint((at, of) => visited.push([at, of]));
        expect(visited).toEqual(sorted);
      }),
    );
  });
});
