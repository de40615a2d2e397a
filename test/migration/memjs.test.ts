/** From the real memjs over real memcached servers to the own ring, while memjs runs on or has gone. */

import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cache, createCache, type MigrationOptions, type MigrationView } from '../../src/index.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { reached } from '../support/reached.js';

interface Memjs {
  set(key: string, value: string, options: { expires?: number }): Promise<boolean>;
  get(key: string): Promise<{ value: Buffer | null }>;
  delete(key: string): Promise<boolean>;
  close(): void;
}
const memjs: { Client: { create(list: string, options: object): Memjs } } = createRequire(import.meta.url)('memjs');

const KEYS = Array.from({ length: 600 }, (_, i) => `user:${i}`);
/** What began before a step has ended so much later: that long nothing is deleted. */
const TIMEOUTS = { connectMs: 10_000, attemptMs: 1_500, totalMs: 1_500 };

let servers: TestServer[];
let old: Memjs;
let caches: Cache<string>[];

beforeEach(async () => {
  servers = await Promise.all(Array.from({ length: 4 }, () => startMemcached()));
  const list = servers.slice(0, 3).map(({ host, port }) => `${host}:${port}`);
  old = memjs.Client.create(list.join(','), { retries: 1, timeout: 20 });
  caches = [];
  await Promise.all(KEYS.map((key) => old.set(key, `old ${key}`, { expires: 600 })));
});
afterEach(async () => {
  old.close();
  await Promise.all(caches.map((cache) => cache.destroy()));
  await Promise.all(servers.map((server) => server.stop()));
});

async function open(migration: Omit<MigrationOptions, 'from'>) {
  const urls = servers.map(({ url }) => url);
  const cache = createCache<string>({
    nodes: urls,
    codec: 'string',
    timeouts: TIMEOUTS,
    // On a busy machine a node may be late, and what a stand-in then holds has a short life.
    health: false,
    migration: { from: { placement: 'npm-memjs', nodes: urls.slice(0, 3) }, ...migration },
  });
  caches.push(cache);
  await reached(cache);
  return { cache, migration: cache.migration as MigrationView };
}

async function found(cache: Cache<string>): Promise<number> {
  const entries = await cache.getMany(KEYS);
  for (const [key, value] of entries) expect(value).toBe(`old ${key}`);
  return entries.size;
}

describe('from memjs to the own ring', () => {
  it('carries what is read, with its time to live, and serves what memjs stored', async () => {
    const { cache, migration } = await open({ ramp: 50 });
    expect(await found(cache)).toBe(KEYS.length);
    await expect.poll(() => migration.moved).toBeGreaterThan(100);
    const moved = await Promise.all(KEYS.map((key) => cache.ttl(key)));
    for (const ttl of moved) {
      expect(ttl).toBeGreaterThan(500_000);
      expect(ttl).toBeLessThanOrEqual(600_000);
    }
    const asked = async (): Promise<number> => {
      const { missesServedByOld } = migration;
      expect(await found(cache)).toBe(KEYS.length);
      return migration.missesServedByOld - missesServedByOld;
    };
    await expect.poll(asked).toBe(0);
  });

  it('carries all there is where the servers are its own, and is promoted without a miss', async () => {
    const { cache, migration } = await open({ ramp: 20, carry: 'all' });
    await cache.set('user:0', 'old user:0');
    await migration.promote();
    expect(migration.phase).toBe('promoted');
    expect(await found(cache)).toBe(KEYS.length);
    expect(migration.missesServedByOld).toBeLessThan(KEYS.length / 10);
  });

  it('carries what was read before it drops the old place', async () => {
    const { cache, migration } = await open({ ramp: 100 });
    expect(await found(cache)).toBe(KEYS.length);
    await migration.promote();
    expect(migration.phase).toBe('promoted');
    expect(await found(cache)).toBe(KEYS.length);
  });

  it('carries on nothing that memjs had left on other servers long ago, and removes it in the end', async () => {
    const { cache, migration } = await open({ carry: 'all' });
    const names = servers.map(({ host, port }) => `${host}:${port}`);
    const next = createCache<string>({ nodes: servers.map(({ url }) => url), codec: 'string' });
    caches.push(next);
    const strays: (() => Promise<Buffer | null>)[] = [];
    for (const key of KEYS.slice(0, 100)) {
      const elsewhere = names
        .slice(0, 3)
        .find((name) => ![...cache.ring.owners(key), ...next.ring.owners(key)].includes(name));
      if (elsewhere === undefined) continue;
      const one = memjs.Client.create(elsewhere, { timeout: 20 });
      await one.set(key, 'ancient', { expires: 600 });
      one.close();
      strays.push(async () => {
        const again = memjs.Client.create(elsewhere, { timeout: 20 });
        const { value } = await again.get(key);
        again.close();
        return value;
      });
    }
    expect(strays.length).toBeGreaterThan(20);
    migration.rampTo(100);
    expect(await found(cache)).toBe(KEYS.length);
    await migration.promote();
    expect(await found(cache)).toBe(KEYS.length);
    for (const stray of strays) expect(await stray()).toBeNull();
  });
});

describe('while memjs still writes', () => {
  it('reads through: memjs is heard at once, nothing is copied, and memjs hears of us', async () => {
    const { cache, migration } = await open({ mode: 'read-through', ramp: 100 });
    expect(migration).toMatchObject({ phase: 'read-through', percent: 0 });
    expect(await found(cache)).toBe(KEYS.length);
    for (let i = 0; i < 100; i++) {
      const key = KEYS[i] as string;
      await cache.set(key, `ours ${i}`);
      expect((await old.get(key)).value?.toString()).toBe(`ours ${i}`);
      await old.set(key, `theirs ${i}`, { expires: 600 });
      expect(await cache.get(key)).toBe(`theirs ${i}`);
      await old.delete(key);
      expect(await cache.get(key)).toBeUndefined();
    }
    expect(migration.moved).toBe(0);
    // Nothing is on the server that memjs does not know.
    const alone = createCache<string>({ nodes: [(servers[3] as TestServer).url], codec: 'string' });
    caches.push(alone);
    await reached(alone);
    expect((await alone.getMany(KEYS)).size).toBe(0);
  });

  it('is begun when memjs has gone', async () => {
    const { cache, migration } = await open({ mode: 'read-through', ramp: 100, carry: 'all' });
    await old.set('user:1', 'old user:1', {});
    migration.begin();
    expect(migration).toMatchObject({ phase: 'steady', percent: 100 });
    expect(await found(cache)).toBe(KEYS.length);
    await migration.promote();
    expect(await found(cache)).toBe(KEYS.length);
  });
});
