/** Rule R13: whatever is written to a stand-in, in whatever way, lives there for a short time. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';

const STAND_IN_TTL_MS = 5_000;

describe('a stand-in', () => {
  let cache: Cache;
  let keys: string[];
  let own = '';

  beforeAll(async () => {
    const stores = ['a', 'b'].map((name) => new MemoryNode({ name }));
    cache = createCache({
      nodes: stores.map((store) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) })),
      health: { standInTtlMs: STAND_IN_TTL_MS },
    });
    await cache.ready();
    const all = Array.from({ length: 40 }, (_, i) => `k${i}`);
    keys = all.filter((key) => cache.ring.owners(key)[0] === 'a');
    own = all.find((key) => !keys.includes(key)) ?? '';
    await cache.maintenance('a', true);
  });
  afterAll(() => cache.destroy());

  const briefly = (ms: number | 'none' | undefined): boolean => typeof ms === 'number' && ms <= STAND_IN_TTL_MS;

  it.each<[string, (key: string) => Promise<unknown>]>([
    ['set', (key) => cache.set(key, 'v')],
    ['add', (key) => cache.add(key, 'v')],
    ['replace', (key) => cache.set(key, 'v').then(() => cache.replace(key, 'v', { ttlMs: 60_000 }))],
    ['increment', (key) => cache.increment(key)],
    [
      'compareAndSet',
      async (key) => {
        await cache.set(key, 'v');
        return cache.compareAndSet(key, 'w', (await cache.getEntry(key))?.version ?? '');
      },
    ],
  ])('keeps what %s stored for standInTtlMs at most', async (_, write) => {
    const key = keys.pop() ?? '';
    expect(cache.ring.owners(key)).toEqual(['b']);
    expect(await write(key)).toBeTruthy();
    expect(await cache.ttl(key)).toSatisfy(briefly);
  });

  it('keeps keys of its own as long as it is told', async () => {
    expect(await cache.add(own, 'v')).toBe(true);
    expect(await cache.ttl(own)).toBe('none');
  });
});
