/** Keys placed as other clients place them: real clients and a cache read what the other wrote, each from the first node asked. */

import { createRequire } from 'node:module';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache, OptionError } from '../../src/index.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { PATIENT } from './fleet.js';

interface MemcachedClient {
  set(key: string, value: string, lifeSeconds: number, done: (error: Error | undefined) => void): void;
  get(key: string, done: (error: Error | undefined, value: string | undefined) => void): void;
  end(): void;
}
interface HashRing {
  get(key: string): string;
}
interface Memjs {
  set(key: string, value: string, options: { expires: number }): Promise<boolean>;
  get(key: string): Promise<{ value: Buffer | null }>;
  close(): void;
}
const require = createRequire(import.meta.url);
const Memcached: new (nodes: Record<string, number> | string[]) => MemcachedClient = require('memcached');
const HashRingClass: new (nodes: Record<string, number> | string[]) => HashRing = require('hashring');
const memjs: { Client: { create(list: string): Memjs } } = require('memjs');

/** A client of somebody else's. */
interface Other {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | undefined>;
  close(): void;
}

const KEYS = Array.from({ length: 2_000 }, (_, i) => `${['user', 'page/ä', 'k'][i % 3]}:${i * 7919}`);
const BATCH = 200;
const addressOf = ({ host, port }: TestServer): string => `${host}:${port}`;

async function inBatches(keys: readonly string[], work: (key: string) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < keys.length; at += BATCH) await Promise.all(keys.slice(at, at + BATCH).map(work));
}

const caches: Cache<unknown>[] = [];
async function open(options: CacheOptions): Promise<Cache<string>> {
  const cache = createCache<string>({ codec: 'string', fallback: false, timeouts: PATIENT, ...options });
  caches.push(cache);
  await cache.ready();
  return cache;
}
afterAll(() => Promise.all(caches.map((cache) => cache.destroy())));

async function expectBothWays(cache: Cache<string>, other: Other): Promise<void> {
  try {
    await inBatches(KEYS, (key) => other.set(key, `theirs ${key}`));
    await inBatches(KEYS, async (key) => expect(await cache.get(key)).toBe(`theirs ${key}`));
    await inBatches(KEYS, async (key) => expect(await cache.set(key, `ours ${key}`)).toBe(true));
    await inBatches(KEYS, async (key) => expect(await other.get(key)).toBe(`ours ${key}`));
    const { nodes } = cache.stats();
    expect(Object.values(nodes).every(({ misses }) => misses === 0)).toBe(true);
  } finally {
    other.close();
  }
}

function withMemcached(nodes: Record<string, number> | string[]): Other {
  const client = new Memcached(nodes);
  return {
    set: (key, value) => new Promise((done, fail) => client.set(key, value, 0, (e) => (e ? fail(e) : done(true)))),
    get: (key) => new Promise((done, fail) => client.get(key, (e, value) => (e ? fail(e) : done(value)))),
    close: () => client.end(),
  };
}

describe('a cache with another client’s placement, over real servers', () => {
  const servers: TestServer[] = [];
  let memcached: TestServer[] = [];
  let redis: TestServer[] = [];
  const three = [1, 2, 3];

  beforeAll(async () => {
    [memcached, redis] = await Promise.all([
      Promise.all(three.map(() => startMemcached())),
      Promise.all(three.map(() => startRedis())),
    ]);
    servers.push(...memcached, ...redis);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('npm-memjs: memjs and the cache find what the other wrote, with the nodes in the same order', async () => {
    const list = memcached.toReversed();
    const client = memjs.Client.create(list.map(addressOf).join());
    const cache = await open({ nodes: list.map(({ url }) => url), placement: 'npm-memjs' });
    await expectBothWays(cache, {
      set: (key, value) => client.set(key, value, { expires: 0 }),
      get: async (key) => (await client.get(key)).value?.toString(),
      close: () => client.close(),
    });
  });

  it('npm-memcached: memcached and the cache find what the other wrote, weights included', async () => {
    const cache = await open({
      nodes: memcached.map(({ url }, i) => ({ url, weight: i + 1 })),
      placement: 'npm-memcached',
    });
    await expectBothWays(
      cache,
      withMemcached(Object.fromEntries(memcached.map((server, i) => [addressOf(server), i + 1]))),
    );
  });

  it('npm-hashring: hashring over ioredis and the cache find what the other wrote', async () => {
    const ring = new HashRingClass(redis.map(addressOf));
    const clients = new Map(redis.map((server) => [addressOf(server), new Redis(server.port, server.host)]));
    const of = (key: string): Redis => {
      const client = clients.get(ring.get(key));
      if (client === undefined) throw new Error('the ring names a node that is not there');
      return client;
    };
    const cache = await open({ nodes: redis.map(({ url }) => url), placement: 'npm-hashring' });
    await expectBothWays(cache, {
      set: (key, value) => of(key).set(key, value),
      get: async (key) => (await of(key).get(key)) ?? undefined,
      close: () => {
        for (const client of clients.values()) client.disconnect();
      },
    });
  });

  it('the own ring does not find them: the placement is what makes the difference', async () => {
    const other = withMemcached(memcached.map(addressOf));
    const own = await open({ nodes: memcached.map(({ url }) => url) });
    await inBatches(KEYS, (key) => other.set(key, 'theirs'));
    await inBatches(KEYS, (key) => own.delete(key));
    let left = 0;
    await inBatches(KEYS, async (key) => void ((await other.get(key)) === undefined || left++));
    other.close();
    expect(left).toBeGreaterThan(KEYS.length / 3);
  });
});

function memoryNodes(names: readonly string[]): {
  readonly stores: MemoryNode[];
  readonly nodes: CacheOptions['nodes'];
} {
  const stores = names.map((name) => new MemoryNode({ name }));
  return {
    stores,
    nodes: stores.map((store) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) })),
  };
}

