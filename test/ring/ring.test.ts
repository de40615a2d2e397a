import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HASH_SPACE } from '../../src/ring/arcs.js';
import type { RingMember } from '../../src/ring/placement.js';
import { Ring } from '../../src/ring/ring.js';

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });
const members = fc.uniqueArray(
  fc.record(
    {
      name: fc.oneof(fc.string({ minLength: 1, maxLength: 8 }), fc.constantFrom('__proto__', 'toString', 'é', '日本')),
      weight: fc.double({ min: 0.05, max: 4, noNaN: true }),
      zone: fc.constantFrom('a', 'b', 'c'),
    },
    { requiredKeys: ['name'] },
  ),
  { minLength: 1, maxLength: 8, selector: ({ name }) => name },
);
const small = { pointsPerWeight: 64 };
const hashes = fc.array(fc.integer({ min: 0, max: HASH_SPACE - 1 }), { minLength: 20, maxLength: 20 });

function pointsOf(ring: Ring): [number, number][] {
  const points: [number, number][] = [];
  ring.forEachPoint((point, node) => points.push([point, node]));
  return points;
}

function ownersAt(ring: Ring, hash: number, count: number, mask?: Uint8Array): string[] {
  const into = new Int32Array(ring.members.length);
  const found = ring.ownersInto(hash, count, into, mask);
  return Array.from(into.subarray(0, found), (node) => ring.members[node]?.name ?? 'nobody');
}

/** Owners by the definition: all points in order from the hash on, zones first. */
function ownersByDefinition(ring: Ring, hash: number, count: number, mask: Uint8Array): string[] {
  const points = pointsOf(ring);
  const start = points.findIndex(([point]) => point >= hash);
  const walk = start < 0 ? points : [...points.slice(start), ...points.slice(0, start)];
  const order = [...new Set(walk.map(([, node]) => node))].filter((node) => !mask[node]);
  const chosen: number[] = [];
  const zones = new Set<string>();
  for (const node of order) {
    const zone = ring.members[node]?.zone ?? ` ${node}`;
    if (zones.has(zone) || chosen.length >= count) continue;
    zones.add(zone);
    chosen.push(node);
  }
  for (const node of order) if (chosen.length < count && !chosen.includes(node)) chosen.push(node);
  return chosen.map((node) => ring.members[node]?.name ?? 'nobody');
}

