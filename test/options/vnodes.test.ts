/** Virtual nodes of a node's own, as npm hashring is told them: for a cache that takes its place. */

import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';

const HashRing: new (nodes: Record<string, { readonly vnodes: number } | number>) => { get(key: string): string } =
  createRequire(import.meta.url)('hashring');

const VNODES = { a: 50, b: 120, c: 7 };
const KEYS = Array.from({ length: 300 }, (_, i) => `user:${i * 7919}`);

describe('vnodes of a node', () => {
  let cache: Cache | undefined;

  afterEach(() => cache?.destroy());

  it('puts keys where hashring puts them, with a node that was told nothing among the others', () => {
    const given = { ...Object.fromEntries(Object.entries(VNODES).map(([name, vnodes]) => [name, { vnodes }])), d: 1 };
    const nodes = [
      ...Object.entries(VNODES).map(([name, vnodes]) => ({ url: `memory://${name}`, vnodes })),
      'memory://d',
    ];
    cache = createCache({ nodes, placement: 'npm-hashring-vnodes' });
    const ring = new HashRing(given);
    expect(KEYS.map((key) => cache?.ring.owners(key)[0])).toEqual(KEYS.map((key) => ring.get(key)));
  });

  it('leaves the others where they are when the last node that was told some is removed', async () => {
    const nodes = [{ url: 'memory://a', vnodes: 80 }, 'memory://b', 'memory://c'];
    cache = createCache({ nodes, placement: 'npm-hashring-vnodes' });
    await cache.ready();
    const before = KEYS.map((key) => cache?.ring.owners(key)[0]);
    await cache.removeNode('a');
    const after = KEYS.map((key) => cache?.ring.owners(key)[0]);
    expect(after.filter((owner, i) => before[i] !== 'a' && before[i] !== owner)).toEqual([]);
    const ring = new HashRing({ b: 1, c: 1 });
    expect(after).toEqual(KEYS.map((key) => ring.get(key)));
  });

  it('is a whole number', () => {
    for (const vnodes of [0, -1, 1.5, Number.NaN, 1e9])
      expect(() => createCache({ nodes: [{ url: 'memory://a', vnodes }] })).toThrow(
        /nodes\[0\]\.vnodes: must be an integer/,
      );
  });
});
