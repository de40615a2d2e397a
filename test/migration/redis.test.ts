/** From ringfence itself in the placement of twemproxy to the own ring, over real Redis nodes, while it writes and counts. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cache, type CacheOptions, createCache, type MigrationView } from '../../src/index.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { reached } from '../support/reached.js';

const KEYS = Array.from({ length: 300 }, (_, i) => `{${i % 100}}:${i}`);
const TIMEOUTS = { connectMs: 10_000, attemptMs: 1_500, totalMs: 1_500 };
const OLD = 'twemproxy-redis-ketama-fnv1a_64';

let servers: TestServer[];
let caches: Cache<unknown>[];
beforeEach(async () => {
  servers = await Promise.all(Array.from({ length: 3 }, () => startRedis()));
  caches = [];
});
afterEach(async () => {
  await Promise.all(caches.map((cache) => cache.destroy()));
  await Promise.all(servers.map((server) => server.stop()));
});

async function open(options: CacheOptions): Promise<Cache<unknown>> {
  const cache = createCache({ namespace: 'shop', timeouts: TIMEOUTS, health: false, ...options });
  caches.push(cache);
  await reached(cache);
  return cache;
}

describe.each(['json', 'string'] as const)('codec %s, on Redis', (codec) => {
  it('answers every read with the last write, up, down and up again', async () => {
    const urls = servers.map(({ url }) => url);
    const old = await open({ nodes: urls.slice(0, 2), placement: OLD, codec });
    await old.setMany(KEYS.map((key) => [key, '0'] as const));
    await old.increment('visits', 5);
    const cache = await open({
      nodes: urls.slice(1),
      codec,
      migration: { from: { placement: OLD, nodes: urls.slice(0, 2) }, bounds: false },
    });
    const migration = cache.migration as MigrationView;
    const random = seededRandom(7);
    const last = new Map<string, string | undefined>(KEYS.map((key) => [key, '0']));
    let wrong = 0;
    let visits = 5;
    const step = async (i: number): Promise<void> => {
      const key = KEYS[Math.floor(random() * KEYS.length)] as string;
      const dice = random();
      if (dice < 0.15) {
        last.set(key, String(i));
        await cache.set(key, String(i));
      } else if (dice < 0.2) {
        last.set(key, undefined);
        await cache.delete(key);
      } else {
        const expected = last.get(key);
        const value = await cache.get(key);
        // Of a key written meanwhile nobody knows which of the two was answered.
        if (last.get(key) === expected && value !== expected) wrong++;
      }
    };
    const ramps = [20, 60, 10, 100, 0, 50];
    for (const percent of ramps) {
      migration.rampTo(percent);
      for (let i = 0; i < 400; i += 20)
        await Promise.all(Array.from({ length: 20 }, (_, k) => step(percent * 1_000 + i + k)));
      expect(await cache.increment('visits')).toBe(++visits);
    }
    expect(wrong).toBe(0);
    await migration.promote();
    for (const key of KEYS) expect(await cache.get(key)).toBe(last.get(key));
    expect(await cache.increment('visits')).toBe(++visits);
    expect(cache.nodes()).toHaveLength(2);
  });
});