describe('a ring', () => {
  it('is the same to the last point in whatever order its members come', () => {
    fc.assert(
      fc.property(members, fc.infiniteStream(fc.nat()), (list, noise) => {
        const keyed = list.map((member) => ({ member, key: noise.next().value ?? 0 }));
        const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ member }) => member);
        const [a, b] = [Ring.build(list, small), Ring.build(shuffled, small)];
        expect(pointsOf(b)).toEqual(pointsOf(a));
        expect(b.members).toEqual(a.members);
        expect(b.fingerprint).toBe(a.fingerprint);
      }),
      { numRuns: 50 },
    );
  });

  it('answers owners as a plain walk over its points would, with masks and zones', () => {
    fc.assert(
      fc.property(members, hashes, fc.nat(9), fc.nat(255), (list, at, count, maskBits) => {
        const ring = Ring.build(list, { pointsPerWeight: 8 });
        const mask = Uint8Array.from(ring.members, (_, node) => (maskBits >> node) & 1);
        for (const hash of [...at, 0, HASH_SPACE - 1, ...pointsOf(ring).map(([point]) => point)]) {
          expect(ownersAt(ring, hash, count, mask)).toEqual(ownersByDefinition(ring, hash, count, mask));
          expect(ring.members[ring.primaryOf(hash)]?.name).toBe(ownersAt(ring, hash, 1)[0]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('gives replicas on distinct nodes, in distinct zones where there are enough', () => {
    const ring = Ring.build(Array.from({ length: 9 }, (_, i) => ({ name: `n${i}`, zone: 'abc'[i % 3] ?? '' })));
    for (let i = 0; i < 2000; i++) {
      const owners = ring.owners(`key:${i}`, 5);
      expect(new Set(owners).size).toBe(5);
      const zones = owners.map((name) => ring.members.find((member) => member.name === name)?.zone);
      expect(new Set(zones.slice(0, 3)).size).toBe(3);
    }
  });

  it('walks past masked nodes to the owners of a ring without them', () => {
    fc.assert(
      fc.property(names, hashes, fc.nat(), (list, at, pick) => {
        const ring = Ring.build(
          list.map((name) => ({ name })),
          small,
        );
        const out = ring.members[pick % ring.members.length]?.name ?? '';
        const without = ring.with({ remove: [out] });
        const mask = Uint8Array.from(ring.members, ({ name }) => (name === out ? 1 : 0));
        for (const hash of at) expect(ownersAt(ring, hash, 3, mask)).toEqual(ownersAt(without, hash, 3));
      }),
      { numRuns: 50 },
    );
  });

  it('moves no more than 1/N + 3 sigma when one of N joins or leaves, and nothing between two others', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 20 }), (list) => {
        const all = Ring.build(list.map((name) => ({ name })));
        const lone = list[0] ?? '';
        const less = all.with({ remove: [lone] });
        const n = list.length;
        // The share of one of n nodes with k of nk points has variance (n-1) / (n² (nk+1)).
        const limit = 1 / n + 3 * Math.sqrt((n - 1) / (n * n * (n * 1024 + 1)));
        const leave = all.plan(less);
        const join = less.plan(all);
        expect(leave.moves.every(({ from }) => from === lone)).toBe(true);
        expect(join.moves.every(({ to }) => to === lone)).toBe(true);
        expect(leave.movedShare).toBeCloseTo(join.movedShare, 9);
        expect(leave.movedShare).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  it('places keys that share a tag together', () => {
    const ring = Ring.build([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    expect(ring.hash('{user1}.name')).toBe(ring.hash('user1'));
    expect(ring.hash('x{user1}{other}')).toBe(ring.hash('user1'));
    expect(ring.hash('{}{user1}')).not.toBe(ring.hash('user1'));
    expect(ring.hash('{日本}:a')).toBe(ring.hash('日本'));
    expect(ring.hash('{open')).not.toBe(ring.hash('open'));
  });

  it('has owners for no key when it is empty, and one for every key when it has one node', () => {
    const empty = Ring.build([]);
    expect(empty.owners('k', 3)).toEqual([]);
    expect(empty.primaryOf(empty.hash('k'))).toBe(-1);
    expect(empty.distribution().size).toBe(0);
    const one = Ring.build([{ name: 'only' }]);
    expect(one.owners('k', 3)).toEqual(['only']);
    expect(one.distribution()).toEqual(new Map([['only', 1]]));
    expect(one.owners('k', 3, Uint8Array.of(1))).toEqual([]);
    expect(one.owners('k', 0)).toEqual([]);
  });

  it('answers fewer owners than asked for when fewer nodes are live', () => {
    const ring = Ring.build([
      { name: 'a', zone: 'x' },
      { name: 'b', zone: 'x' },
      { name: 'c', zone: 'y' },
      { name: 'd' },
    ]);
    expect(ring.owners('k', 10).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(ring.owners('k', 4, Uint8Array.of(1, 0, 1, 1))).toEqual(['b']);
    expect(ring.owners('k', 4, Uint8Array.of(1, 1, 1, 1))).toEqual([]);
  });

  it.each<[string, readonly RingMember[]]>([
    ['a name twice', [{ name: 'a' }, { name: 'a' }]],
    ['an empty name', [{ name: '' }]],
    ['a weight of 0', [{ name: 'a', weight: 0 }]],
    ['a negative weight', [{ name: 'a', weight: -1 }]],
    ['a weight that is no number', [{ name: 'a', weight: Number.NaN }]],
    ['an absurd weight', [{ name: 'a', weight: 1e6 }]],
  ])('refuses %s', (_, list) => {
    expect(() => Ring.build(list)).toThrow(RangeError);
  });

  it('refuses to remove or reweight a node it has not', () => {
    const ring = Ring.build([{ name: 'a' }]);
    expect(() => ring.with({ remove: ['b'] })).toThrow(RangeError);
    expect(() => ring.with({ reweight: { toString: 2 } })).toThrow(RangeError);
    expect(() => Ring.build([{ name: 'a' }], { pointsPerWeight: 0.5 })).toThrow(RangeError);
  });

  it('has a fingerprint that tells placements apart and nothing else', () => {
    const print = (list: readonly RingMember[], pointsPerWeight = 64): string =>
      Ring.build(list, { pointsPerWeight }).fingerprint;
    const base = print([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    expect(print([{ name: 'a', weight: 1 }, { name: 'b', weight: 1.001 }, { name: 'c' }])).toBe(base);
    expect(
      print(
        [
          { name: 'a', weight: 2 },
          { name: 'b', weight: 2 },
          { name: 'c', weight: 2 },
        ],
        32,
      ),
    ).toBe(base);
    expect(
      print([
        { name: 'a', zone: 'x' },
        { name: 'b', zone: 'x' },
        { name: 'c', zone: 'x' },
      ]),
    ).toBe(base);
    expect(print([{ name: 'a', zone: 'x' }, { name: 'b' }, { name: 'c', zone: 'y' }])).toBe(base);
    const zoned = print([{ name: 'a', zone: 'x' }, { name: 'b', zone: 'x' }, { name: 'c' }]);
    expect(
      print([
        { name: 'a', zone: 'q' },
        { name: 'b', zone: 'q' },
        { name: 'c', zone: 'r' },
      ]),
    ).toBe(zoned);
    const others = [
      zoned,
      print([{ name: 'a' }, { name: 'b' }]),
      print([{ name: 'a' }, { name: 'b' }, { name: 'd' }]),
      print([{ name: 'a', weight: 1.1 }, { name: 'b' }, { name: 'c' }]),
      print([{ name: 'a' }, { name: 'b' }, { name: 'c' }], 65),
    ];
    expect(new Set([base, ...others]).size).toBe(others.length + 1);
  });

  it('places as the golden file says, for ever', () => {
    const golden: {
      rings: { members: RingMember[]; fingerprint: string; distribution: [string, number][] }[];
      keys: [string, string[][]][];
    } = JSON.parse(readFileSync(new URL('../fixtures/ring-golden.json', import.meta.url), 'utf8'));
    const rings = golden.rings.map((wanted) => {
      const ring = Ring.build(wanted.members);
      expect(ring.fingerprint).toBe(wanted.fingerprint);
      expect([...ring.distribution()]).toEqual(wanted.distribution);
      return ring;
    });
    expect(golden.keys.length).toBeGreaterThan(400);
    for (const [key, owners] of golden.keys) expect(rings.map((ring) => ring.owners(key, 3))).toEqual(owners);
  });
});
