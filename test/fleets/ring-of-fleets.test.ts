/** A Redis Cluster, a master behind sentinels and a single Redis as nodes of one ring, and what befalls them. */

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { assembleCache } from '../../src/create-cache.js';
import { keySlot } from '../../src/driver/redis/cluster/key-slot.js';
import type { Cache, CacheOptions } from '../../src/index.js';
import { ClusterFleet } from '../../src/testing/servers/cluster-fleet.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import { SentinelFleet } from '../../src/testing/servers/sentinel-fleet.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { held, tell } from '../staleness/support/held.js';
import { until } from '../staleness/support/until.js';
import type { TestCodec } from '../staleness/support/values.js';
import { WatchedCache } from '../staleness/support/watched-cache.js';
import { Traffic } from './traffic.js';

let cluster: ClusterFleet;
let sentinels: SentinelFleet;
let single: TestServer;

beforeAll(async () => {
  [cluster, sentinels, single] = await Promise.all([
    ClusterFleet.start({ replicas: 1, spares: 1 }),
    SentinelFleet.start(),
    startRedis(),
  ]);
});
afterAll(() => Promise.all([cluster, sentinels, single].map((servers) => servers.stop())));

const HEALTH = { intervalMs: 100, timeoutMs: 500, unhealthyAfter: 3, healthyAfter: 1, ejectionMs: 200 };
const TIMEOUTS = { connectMs: 1_000, attemptMs: 500, totalMs: 1_000 };
/** Where no server is out, none is given up; a hand-over waits as long for calls of before. */
const PATIENT = { connectMs: 10_000, attemptMs: 2_000, totalMs: 2_000 };

async function open(
  options: Pick<CacheOptions, 'nodes' | 'timeouts'> & { codec?: TestCodec },
  disabled: readonly StalenessRule[] = [],
) {
  const { codec = 'json', nodes, timeouts = TIMEOUTS } = options;
  const cache = assembleCache<unknown>(
    { nodes, codec, namespace: 't', fallback: false, retry: false, health: HEALTH, timeouts },
    new Set(disabled),
  );
  onTestFinished(async () => {
    await cache.destroy();
  });
  await cache.ready();
  // A busy machine may have had one ejected before it began.
  await until('all are well', () => cache.nodes().every(({ state }) => state === 'healthy'));
  return cache;
}

const allThree = (): NonNullable<CacheOptions['nodes']> => [
  { url: cluster.url, name: 'cluster' },
  sentinels.url,
  { url: single.url, name: 'single' },
];