describe('names, order and changes', () => {
  it('a name is hashed in place of the address only where the user gave one', async () => {
    const nodes = ['redis://10.0.0.1:6379', 'redis://10.0.0.2:6379', 'redis://10.0.0.3:6379'];
    const health = false;
    const bare = createCache({ nodes, placement: 'twemproxy-ketama-md5', health });
    const named = createCache({
      nodes: nodes.map((url, i) => ({ url, name: `n${i}` })),
      placement: 'twemproxy-ketama-md5',
      health,
    });
    const byAddress = createCache({
      nodes: nodes.map((url, i) => ({ url, name: `n${i}` })),
      placement: 'libmemcached-ketama-weighted',
      health,
    });
    caches.push(bare, named, byAddress);
    const owners = (cache: Cache<unknown>) => KEYS.map((key) => cache.ring.owners(key, 1)[0]);
    const renumbered = owners(bare).map((name) => `n${nodes.findIndex((url) => url.endsWith(String(name)))}`);
    expect(owners(named)).not.toEqual(renumbered);
    expect(owners(byAddress).every((name) => /^n[012]$/.test(String(name)))).toBe(true);
    expect(owners(bare).every((name) => nodes.includes(`redis://${name}`))).toBe(true);
  });

  it('nodes count as listed, not by name, and setNodes in another order is a change', async () => {
    const { nodes = [] } = memoryNodes(['c', 'a', 'b']);
    const cache = await open({ nodes, placement: 'gomemcache' });
    const before = KEYS.map((key) => cache.ring.owners(key)[0]);
    for (const key of KEYS.slice(0, 100)) await cache.set(key, 'v');
    await cache.setNodes(nodes);
    expect(cache.ring.epoch).toBe(1);
    await cache.setNodes([...nodes.slice(1), nodes[0] ?? '']);
    expect(cache.ring.epoch).toBe(2);
    const turned = new Map([
      ['c', 'a'],
      ['a', 'b'],
      ['b', 'c'],
    ]);
    expect(KEYS.map((key) => cache.ring.owners(key)[0])).toEqual(before.map((name) => turned.get(name ?? '')));
    for (const key of KEYS.slice(0, 100)) expect(await cache.get(key)).toBe('v');
  });

  it('a node joins a list of unlike length without a miss: former owners are found by their own rule', async () => {
    const { nodes = [] } = memoryNodes(['a', 'b', 'c']);
    const [added] = memoryNodes(['d']).nodes ?? [];
    const cache = await open({ nodes, placement: 'npm-memjs', handoff: { migrate: false } });
    for (const key of KEYS.slice(0, 300)) await cache.set(key, 'v');
    const plan = cache.ring.plan({ add: ['d'] });
    await cache.addNode(added ?? '');
    expect(cache.ring.plan({ remove: ['d'] }).after).toEqual(plan.before);
    expect(cache.ring.distribution()).toEqual(new Map(Object.entries(plan.after)));
    expect(plan.movedShare).toBeGreaterThan(0.6);
    for (const key of KEYS.slice(0, 300)) expect(await cache.get(key)).toBe('v');
    await expect(async () => cache.ring.plan({ remove: ['nobody'] })).rejects.toThrow(RangeError);
  });

  it('a write detaches flights of its own key alone, though all keys of a node share a place', async () => {
    const { nodes = [] } = memoryNodes(['a', 'b']);
    const cache = await open({ nodes, placement: 'gomemcache' });
    const [first = '', second = ''] = KEYS.filter((key) => cache.ring.owners(key)[0] === 'a');
    let loads = 0;
    let finish = (): void => undefined;
    const loader = (): Promise<string> => {
      loads++;
      return new Promise((resolve) => {
        finish = () => resolve('loaded');
      });
    };
    const leader = cache.getOrSet(first, loader);
    await cache.get(first);
    await cache.set(second, 'v');
    const follower = cache.getOrSet(first, loader);
    await cache.get(first);
    expect(loads).toBe(1);
    finish();
    expect(await Promise.all([leader, follower])).toEqual(['loaded', 'loaded']);
  });

  it('a kind that does not exist is refused with those most like it', () => {
    const attempt = (placement: unknown): unknown => {
      try {
        Reflect.apply(createCache, undefined, [{ placement }]);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const error = attempt('npm-hash-ring');
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', path: 'placement' });
    expect(String(error)).toMatch(/'npm-hash-ring' is no kind of placement; the nearest are .*npm-hashring\b/);
    expect(attempt('ketama')).toMatchObject({ message: expect.stringMatching(/libketama/) });
    for (const kind of [7, null, {}, '', '__proto__', 'published-libketama'])
      expect(attempt(kind)).toBeInstanceOf(OptionError);
  });
});
