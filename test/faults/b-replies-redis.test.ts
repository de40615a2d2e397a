/** Rows B1 to B6: a Redis that is alive and refuses. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import { CacheError } from '../../src/index.js';
import { PromisedConnection } from '../../src/testing/promised-connection.js';
import { ask, clean, ending, OPENING_MS, openCache, PATIENT, startFleet, until } from './fleet.js';
import { startScriptedRedis } from './scripted-redis.js';

const urlOf = ({ port }: { readonly port: number }): string => `redis://127.0.0.1:${port}`;

describe('a Redis that refuses', () => {
  // Planted fault: OOM counts as a failure of the node.
  it('B1 OOM: the write says so, reads go on, the node stays, no older copy is served', async () => {
    const args = (i: number) => (i === 0 ? ['--maxmemory-policy', 'noeviction'] : []);
    const fleet = await startFleet({
      kinds: ['redis', 'redis'],
      args,
      cache: { replication: 2, fallback: false, timeouts: PATIENT },
    });
    const { cache, server } = fleet;
    const keys = fleet.keysOf('a', 20);
    for (const key of keys) expect(await cache.set(key, 'old')).toBe(true);
    await until(() => fleet.view('a').state === 'healthy');
    const errors: unknown[] = [];
    cache.on('writeUnconfirmed', ({ error }) => errors.push(error));
    await ask(server, 'CONFIG SET maxmemory 1');

    for (const key of keys) expect(await cache.set(key, 'new')).toBe(false);
    expect(errors).toHaveLength(keys.length);
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_NODE', reason: 'full', node: 'a' });
    expect(fleet.view('a')).toMatchObject({ breaker: 'closed', state: 'healthy' });
    // The first owner still holds "old": the second is asked.
    for (const key of keys) expect(await cache.get(key)).toBe('new');
    await sleep(300);
    expect(fleet.view('a')).toMatchObject({ breaker: 'closed', state: 'healthy' });
    expect(cache.stats().epoch).toBe(1);
    // Reads of a full node are served by it.
    await ask(server, 'CONFIG SET maxmemory 0');
    expect(await cache.set('back', 1)).toBe(true);
  });

  // Planted fault: a connection to a node that became a replica is kept for ever.
  it('B2 READONLY: writes go on elsewhere at once, one reconnect, nothing is sent twice', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'redis'],
      cache: { replication: 2, write: 'one', health: false, timeouts: PATIENT },
    });
    const { cache, server, proxy } = fleet;
    const keys = fleet.keysOf('a', 60);
    for (const key of keys) await cache.set(key, 'old');
    await ask(server, 'REPLICAOF 127.0.0.1 1');
    const accepted = proxy.accepted;
    const [first] = proxy.connections;
    const before = await callsOf(server, 'set');
    for (const key of keys) {
      const { value, ms } = await ending(() => cache.set(key, 'new'));
      expect(value).toBe(true);
      // Nothing is waited for but the other node.
      expect(ms).toBeLessThan(PATIENT.attemptMs / 5);
    }
    expect((await callsOf(server, 'set')) - before).toBeLessThanOrEqual(keys.length);
    for (const key of keys) expect(await cache.get(key)).toBe('new');
    // One a lane that was open, at once; a breaker that opens keeps the rest away.
    await until(() => first?.isOpen === false && proxy.accepted > accepted);
    await sleep(100);
    expect(proxy.accepted - accepted).toBeLessThanOrEqual(2);
    expect(fleet.view('a').breaker).not.toBe('closed');
  });

  // Planted fault: a server that loads its data passes for ready.
  it('B3 LOADING: no traffic until it has loaded, asked again at growing pauses', async () => {
    clean();
    const node = await startScriptedRedis();
    node.info = 'run_id:1\r\nloading:1\r\n';
    const cache = await openCache({ nodes: [urlOf(node)], health: false, timeouts: PATIENT });
    for (let i = 0; i < 100; i++) await ending(() => cache.set(`key ${i}`, i));
    await sleep(500);
    expect(node.commands).toEqual([]);
    expect(cache.nodes()[0]?.lastError).toMatch(/loading/);
    expect(node.accepted).toBeLessThan(20);
    node.info = 'run_id:1\r\nloading:0\r\n';
    await until(() => cache.nodes()[0]?.isConnected === true);
    await until(async () => (await cache.set('key', 1)) === true);
  });

  // Planted fault: LOADING is taken for a refusal of this one operation.
  it('B3 LOADING in answer to a call: the node is to blame, the next owner answers', async () => {
    clean();
    const nodes = [
      await startScriptedRedis(() => '-LOADING Redis is loading the dataset in memory\r\n'),
      await startScriptedRedis(),
    ];
    const cache = await openCache({
      nodes: nodes.map((node, i) => ({ url: urlOf(node), name: 'ab'[i] ?? '' })),
      replication: 2,
      health: false,
      timeouts: PATIENT,
    });
    await until(() => cache.nodes().every(({ isConnected }) => isConnected));
    for (let i = 0; i < 40; i++) expect(await cache.get(`key ${i}`)).toBeUndefined();
    expect(cache.nodes().map(({ breaker }) => breaker)).toEqual(['open', 'closed']);
    expect(nodes[0]?.commands.length).toBeLessThan(10);
  });

  // Planted fault: a probe that asks for PING or INFO, which a replica without its master answers.
  it('B4 MASTERDOWN: reads go to the next owner, and the node leaves the ring', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'redis', 'redis'],
      cache: {
        replication: 2,
        fallback: false,
        health: { intervalMs: 100, unhealthyAfter: 2, timeoutMs: 2_000 },
        timeouts: PATIENT,
      },
    });
    const { cache, server } = fleet;
    const keys = fleet.keysOf('a', 20);
    for (const key of keys) expect(await cache.set(key, 'value')).toBe(true);
    await ask(server, 'CONFIG SET replica-serve-stale-data no');
    await ask(server, 'REPLICAOF 127.0.0.1 1');
    for (const key of keys) expect(await cache.get(key)).toBe('value');
    await until(() => fleet.view('a').state === 'ejected');
    for (const key of keys) expect(await cache.get(key)).toBe('value');
    expect(await ask(server, 'PING')).toMatch(/MASTERDOWN|PONG/);
  });

  // Planted fault: connecting to a node of a cluster is tried again as if it were merely away.
  it('B5 a node of a Redis Cluster: said by name, never served, no storm', async () => {
    const fleet = await startFleet({ cache: { health: false } });
    const clustered = await startFleet({
      args: ['--cluster-enabled', 'yes'],
      cache: { nodes: [urlOf(fleet.server)], timeouts: PATIENT },
    });
    const { port, accepted } = clustered.proxy;
    const cache = await openCache({
      nodes: [`redis://127.0.0.1:${port}`],
      health: false,
      onUnavailable: 'throw',
      timeouts: PATIENT,
    });
    for (let i = 0; i < 50; i++) {
      const { error } = await ending(() => cache.get(`key ${i}`));
      expect(error).toMatchObject({ code: 'ERR_UNAVAILABLE', cause: { reason: 'cluster' } });
    }
    expect(cache.nodes()[0]?.lastError).toMatch(/Redis Cluster/);
    await sleep(700);
    expect(clustered.proxy.accepted - accepted).toBe(1);
  });

  // Planted fault: MOVED is followed, or counts for nothing.
  it.each(['MOVED 3999 10.0.0.9:6379', 'ASK 3999 10.0.0.9:6379', 'CLUSTERDOWN Hash slot not served'])(
    'B5 %s in answer to a call: the node is to blame, and is not asked again and again',
    async (text) => {
      clean();
      const node = await startScriptedRedis(() => `-${text}\r\n`);
      const options = { health: false, onUnavailable: 'throw', retry: false, breaker: { openMs: 30_000 } } as const;
      const cache = await openCache({ ...options, nodes: [urlOf(node)], timeouts: PATIENT });
      await until(() => cache.nodes()[0]?.isConnected === true);
      for (let i = 0; i < 30; i++) expect((await ending(() => cache.get(`key ${i}`))).error).toBeDefined();
      expect(node.commands.length).toBe(5);
      expect(cache.nodes()[0]?.breaker).toBe('open');
    },
  );

  // Planted fault: a full server is connected to by every call.
  it('B6 too many clients: says so, backs off, and the lane makes do with the connections it has', async () => {
    const { server, proxy } = await startFleet({ cache: { health: false, timeouts: PATIENT } });
    const driver = createRedisDriver({ address: server });
    const admin = new PromisedConnection(await driver.connect({ signal: AbortSignal.timeout(OPENING_MS) }));
    // One for the first cache, one for ourselves, two of the four for the second.
    await admin.raw('CONFIG', 'SET', 'maxclients', '4');
    const before = proxy.accepted;
    const node = { url: urlOf(proxy), name: 'a' };
    const cache = await openCache({
      nodes: [node],
      health: false,
      bulkhead: { connections: 4 },
      retry: false,
      timeouts: PATIENT,
    });
    const rejected = async (): Promise<number> =>
      Number(/rejected_connections:(\d+)/.exec(String(await admin.raw('INFO', 'stats')))?.[1]);
    await until(async () => (await rejected()) > 1);
    // Until the lane has found out, which it does within a turn or two of the refusal.
    const probes = (): Promise<boolean[]> =>
      Promise.all(Array.from({ length: 50 }, (_, i) => cache.set(`probe ${i}`, i)));
    await until(async () => (await probes()).every((isStored) => isStored));
    const ends = await Promise.all(Array.from({ length: 200 }, (_, i) => ending(() => cache.set(`key ${i}`, i))));
    expect(ends.filter(({ value }) => value !== true)).toEqual([]);
    expect(proxy.accepted - before).toBeLessThan(30);
    await admin.raw('CONFIG', 'SET', 'maxclients', '100');
    const clients = async (): Promise<number> =>
      Number(/connected_clients:(\d+)/.exec(String(await admin.raw('INFO', 'clients')))?.[1]);
    await until(async () => (await clients()) === 6);
    admin.connection.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
  });
});

async function callsOf(server: { readonly host: string; readonly port: number }, command: string): Promise<number> {
  const stats = await ask(server, 'INFO commandstats');
  const [, calls = '0', rejected = '0'] =
    new RegExp(`cmdstat_${command}:calls=(\\d+).*?rejected_calls=(\\d+)`).exec(stats) ?? [];
  return Number(calls) + Number(rejected);
}
