/** What is remembered of what was read, for when no node can answer. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache } from '../../src/index.js';
import { xxh32 } from '../../src/ring/hash.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A cache over one node in still time, on which another process has stored `k`. */
async function start(options: CacheOptions = {}) {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
  const other = createCache({ nodes, clock, health: false });
  await clock.until(other.set('k', 'v'));
  await clock.until(other.destroy());
  const cache = createCache({ nodes, clock, health: false, retry: false, ...options });
  await clock.until(cache.ready());
  return { clock, store, cache };
}

/** A key of the same generation, of which there are 65,536. */
function neighbourOf(key: string): string {
  for (let i = 0; ; i++) if ((xxh32(`n${i}`) & 0xffff) === (xxh32(key) & 0xffff)) return `n${i}`;
}

describe('the fallback', () => {
  it('remembers the next read of a key whose last one a write came across', async () => {
    const { clock, store, cache } = await start();
    store.latencyMs = 50;
    const crossed = cache.get('k');
    await clock.advance(10);
    const written = cache.delete(neighbourOf('k'));
    expect(await clock.until(crossed)).toBe('v');
    await clock.until(written);
    expect(cache.stats().fallback.entries).toBe(0);
    expect(await clock.until(cache.get('k'))).toBe('v');
    expect(cache.stats().fallback.entries).toBe(1);
    await clock.until(cache.destroy());
  });

  it('knows what was read a moment ago, however short a time it may serve it', async () => {
    const { clock, store, cache } = await start({ fallback: { maxStaleMs: 300 } });
    await clock.until(cache.get('k'));
    await clock.advance(350);
    expect(await clock.until(cache.get('k'))).toBe('v');
    await clock.advance(50);
    store.kill();
    expect(await clock.until(cache.get('k'))).toBe('v');
    await clock.until(cache.destroy());
  });
});

describe('the near cache', () => {
  it('serves a value for its time from when it was asked for: it may have changed ever since', async () => {
    const { clock, store, cache } = await start({ near: { ttlMs: 100 } });
    for (const read of [
      () => cache.get('k'),
      async () => (await cache.getMany(['k'])).get('k'),
      async () => (await cache.getEntry('k'))?.value,
    ]) {
      store.latencyMs = 80;
      const askedAt = clock.now();
      expect(await clock.until(read())).toBe('v');
      expect(clock.now() - askedAt).toBe(80);
      store.latencyMs = 0;
      const { get } = store.stats;
      expect(await clock.until(cache.get('k'))).toBe('v');
      expect(store.stats.get).toBe(get);
      await clock.advance(askedAt + 101 - clock.now());
      expect(await clock.until(cache.get('k'))).toBe('v');
      expect(store.stats.get).toBe(get + 1);
      await clock.advance(200);
    }
    await clock.until(cache.destroy());
  });
});
