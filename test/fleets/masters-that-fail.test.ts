/** Masters that die or hang, of a Redis Cluster and behind sentinels, and the replicas that take over without all they had. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { keySlot } from '../../src/driver/redis/cluster/key-slot.js';
import type { CacheOptions } from '../../src/index.js';
import { ClusterFleet } from '../../src/testing/servers/cluster-fleet.js';
import { SentinelFleet } from '../../src/testing/servers/sentinel-fleet.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { held, tell } from '../staleness/support/held.js';
import { until } from '../staleness/support/until.js';
import { WatchedCache } from '../staleness/support/watched-cache.js';
import { nodeOf, openCache } from './open-cache.js';
import { Traffic } from './traffic.js';

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);
/** Silence of a master after which others take over: a busy machine must not do that by itself. */
const SILENT_MS = 1_500;

/** The servers of one node, its master at first and the one that takes over, and the keys that they hold. */
interface Failing {
  readonly nodes: CacheOptions['nodes'];
  readonly servers: readonly [TestServer, TestServer];
  readonly keys: readonly string[];
}

async function behindSentinels(): Promise<Failing> {
  const fleet = await SentinelFleet.start({ downAfterMs: SILENT_MS });
  onTestFinished(() => fleet.stop());
  return { nodes: [fleet.url], servers: fleet.servers as [TestServer, TestServer], keys: KEYS };
}

async function inCluster(): Promise<Failing> {
  const fleet = await ClusterFleet.start({ replicas: 1, nodeTimeoutMs: SILENT_MS });
  onTestFinished(() => fleet.stop());
  return {
    nodes: [{ url: fleet.url, name: 'cluster' }],
    servers: [fleet.masters[0] as TestServer, fleet.replicas[0] as TestServer],
    keys: Array.from({ length: 400 }, (_, i) => `f${i}`).filter((key) => keySlot(`t:${key}`) < 5_461),
  };
}

describe('a master that is killed, behind sentinels and in a cluster,', () => {
  it('is followed by a replica that lacks its last writes: none of what it holds instead is read', async () => {
    // At once: each takes its seconds.
    await Promise.all([behindSentinels(), inCluster()].map(async (failing) => loseWrites(await failing)));
  });
});

describe('a master behind sentinels that hangs while another takes over', () => {
  it('and comes back as a master, nobody there to tell it better, is not read', async () => {
    const fleet = await SentinelFleet.start({ downAfterMs: SILENT_MS });
    onTestFinished(() => fleet.stop());
    const watched = new WatchedCache(await openCache({ nodes: [fleet.url], codec: 'string' }), 'string');
    const [old] = fleet.servers as [TestServer, TestServer];
    const writeAll = () => Promise.all(KEYS.map((key) => watched.set(key)));
    await writeAll();
    await old.pause();
    await until('the other serves', async () => (await writeAll()).every(Boolean));
    await Promise.all(fleet.sentinels.map((sentinel) => sentinel.pause()));
    old.resume();
    expect(await held(old, `t:${KEYS[0]}`)).toBeLessThan(watched.issued(KEYS[0] ?? ''));
    expect(await tell(old, 'ROLE', /\r\n\*/)).toContain('master');
    await until('all is read from the new one', () => readsAll(watched, KEYS));
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

/** Whether all of them are hits now. */
async function readsAll(watched: WatchedCache, keys: readonly string[]): Promise<boolean> {
  watched.hits = 0;
  await watched.read(keys);
  return watched.hits === keys.length;
}

async function loseWrites(failing: Failing): Promise<void> {
  const [probe = '', ...keys] = failing.keys;
  const [master, replica] = failing.servers;
  const caches = {
    json: await openCache({ nodes: failing.nodes }),
    string: await openCache({ nodes: failing.nodes, codec: 'string' }),
    careless: await openCache({ nodes: failing.nodes, codec: 'string' }, ['R6']),
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
  await until('all is written once more', async () => (await writeAll()).every(Boolean));
  const traffic = new Traffic(watched.json, parts.json);
  await master.kill9();
  await until('the replica serves all', async () => (await probeAll()).every(Boolean));
  // Without R6 a connection from before may stay a while, and fails what the dead master owned.
  await until('what the replica holds is read where the rule is off', async () => {
    for (const name of ['string', 'careless'] as const) await watched[name].read(parts[name]);
    return watched.careless.stale.length > 0;
  });
  expect(await traffic.stop()).toEqual([]);
  expect(watched.json.stale).toEqual([]);
  expect(watched.string.stale).toEqual([]);
  await until('all is written anew', async () => (await writeAll()).every(Boolean));
  await until('all is read', () => readsAll(watched.string, parts.string));
  expect(watched.string.stale).toEqual([]);
}

/** A replica of a cluster sends readers away unless they say that they mean it. */
async function replicaHas(replica: TestServer, key: string, number: number): Promise<boolean> {
  const text = await tell(replica, `READONLY\r\nGET ${key}\r\nPING`, /\+PONG\r\n$/);
  return text.includes(`#${number}#`);
}
