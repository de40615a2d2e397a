/** Envoy's ring against a plain search among its 64-bit points. */

import { describe, expect, it } from 'vitest';
import { createPlacement, type PlacementNode } from '../../../src/placements.js';
import { type EnvoyPoint, envoyRingPoints } from '../../../src/ring/placements/envoy.js';
import { murmur64 } from '../../../src/ring/placements/murmur.js';

const halves = new Uint32Array(2);
function hashOf(key: string): bigint {
  murmur64(key, halves);
  return (BigInt(halves[0] ?? 0) << 32n) | BigInt(halves[1] ?? 0);
}
const nodesOf = (weights: readonly number[]): PlacementNode[] =>
  weights.map((weight, i) => ({ host: `10.1.${i >> 8}.${i & 255}`, port: 6379, weight }));
const keys = Array.from({ length: 3_000 }, (_, i) => ['k', 'é', '', 'x'.repeat(i % 90), '日本'][i % 5] + String(i));

/** Weights this far apart ask for 150,000 points. */
const MANY = nodesOf([1, ...Array<number>(151).fill(1000)]);

function firstFrom(points: readonly EnvoyPoint[], sought: bigint): EnvoyPoint | undefined {
  let from = 0;
  let to = points.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((points[middle]?.at ?? 0n) < sought) from = middle + 1;
    else to = middle;
  }
  return points[from] ?? points[0];
}

describe.each([
  ['a few points by murmur2', 'murmur2', nodesOf([1, 1, 1]), false],
  ['a few points by xxhash', 'xxhash', nodesOf([3, 1, 2]), false],
  ['so many points that some share their upper halves', 'xxhash', MANY, true],
] as const)('a ring of %s', (_, hash, nodes, isShared) => {
  it('is owned as its points say', () => {
    const points = envoyRingPoints(nodes, hash);
    expect(new Set(points.map(({ at }) => at >> 32n)).size < points.length).toBe(isShared);
    const placement = createPlacement(`envoy-ring-${hash}`, nodes);
    // The label of a point is a key that hashes to the point itself, where it was hashed by the same function.
    const labels = nodes.slice(0, 3).flatMap(({ host, port }) => [0, 1, 2].map((i) => `${host}:${port}_${i}`));
    const all = [...keys, ...labels];
    const expected = all.map((key) => placement.members[firstFrom(points, hashOf(key))?.node ?? -1]?.name);
    expect(all.map((key) => placement.members[placement.primaryOf(placement.hash(key), key)]?.name)).toEqual(expected);
  });
});
