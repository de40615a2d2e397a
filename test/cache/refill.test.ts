import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { until } from '../faults/fleet.js';

const KEYS = Array.from({ length: 200 }, (_, i) => `key-${i}`);
const HEALTH = { intervalMs: 20, timeoutMs: 50, ejectionMs: 50, warmingMs: 5 };

async function filled(): Promise<{ cache: Cache; nodes: readonly MemoryNode[] }> {
  const nodes = ['a', 'b', 'c'].map((name) => new MemoryNode({ name }));
  const cache = createCache({
    nodes: nodes.map((store) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) })),
    namespace: 'refill',
    replication: 2,
    health: HEALTH,
    fallback: false,
    timeouts: { connectMs: 50, attemptMs: 50, totalMs: 100 },
  });
  await cache.ready();
  await cache.setMany(KEYS.map((key) => [key, key] as const));
  return { cache, nodes };
}

const hits = async (cache: Cache): Promise<number> => (await cache.getMany(KEYS)).size;
const stateOf = (cache: Cache, name: string): string | undefined =>
  cache.nodes().find((node) => node.name === name)?.state;
const isOwnedByA = (cache: Cache, key: string): boolean => cache.ring.owners(key).includes('a');
const isRefilled = (cache: Cache): Promise<void> => {
  const owned = KEYS.filter((key) => isOwnedByA(cache, key)).length;
  return until(() => cache.stats().calls.repairs >= owned && cache.nodes().every(({ isConnected }) => isConnected));
};

describe('Refill', () => {
  it('gives a node that was out, and comes back empty, all its copies back: the next to die costs no hit', async () => {
    const { cache, nodes } = await filled();
    const [a, b] = nodes as [MemoryNode, MemoryNode];
    a.kill();
    await until(() => stateOf(cache, 'a') === 'ejected');
    a.restart({ data: 'empty' });
    await until(() => stateOf(cache, 'a') === 'healthy');
    await isRefilled(cache);
    b.kill();
    expect(await hits(cache)).toBe(KEYS.length);
    await cache.destroy();
  });

  it('does so too where the restart was too quick for an ejection', async () => {
    const { cache, nodes } = await filled();
    const [a, b] = nodes as [MemoryNode, MemoryNode];
    a.restart({ data: 'empty' });
    await isRefilled(cache);
    b.kill();
    expect(await hits(cache)).toBe(KEYS.length);
    await cache.destroy();
  });

  it('puts back nothing that was deleted meanwhile', async () => {
    const { cache, nodes } = await filled();
    const [a] = nodes as [MemoryNode];
    a.restart({ data: 'empty' });
    const half = KEYS.filter((_, i) => i % 2 === 0);
    await cache.deleteMany(half);
    const stay = new Set(KEYS.filter((key) => !half.includes(key)));
    await until(() => cache.stats().calls.repairs >= [...stay].filter((key) => isOwnedByA(cache, key)).length);
    expect(new Set((await cache.getMany(KEYS)).keys())).toEqual(stay);
    await cache.destroy();
  });
});
