/**
 * A node that was removed comes back with the counters it had: their digits tell no age, and are not what another process
 * has carried there meanwhile.
 */

import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const caches: { readonly cache: Cache; readonly clock: FakeClock }[] = [];
afterEach(async () => {
  for (const { cache, clock } of caches.splice(0)) await clock.until(cache.destroy());
});

describe('a node that is removed and added again', () => {
  it('does not bring back deleted counts', async () => {
    const clock = new FakeClock();
    const stores = ['a', 'b', 'c'].map((store) => new MemoryNode({ name: store, clock }));
    const node = (store: MemoryNode) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store }),
    });
    const cache = createCache<number>({ nodes: stores.map((store) => node(store)), clock, namespace: 'n' });
    caches.push({ cache, clock });
    await clock.until(cache.ready());
    const keys = Array.from({ length: 90 }, (_, i) => `k${i}`);
    for (const key of keys) expect(await clock.until(cache.increment(key, 7))).toBe(7);

    await clock.until(cache.removeNode('c', { drain: false }));
    cache.handoff.cancel();
    await clock.advance(5_000);
    for (const key of keys) await clock.until(cache.delete(key));
    await clock.until(cache.addNode(node(stores[2] as MemoryNode)));
    for (const key of keys) expect([key, await clock.until(cache.increment(key))]).toEqual([key, 1]);
    await clock.advance(60_000);
    for (const key of keys) expect([key, await clock.until(cache.get(key))]).toEqual([key, 1]);
  });
});
