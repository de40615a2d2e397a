/** When a refill ends. What it brings is in test/cache/refill.test.ts. */

import { expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

it('is given up where nothing can be brought: a full node is not asked for ever', async () => {
  const clock = new FakeClock();
  const full = new MemoryNode({ name: 'a', clock, maxBytes: 4_000, whenFull: 'refuse' });
  const stores = [full, ...['b', 'c'].map((name) => new MemoryNode({ name, clock }))];
  const cache = createCache({
    nodes: stores.map((store) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store, clock }),
    })),
    clock,
    namespace: 'n',
    replication: 2,
    health: false,
  });
  await clock.until(cache.ready());
  await clock.until(cache.setMany(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'v'] as const)));
  full.restart({ data: 'empty' });
  await clock.advance(10_000);
  const early = full.stats.lease;
  expect(early).toBeGreaterThan(100);
  await clock.advance(60_000);
  const late = full.stats.lease;
  await clock.advance(600_000);
  expect(full.stats.lease).toBe(late);
  await clock.until(cache.destroy());
});
