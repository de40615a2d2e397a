/** Calls that go to the nodes several times have one deadline for all of it. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheError, type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A cache over one node that hangs, in still time. */
async function hung(options: CacheOptions = {}) {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
  const quiet = { health: false, fallback: false, retry: false, breaker: false } as const;
  const cache = createCache({ nodes, clock, ...quiet, ...options });
  await clock.until(cache.ready());
  await clock.until(cache.get('k', { lane: 'bulk' }));
  store.hang();
  const end = async (): Promise<void> => {
    await clock.advance(3_000);
    await clock.until(cache.destroy());
  };
  return { clock, cache, store, end };
}

describe('a call on more keys than are asked for at once', () => {
  const KEYS = Array.from({ length: 8_200 }, (_, i) => `k${i}`);
  const timeouts = { attemptMs: 400, totalMs: 500 };

  it('ends in its time, and tells of the keys it did not come to', async () => {
    type Begin = (cache: Cache) => Promise<{ readonly failures: Map<string, CacheError> }>;
    const calls: readonly (readonly [string, Begin])[] = [
      ['getMany', (cache) => cache.getMany(KEYS)],
      ['setMany', (cache) => cache.setMany(KEYS.map((key) => [key, 'v'] as const))],
    ];
    for (const [name, begin] of calls) {
      const { clock, cache, end } = await hung({ timeouts, bulkhead: { maxInFlight: 4_096, maxQueued: 4_096 } });
      const beganAt = clock.now();
      const { failures } = await clock.until(begin(cache));
      expect([name, clock.now() - beganAt <= 516]).toEqual([name, true]);
      expect(failures.size).toBe(KEYS.length);
      expect(failures.get('k8199')).toMatchObject({ code: 'ERR_TIMEOUT', key: 'k8199' });
      await end();
    }
  });
});

describe('getOrSet', () => {
  it('asks the nodes no longer than its time before it loads', async () => {
    const { clock, cache, end } = await hung();
    const loadedAt: number[] = [];
    const beganAt = clock.now();
    const loader = (): string => {
      loadedAt.push(clock.now() - beganAt);
      return 'loaded';
    };
    expect(await clock.until(cache.getOrSet('k', loader, { timeoutMs: 250 }))).toBe('loaded');
    expect(loadedAt).toEqual([expect.toSatisfy((ms) => ms <= 258)]);
    await end();
  });

  it('counts every read it makes, also those that a write overtakes', async () => {
    const { clock, cache, end } = await hung({ timeouts: { attemptMs: 300 } });
    const loadedAt: number[] = [];
    const beganAt = clock.now();
    const loader = (): string => {
      loadedAt.push(clock.now() - beganAt);
      return 'loaded';
    };
    const value = cache.getOrSet('k', loader, { timeoutMs: 450, lease: false });
    for (let i = 0; i < 8; i++) {
      await clock.advance(100);
      void cache.set('k', 'v');
    }
    expect(await clock.until(value)).toBe('loaded');
    expect(loadedAt).toEqual([expect.toSatisfy((ms) => ms <= 458)]);
    await end();
  });
});