function nodeOf(cache: Cache<unknown>, name: string) {
  const node = cache.nodes().find((view) => view.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);

describe('a ring of a cluster, a master behind sentinels and a single server', () => {
  it('serves every call on each of them as on any node', async () => {
    const cache = await open({ nodes: allThree(), timeouts: PATIENT });
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
    const cache = await open({ nodes: allThree().slice(1), timeouts: PATIENT });
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

  it('moves slots of the cluster under reads and writes: nothing stale, nothing lost, no call unsettled', async () => {
    const watched = new WatchedCache(await open({ nodes: [{ url: cluster.url, name: 'cluster' }] }), 'json');
    const tag = KEYS.find((key) => keySlot(key) < 5_000) ?? '';
    const keys = Array.from({ length: 20 }, (_, i) => `{${tag}}${i}`);
    const traffic = new Traffic(watched, keys);
    const [first, second] = cluster.masters as [TestServer, TestServer];
    await cluster.moveSlot(keySlot(tag), first, second);
    await cluster.moveSlot(keySlot(tag), second, cluster.spares[0] as TestServer);
    await cluster.moveSlot(keySlot(tag), cluster.spares[0] as TestServer, first);
    expect(await traffic.stop()).toEqual([]);
    expect(watched.stale).toEqual([]);
    for (const key of keys) await watched.set(key);
    watched.hits = 0;
    await watched.read(keys);
    expect(watched.hits).toBe(keys.length);
    expect(nodeOf(watched.cache, 'cluster').inFlight).toBe(0);
  });

  it('serves the others, its breaker closed, while one server of the cluster hangs', async () => {
    const cache = await open({ nodes: [{ url: cluster.url, name: 'cluster' }] });
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

/** The servers of one node, its master at first and the one that takes over, and the keys that they hold. */
interface Failing {
  readonly nodes: () => CacheOptions['nodes'];
  readonly servers: () => readonly [TestServer, TestServer];
  readonly keys: readonly string[];
}

const BEHIND_SENTINELS: Failing = {
  nodes: () => [sentinels.url],
  servers: () => sentinels.servers as [TestServer, TestServer],
  keys: KEYS,
};
const IN_CLUSTER: Failing = {
  nodes: () => [{ url: cluster.url, name: 'cluster' }],
  servers: () => [cluster.masters[0] as TestServer, cluster.replicas[0] as TestServer],
  keys: Array.from({ length: 400 }, (_, i) => `f${i}`).filter((key) => keySlot(`t:${key}`) < 5_461),
};

describe('a master that is killed, behind sentinels and in a cluster,', () => {
  it('is followed by a replica that lacks its last writes: none of what it holds instead is read', async () => {
    // At once: each takes its seconds.
    await Promise.all([BEHIND_SENTINELS, IN_CLUSTER].map(loseWrites));
  });
});

describe('a master behind sentinels that hangs while another takes over', () => {
  it('and comes back as a master, nobody there to tell it better, is not read', async () => {
    const fleet = await SentinelFleet.start();
    onTestFinished(() => fleet.stop());
    const watched = new WatchedCache(await open({ nodes: [fleet.url], codec: 'string' }), 'string');
    const [old] = fleet.servers as [TestServer, TestServer];
    const writeAll = () => Promise.all(KEYS.map((key) => watched.set(key)));
    await writeAll();
    await old.pause();
    await until('the other serves', async () => (await writeAll()).every(Boolean));
    await Promise.all(fleet.sentinels.map((sentinel) => sentinel.pause()));
    old.resume();
    expect(await held(old, `t:${KEYS[0]}`)).toBeLessThan(watched.issued(KEYS[0] ?? ''));
    expect(await tell(old, 'ROLE', /\r\n\*/)).toContain('master');
    watched.hits = 0;
    await watched.read(KEYS);
    expect(watched.hits).toBe(KEYS.length);
    const node = nodeOf(watched.cache, fleet.masterName);
    await tell(fleet.servers[1] as TestServer, 'CLIENT KILL TYPE normal', /:\d+\r\n$/);
    await until(
      'its connections are lost',
      () =>
        nodeOf(watched.cache, fleet.masterName).failures > node.failures ||
        !nodeOf(watched.cache, fleet.masterName).isConnected,
    );
    await watched.read(KEYS);
    expect(watched.stale).toEqual([]);
    for (const sentinel of fleet.sentinels) sentinel.resume();
    await until('it is found again', async () => (await writeAll()).every(Boolean));
    await watched.read(KEYS);
    expect(watched.stale).toEqual([]);
  });
});

async function loseWrites(failing: Failing): Promise<void> {
  const [probe = '', ...keys] = failing.keys;
  const [master, replica] = failing.servers();
  const caches = {
    json: await open({ nodes: failing.nodes() }),
    string: await open({ nodes: failing.nodes(), codec: 'string' }),
    careless: await open({ nodes: failing.nodes(), codec: 'string' }, ['R6']),
  };
  const third = Math.floor(keys.length / 3);
  const parts = { json: keys.slice(0, third), string: keys.slice(third, 2 * third), careless: keys.slice(2 * third) };
  const watched = {
    json: new WatchedCache(caches.json, 'json'),
    string: new WatchedCache(caches.string, 'string'),
    careless: new WatchedCache(caches.careless, 'string'),
  };
  const names = ['json', 'string', 'careless'] as const;
  const writeAll = () => Promise.all(names.flatMap((name) => parts[name].map((key) => watched[name].set(key))));
  const probeAll = () => Promise.all(names.map((name) => caches[name].set(probe, 'v')));
  await writeAll();
  const last = (await held(master, `t:${keys[0]}`)) ?? 0;
  await until('the replica has all', () => replicaHas(replica, `t:${keys[0]}`, last));
  // From now on the replica is not let in any more.
  await tell(master, 'CONFIG SET requirepass other\r\nCLIENT KILL TYPE replica', /\+OK\r\n:1\r\n$/);
  expect((await writeAll()).every(Boolean)).toBe(true);
  const traffic = new Traffic(watched.json, parts.json);
  await master.kill9();
  await until('the replica serves all', async () => (await probeAll()).every(Boolean));
  for (const name of ['string', 'careless'] as const) await watched[name].read(parts[name]);
  expect(await traffic.stop()).toEqual([]);
  expect(watched.json.stale).toEqual([]);
  expect(watched.string.stale).toEqual([]);
  expect(watched.careless.stale).not.toEqual([]);
  await until('all is written anew', async () => (await writeAll()).every(Boolean));
  watched.string.hits = 0;
  await watched.string.read(parts.string);
  expect(watched.string.hits).toBe(parts.string.length);
}

/** A replica of a cluster sends readers away unless they say that they mean it. */
async function replicaHas(replica: TestServer, key: string, number: number): Promise<boolean> {
  const text = await tell(replica, `READONLY\r\nGET ${key}\r\nPING`, /\+PONG\r\n$/);
  return text.includes(`#${number}#`);
}
