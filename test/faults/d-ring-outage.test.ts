/** Rows D7 to D12: nodes out of reach for some, for one or for all, and how they come back. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  ask,
  ending,
  type Fleet,
  LATENESS_MS,
  openCache,
  PATIENT,
  QUICK_HEALTH,
  startFleet,
  startProxy,
  storeAll,
  until,
} from './fleet.js';

/** Long enough to be seen by a busy machine. */
const STAND_IN_MS = 2_000;
const TIMEOUTS = { connectMs: 1_000, attemptMs: 200, totalMs: 400 };

function cut({ proxies }: Fleet, ...which: readonly number[]): void {
  for (const i of which) {
    proxies[i]?.refuse();
    proxies[i]?.reset();
  }
}

describe('nodes out of reach', () => {
  // Planted fault: what a stand-in stores lives as long as on its owner.
  it('D7 two clients disagree who is a member: what one writes meanwhile heals itself', async () => {
    const options = {
      health: { ...QUICK_HEALTH, standInTtlMs: STAND_IN_MS },
      timeouts: PATIENT,
      fallback: false,
    } as const;
    const fleet = await startFleet({ kinds: ['redis', 'redis', 'redis'], cache: options });
    const { cache, servers } = fleet;
    const ways = await Promise.all(servers.map(({ port }) => startProxy(port)));
    const nodes = ways.map(({ port }, i) => ({ url: `redis://127.0.0.1:${port}`, name: 'abc'[i] as string }));
    const other = await openCache({ ...options, nodes });
    const stateOf = (name: string) => other.nodes().find((node) => node.name === name)?.state;
    await until(() => other.nodes().every(({ isConnected }) => isConnected));
    expect(other.ring.fingerprint).toBe(cache.ring.fingerprint);
    const keys = fleet.keysOf('a', 10);
    await storeAll(cache, keys, 1);

    ways[0]?.refuse();
    ways[0]?.reset();
    await until(() => stateOf('a') === 'ejected');
    expect(await Promise.all(keys.map((key) => other.set(key, 2)))).toEqual(keys.map(() => true));
    expect(await Promise.all(keys.map((key) => other.get(key)))).toEqual(keys.map(() => 2));
    // Who is a member is agreed; who may be asked is not, and that can be seen.
    expect(other.ring.fingerprint).toBe(cache.ring.fingerprint);
    expect(other.ring.epoch).toBeGreaterThan(cache.ring.epoch);
    for (const key of keys) {
      const standIn = servers['abc'.indexOf(other.ring.owners(key)[0] as string)] as (typeof servers)[0];
      const leftMs = Number(/:(-?\d+)/.exec(await ask(standIn, `PTTL ${key}`))?.[1]);
      expect(leftMs).toBeLessThanOrEqual(STAND_IN_MS);
      // For ever, as Redis tells it.
      expect(leftMs).not.toBe(-1);
    }
    await ways[0]?.heal();
    await until(() => stateOf('a') === 'healthy');
    expect(other.ring.owners(keys[0] as string)).toEqual(['a']);
    await until(async () => {
      const [here, there] = await Promise.all(
        [cache, other].map((each) => Promise.all(keys.map((key) => each.get(key)))),
      );
      expect(there?.includes(1)).toBe(false);
      return JSON.stringify(here) === JSON.stringify(there);
    });
  });

  // Planted fault: a call waits for nodes that are known to be down.
  it('D8 all owners of a key are down: the fallback answers, or an error, and soon', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'memcached'],
      cache: { health: false, timeouts: PATIENT, replication: 2, fallback: {}, onUnavailable: 'throw' },
    });
    const { cache } = fleet;
    await cache.set('known', 'value');
    expect(await cache.get('known')).toBe('value');
    cut(fleet, 0, 1);
    await until(() => cache.nodes().every(({ isConnected }) => !isConnected));
    expect(await cache.getEntry('known')).toMatchObject({ value: 'value', source: 'fallback' });
    const times: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { ms, error } = await ending(() => cache.get(`unknown ${i}`));
      expect(error).toMatchObject({ code: 'ERR_UNAVAILABLE' });
      times.push(ms);
    }
    expect(times.sort((a, b) => a - b)[4]).toBeLessThan(5);
  });

  // Planted fault: reconnecting does not back off.
  it('D9 all nodes are down under load: every call within its deadline, few attempts to connect, nothing piles up', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'memcached', 'redis'],
      cache: { timeouts: TIMEOUTS, fallback: { maxEntries: 50 } },
    });
    const { cache, proxies } = fleet;
    const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
    await Promise.all(keys.map((key) => cache.set(key, 'value')));
    for (const proxy of proxies) {
      proxy.reject('reset');
      proxy.reset();
    }
    const before = proxies.map(({ accepted }) => accepted);
    let [calls, late] = [0, 0];
    const call = async (i: number): Promise<void> => {
      const key = keys[i % keys.length] as string;
      const { ms, error } = await ending(() => (i % 10 === 0 ? cache.set(key, 'other') : cache.get(key)));
      calls++;
      expect(error).toBeUndefined();
      if (ms > TIMEOUTS.totalMs + LATENESS_MS) late++;
    };
    const under: Promise<void>[] = [];
    const beganAt = performance.now();
    const end = beganAt + 1_500;
    for (let i = 0; performance.now() < end || i <= 500; ) {
      for (let n = 0; n < 10; n++) under.push(call(i++));
      await sleep(5);
    }
    await Promise.all(under);
    expect(calls).toBeGreaterThan(500);
    expect(late).toBe(0);
    // Backing off, each node is tried a few times in so long, and not for every call.
    const most = 25 + 10 * ((performance.now() - beganAt) / 1_000);
    for (const [i, { accepted }] of proxies.entries()) expect(accepted - (before[i] as number)).toBeLessThan(most);
    expect(cache.nodes().every(({ inFlight, queued }) => inFlight + queued === 0)).toBe(true);
    expect(cache.stats().fallback.entries).toBeLessThanOrEqual(50);
  });

  // Planted fault: whoever fails its probes is ejected, however many they are.
  it('D10 all nodes seem to die at once: no more than half are ejected, and the ring stands', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'memcached', 'redis', 'memcached'],
      cache: { health: QUICK_HEALTH, timeouts: TIMEOUTS, fallback: {} },
    });
    const { cache } = fleet;
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    await storeAll(cache, keys, 'value');
    await Promise.all(keys.map((key) => cache.get(key)));
    let most = 0;
    const out = (): number => cache.nodes().filter(({ state }) => state === 'ejected').length;
    cache.on('nodeStateChanged', () => {
      most = Math.max(most, out());
    });
    cut(fleet, 0, 1, 2, 3);
    await until(() => out() > 0);
    const { ms } = await ending(() => Promise.all(keys.map((key) => cache.get(key))));
    expect(ms).toBeLessThan(TIMEOUTS.totalMs + LATENESS_MS);
    await sleep(400);
    expect(Math.max(most, out())).toBeLessThanOrEqual(2);
    for (const proxy of fleet.proxies) await proxy.heal();
    await until(() => cache.nodes().every(({ state }) => state === 'healthy'));
    expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys.map(() => 'value'));
  });

  // Planted fault: a node that returned stays on the list of the dead.
  it('D11 a dead node revives: let back once, by a probe, without any call of a user', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'memcached', 'redis'],
      cache: { health: QUICK_HEALTH, timeouts: PATIENT },
    });
    const { cache, servers } = fleet;
    const told: string[] = [];
    // Of the others a busy machine may let one be late for its probes.
    cache.on('nodeEjected', ({ node }) => node === 'b' && told.push('out'));
    cache.on('nodeReadmitted', ({ node }) => node === 'b' && told.push('back'));
    const memcached = servers[1] as (typeof servers)[0];
    await memcached.kill9();
    await until(() => fleet.view('b').state === 'ejected');
    await memcached.restart();
    await until(() => fleet.view('b').state === 'healthy');
    await sleep(150);
    expect(told).toEqual(['out', 'back']);
    const [key] = fleet.keysOf('b', 1) as [string];
    expect(await cache.set(key, 'value')).toBe(true);
    expect(await cache.getEntry(key)).toMatchObject({ value: 'value', node: 'b' });
    expect(await memcached.isRunning).toBe(true);
  });

  // Planted fault: a node is probed by PING.
  it('D12 a node that answers PING and no more stays out until data passes', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'redis', 'redis'],
      cache: { health: { ...QUICK_HEALTH, timeoutMs: 300 }, timeouts: TIMEOUTS },
    });
    const { cache, proxy } = fleet;
    const readmitted: string[] = [];
    cache.on('nodeReadmitted', ({ node }) => node === 'a' && readmitted.push(node));
    const asksForData = (piece: Buffer): boolean =>
      /\$\d+\r\n(set|get|mget|eval|evalsha)\r\n/i.test(piece.toString('latin1'));
    proxy.apply({ kind: 'mute', holds: asksForData }, 'toNode');
    await until(() => fleet.view('a').state === 'ejected');
    await sleep(500);
    expect(readmitted).toEqual([]);
    expect(fleet.view('a').state).toBe('ejected');
    await proxy.heal();
    await until(() => fleet.view('a').state === 'healthy');
    expect(readmitted).toEqual(['a']);
  });
});
