/** What removing a node waits for. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A cache over three nodes in still time, with 60 values. */
async function start(options: CacheOptions) {
  const clock = new FakeClock();
  const nodes = ['a', 'b', 'c'].map((name) => {
    const store = new MemoryNode({ name, clock });
    return { name, driver: createMemoryDriver({ name, store }) };
  });
  const cache = createCache({ nodes, clock, health: false, fallback: false, ...options });
  await clock.until(cache.ready());
  const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
  await clock.until(cache.setMany(keys.map((key) => [key, key] as const)));
  const found = async (): Promise<number> => (await clock.until(cache.getMany(keys))).size;
  return { clock, cache, found };
}

describe('removeNode', () => {
  it.each<[string, CacheOptions]>([
    ['without a namespace', {}],
    ['with migration switched off', { namespace: 'shop', handoff: { migrate: false } }],
  ])('does not wait for a hand-off that only reads carry on, %s; it goes on', async (_, options) => {
    const { clock, cache, found } = await start(options);
    const beganAt = clock.now();
    await clock.until(cache.removeNode('a'), 3_600_000);
    expect(clock.now() - beganAt).toBeLessThan(1_000);
    expect(cache.nodes().map(({ name }) => name)).toEqual(['b', 'c']);
    expect(await found()).toBe(60);
    await clock.until(cache.destroy());
    await clock.advance(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits until all keys were carried over where they can be enumerated', async () => {
    const { clock, cache, found } = await start({ namespace: 'shop', handoff: { keysPerSecond: 10 } });
    const finished: number[] = [];
    cache.on('handoffFinished', ({ keys }) => finished.push(keys));
    await clock.until(cache.removeNode('a'));
    expect(finished).toEqual([expect.any(Number)]);
    expect(finished[0]).toBeGreaterThan(5);
    expect(await found()).toBe(60);
    await clock.until(cache.destroy());
  });
});
