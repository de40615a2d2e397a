/** A Redis Cluster, a master behind sentinels and a single Redis as nodes of one ring, and what befalls them. */

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keySlot } from '../../src/driver/redis/cluster/key-slot.js';
import type { CacheOptions } from '../../src/index.js';
import { ClusterFleet } from '../../src/testing/servers/cluster-fleet.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import { SentinelFleet } from '../../src/testing/servers/sentinel-fleet.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { until } from '../staleness/support/until.js';
import { WatchedCache } from '../staleness/support/watched-cache.js';
import { nodeOf, openCache, PATIENT } from './open-cache.js';
import { Traffic } from './traffic.js';

let cluster: ClusterFleet;
let sentinels: SentinelFleet;
let single: TestServer;

beforeAll(async () => {
  [cluster, sentinels, single] = await Promise.all([
    ClusterFleet.start({ spares: 1 }),
    SentinelFleet.start(),
    startRedis(),
  ]);
});
afterAll(() => Promise.all([cluster, sentinels, single].map((servers) => servers.stop())));

const allThree = (): NonNullable<CacheOptions['nodes']> => [
  { url: cluster.url, name: 'cluster' },
  sentinels.url,
  { url: single.url, name: 'single' },
];

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);

describe('a ring of a cluster, a master behind sentinels and a single server', () => {
  it('serves every call on each of them as on any node', async () => {
    const cache = await openCache({ nodes: allThree(), timeouts: PATIENT });
    // Of a try before this one.
    await cache.clear();
    const owners = new Set(KEYS.map((key) => cache.ring.owners(key)[0]));
    expect(owners).toEqual(new Set(['cluster', 'mymaster', 'single']));
    const entries = KEYS.map((key, i) => [key, { i }] as const);
    expect((await cache.setMany(entries)).failures.size).toBe(0);
    expect(new Map(await cache.getMany(KEYS))).toEqual(new Map(entries));
    for (const [key, value] of entries.slice(0, 12)) {
      expect(await cache.get(key)).toEqual(value);
      const { version = '' } = (await cache.getEntry(key)) ?? {};
      expect(await cache.compareAndSet(key, 'next', version)).toBe(true);
      expect(await cache.compareAndSet(key, 'third', version)).toBe(false);
      expect(await cache.touch(key, 60_000)).toBe(true);
      expect(await cache.add(key, 'no')).toBe(false);
      expect(await cache.delete(key)).toBe(true);
      expect(await cache.has(key)).toBe(false);
      expect(await cache.increment(`${key} count`, 1, { initial: 5 })).toBe(5);
      expect(await cache.increment(`${key} count`, 2)).toBe(7);
      expect(await cache.add(key, 'yes', { ttlMs: 60_000 })).toBe(true);
    }
    const listed = new Set<string>();
    for await (const key of cache.keys()) listed.add(key);
    expect(listed).toEqual(new Set([...KEYS, ...KEYS.slice(0, 12).map((key) => `${key} count`)]));
    await cache.clear();
    for await (const key of cache.keys()) throw new Error(`${key} is still there`);
    expect((await cache.getMany(KEYS)).size).toBe(0);
  });

  it('hands keys over to a cluster that joins, and from one that leaves', async () => {
    const cache = await openCache({ nodes: allThree().slice(1), timeouts: PATIENT });
    await cache.setMany(KEYS.map((key) => [key, key] as const));
    await cache.addNode({ url: cluster.url, name: 'cluster' });
    expect((await cache.getMany(KEYS)).size).toBe(KEYS.length);
    await until(
      'all is handed over',
      () => cache.stats().epoch > 0 && cache.nodes().every(({ state }) => state !== 'warming'),
    );
    await cache.removeNode('cluster', { drain: true });
    expect((await cache.getMany(KEYS)).size).toBe(KEYS.length);
    await cache.clear();
  });

  let tries = 0;
  it('moves slots of the cluster under reads and writes: nothing stale, nothing lost, no call unsettled', async () => {
    const watched = new WatchedCache(await openCache({ nodes: [{ url: cluster.url, name: 'cluster' }] }), 'json');
    // Another slot for each try: one that broke off leaves its own somewhere.
    const tag = KEYS.filter((key) => keySlot(key) < 5_000)[tries++] ?? '';
    const keys = Array.from({ length: 20 }, (_, i) => `{${tag}}${i}`);
    const traffic = new Traffic(watched, keys);
    const [first, second] = cluster.masters as [TestServer, TestServer];
    await cluster.moveSlot(keySlot(tag), first, second);
    await cluster.moveSlot(keySlot(tag), second, cluster.spares[0] as TestServer);
    await cluster.moveSlot(keySlot(tag), cluster.spares[0] as TestServer, first);
    expect(await traffic.stop()).toEqual([]);
    expect(watched.stale).toEqual([]);
    for (const key of keys) await until(`${key} is written`, () => watched.set(key));
    await until('all is read', async () => {
      watched.hits = 0;
      await watched.read(keys);
      return watched.hits === keys.length;
    });
    expect(watched.stale).toEqual([]);
    await until('nothing is owed any more', () => nodeOf(watched.cache, 'cluster').inFlight === 0);
  });

  it('serves the others, its breaker closed, while one server of the cluster hangs', async () => {
    // That the others are starved on a busy machine, too, is no outage.
    const timeouts = { connectMs: 10_000, attemptMs: 3_000, totalMs: 6_000 };
    const cache = await openCache({ nodes: [{ url: cluster.url, name: 'cluster' }], timeouts, probeMs: 6_000 });
    onTestFinished(() => cluster.masters[1]?.resume());
    const watched = new WatchedCache(cache, 'json');
    await Promise.all(KEYS.map((key) => watched.set(key)));
    const opened: string[] = [];
    cache.on('breakerOpened', ({ reason }) => opened.push(String(reason)));
    const traffic = new Traffic(watched, KEYS);
    await cluster.masters[1]?.pause();
    await until('it is given up', () => nodeOf(cache, 'cluster').failures > 0);
    const share = Math.ceil(16_384 / 3);
    const others = KEYS.filter((key) => Math.floor(keySlot(`t:${key}`) / share) !== 1);
    for (const key of others) await until(`${key} is served`, () => cache.set(key, watched.next(key)));
    expect(opened).toEqual([]);
    cluster.masters[1]?.resume();
    await until('all are served again', async () =>
      (await Promise.all(KEYS.map((key) => watched.set(key)))).every(Boolean),
    );
    expect(await traffic.stop()).toEqual([]);
    expect(opened).toEqual([]);
    expect(watched.stale).toEqual([]);
    await until('nothing is owed any more', () => nodeOf(cache, 'cluster').inFlight === 0);
  });
});
