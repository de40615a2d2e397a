import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';

function start() {
  const stores = ['a', 'b', 'c', 'd'].map((name) => new MemoryNode({ name }));
  const cache = createCache({
    nodes: stores.map((store) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) })),
    health: {
      intervalMs: 10,
      timeoutMs: 200,
      unhealthyAfter: 1,
      healthyAfter: 1,
      ejectionMs: 10,
      maxEjectionMs: 20,
      maxEjectedShare: 0.75,
      warmingSteps: 1,
      warmingMs: 1,
    },
    fallback: false,
  });
  onTestFinished(async () => {
    await cache.destroy();
  });
  const nodeOf = (name: string) => stores.find((store) => store.name === name) as MemoryNode;
  const reaches = (name: string, state: string) =>
    expect.poll(() => cache.nodes().find((node) => node.name === name)?.state, { interval: 5 }).toBe(state);
  return { cache, nodeOf, reaches };
}

describe('displaced', () => {
  it('names a stand-in that is out itself: it is owed what it misses, and its old count does not go on', async () => {
    const { cache, nodeOf, reaches } = start();
    await cache.ready();
    const key = 'count';
    const owner = cache.ring.owners(key)[0] as string;
    nodeOf(owner).kill();
    nodeOf(owner).refuse();
    await reaches(owner, 'ejected');
    const standIn = cache.ring.owners(key)[0] as string;
    expect(await cache.increment(key)).toBe(1);

    nodeOf(standIn).kill();
    nodeOf(standIn).refuse();
    await reaches(standIn, 'ejected');
    expect(cache.ring.owners(key)[0]).not.toBe(standIn);
    await cache.delete(key);

    nodeOf(standIn).accept();
    await reaches(standIn, 'healthy');
    expect(cache.ring.owners(key)[0]).toBe(standIn);
    expect(await cache.increment(key)).toBe(1);
  });
});
