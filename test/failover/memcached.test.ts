/** Two real memcached: the standby knows nothing, or what it was told in an earlier term. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assembleCache } from '../../src/create-cache.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { held } from '../staleness/support/held.js';
import { until } from '../staleness/support/until.js';
import { WatchedCache } from '../staleness/support/watched-cache.js';
import { reached } from '../support/reached.js';

const KEYS = Array.from({ length: 50 }, (_, i) => `k${i}`);

async function setUp(codec: 'json' | 'string') {
  const [a, b] = await Promise.all([startMemcached(), startMemcached()]);
  onTestFinished(() => a.stop());
  onTestFinished(() => b.stop());
  const cache = assembleCache<unknown>(
    {
      nodes: [
        { name: 'a', url: a.url, group: 'g', role: 'primary' },
        { name: 'b', url: b.url, group: 'g', role: 'standby' },
      ],
      codec,
      failover: { failbackDelayMs: 200 },
      // A member that is late on a busy machine is not left for that.
      health: { intervalMs: 60, timeoutMs: 1_000, ejectionMs: 200, healthyAfter: 1 },
      timeouts: { connectMs: 5_000, attemptMs: 1_000, totalMs: 2_000 },
      fallback: false,
      retry: false,
    },
    new Set(),
  );
  onTestFinished(async () => {
    await cache.destroy();
  });
  await reached(cache);
  const active = (name: string) =>
    until(`${name} is active`, () => {
      const [node] = cache.nodes();
      return node?.group?.active === name && node.isConnected;
    });
  await until('the standby is known', () => cache.nodes()[0]?.group?.members[1]?.state === 'healthy');
  const watched = new WatchedCache(cache, codec);
  const writeAll = () => Promise.all(KEYS.map((key) => watched.set(key)));
  return { a, b, cache, watched, active, writeAll };
}

describe('a group of memcached nodes', () => {
  for (const codec of ['json', 'string'] as const)
    it(`goes over to an empty standby and back, and reads nothing old at either (${codec})`, async () => {
      const { a, b, watched, active, writeAll } = await setUp(codec);
      await writeAll();
      await a.kill9();
      await active('b');
      await watched.read(KEYS);
      await writeAll();
      await watched.read(KEYS);
      await a.restart();
      await active('a');
      await watched.read(KEYS);
      await writeAll();
      await b.kill9();
      await watched.read(KEYS);
      expect(watched.stale).toEqual([]);
      expect(watched.hits).toBe(2 * KEYS.length);
    });

  it('deletes at a primary that was away what was overwritten meanwhile, before it takes over again', async () => {
    const { a, watched, active, writeAll } = await setUp('json');
    await writeAll();
    await a.pause();
    await active('b');
    await Promise.all(KEYS.slice(0, 20).map((key) => watched.set(key)));
    a.resume();
    await active('a');
    const left = await Promise.all(KEYS.map((key) => held(a, key)));
    expect(left.slice(0, 20).every((number) => number === undefined)).toBe(true);
    expect(left.slice(20).every((number) => number !== undefined)).toBe(true);
    await watched.read(KEYS);
    expect(watched.stale).toEqual([]);
    expect(watched.hits).toBe(30);
  });
});
