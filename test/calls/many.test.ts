/** Lists of keys that take longer than one wave. */

import { expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';

it('deleteMany deletes a key where it is when its turn comes, though the ring has changed since the call began', async () => {
  const [a, b] = [new MemoryNode({ name: 'a' }), new MemoryNode({ name: 'b' })];
  const nodeOf = (store: MemoryNode) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) });
  const open = () =>
    createCache({
      nodes: [nodeOf(a)],
      health: false,
      handoff: { budgetMs: 30_000 },
      timeouts: { attemptMs: 20_000, totalMs: 30_000 },
    });
  const [one, two] = [open(), open()];
  const both = createCache({ nodes: ['memory://a', 'memory://b'] });
  const first = Array.from({ length: 4_096 }, (_, i) => `first ${i}`);
  const second = Array.from({ length: 40 }, (_, i) => `second ${i}`);
  const moved = second.filter((key) => both.ring.owners(key)[0] === 'b').slice(0, 8);
  const keys = [...first, ...moved];
  await two.setMany(keys.map((key) => [key, 'old'] as const));

  a.latencyMs = 150;
  const deleting = one.deleteMany(keys);
  for (const cache of [one, two]) await cache.addNode(nodeOf(b));
  expect((await two.getMany(moved)).size).toBe(moved.length);
  await expect.poll(() => two.stats().calls.repairs).toBe(moved.length);
  expect((await deleting).deleted).toBe(keys.length);

  for (const cache of [one, two]) expect([...(await cache.getMany(moved)).keys()]).toEqual([]);
  await Promise.all([one, two, both].map((cache) => cache.destroy()));
});

it('an aborted list begins no further wave', async () => {
  const store = new MemoryNode({ name: 'a' });
  const driver = createMemoryDriver({ name: 'a', store });
  const cache = createCache({ nodes: [{ name: 'a', driver }], health: false });
  await cache.ready();
  store.latencyMs = 20;
  const controller = new AbortController();
  const writing = cache.setMany(
    Array.from({ length: 20_000 }, (_, i) => [`key ${i}`, i] as const),
    { signal: controller.signal, timeoutMs: 60_000 },
  );
  controller.abort();
  await expect(writing).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  await cache.close();
  expect(store.stats.store).toBeLessThan(5_000);
});
