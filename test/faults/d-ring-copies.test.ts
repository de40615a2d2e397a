/** Rows D3, D4, D5, D13 and D15: copies that missed writes, and writes of which nobody knows. */

import { describe, expect, it } from 'vitest';
import { CacheError } from '../../src/index.js';
import { copyEntries } from '../staleness/support/copy-entries.js';
import { ask, type Fleet, PATIENT, QUICK_HEALTH, startFleet, storeAll, until } from './fleet.js';

const TIMEOUTS = { connectMs: 1_000, attemptMs: 200, totalMs: 600 };

async function cutOff({ cache, proxies }: Fleet, i: number, name: string): Promise<void> {
  proxies[i]?.refuse();
  proxies[i]?.reset();
  await until(() => cache.nodes().some((node) => node.name === name && !node.isConnected));
}

describe('copies that missed writes', () => {
  // Planted fault: a node is let back before what it is owed is paid, and owes nothing to reads.
  it.each(['redis', 'memcached'] as const)(
    'D3 a %s that is ejected, misses writes and comes back: what it held before is never answered',
    async (kind) => {
      const fleet = await startFleet({
        kinds: [kind, kind, kind],
        cache: { health: QUICK_HEALTH, timeouts: PATIENT, fallback: false, codec: 'string' },
      });
      const { cache, proxies } = fleet;
      const keys = fleet.keysOf('a', 60);
      await storeAll(cache, keys, 'old');
      await cutOff(fleet, 0, 'a');
      await until(() => fleet.view('a').state === 'ejected');
      const [written, deleted] = [keys.slice(0, 20), keys.slice(20, 40)];
      await Promise.all([...written.map((key) => cache.set(key, 'new')), ...deleted.map((key) => cache.delete(key))]);
      let isBack = false;
      const seen = new Set<unknown>();
      cache.on('nodeReadmitted', () => {
        isBack = true;
      });
      await proxies[0]?.heal();
      for (let after = 0; after < 3; after += isBack && fleet.view('a').state === 'healthy' ? 1 : 0) {
        for (const value of await Promise.all(written.map((key) => cache.get(key)))) seen.add(value);
        for (const value of await Promise.all(deleted.map((key) => cache.get(key)))) expect(value).toBeUndefined();
      }
      expect(seen.has('old')).toBe(false);
      const calm = await Promise.all(keys.slice(40).map((key) => cache.get(key)));
      expect(calm.filter((value) => value === 'old')).toHaveLength(20);
    },
  );

  // Planted fault: a refusal by one owner counts as its confirmation.
  it('D4 one of two owners refuses a write: the caller hears which, and its copy does not count until it is made good', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'redis'],
      cache: { health: false, timeouts: PATIENT, replication: 2, codec: 'string', read: { prefer: 'any' } },
    });
    const { cache, servers } = fleet;
    await cache.set('key', 'old');
    const [a] = servers as [(typeof servers)[0]];
    await ask(a, 'CONFIG SET maxmemory 1');
    const told: [string, string | undefined][] = [];
    cache.on('writeUnconfirmed', ({ key, error }) => told.push([key, error.node]));
    expect(await cache.set('key', 'second')).toBe(false);
    await until(() => told.length > 0);
    expect(told).toEqual([['key', 'a']]);
    expect(await cache.set('key', 'third', { write: 'one' })).toBe(true);
    for (let turn = 0; turn < 8; turn++) expect(await cache.get('key')).toBe('third');
    await ask(a, 'CONFIG SET maxmemory 0');
    for (let turn = 0; turn < 8; turn++) expect(await cache.get('key')).toBe('third');
    // A delete that any owner takes pays for it, even one that has no room.
    await until(async () => (await ask(a, 'STRLEN key')) !== ':3\r\n');
  });

  // Planted fault: stamps are not compared with the floor.
  it('D5 one of two copies is old: never older than what was written here last, whichever owner is asked', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'redis', 'redis'],
      cache: { health: false, timeouts: PATIENT, replication: 2, read: { prefer: 'any' } },
    });
    const { cache, servers } = fleet;
    const [a, b, c] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
    const keys = fleet
      .keysOf('a', 200)
      .filter((key) => cache.ring.owners(key)[1] === 'b')
      .slice(0, 20);
    await storeAll(cache, keys, 'first');
    // What a snapshot would have held.
    await copyEntries(a, c, keys);
    await storeAll(cache, keys, 'second');
    await copyEntries(c, b, keys);
    for (let turn = 0; turn < 4; turn++)
      expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys.map(() => 'second'));
  });

  // Planted fault: a delete that an owner missed is not owed to it.
  it.each(['json', 'string'] as const)(
    'D13 a delete that one of two owners misses reaches it in the end (%s)',
    async (codec) => {
      const fleet = await startFleet({
        kinds: ['redis', 'redis'],
        cache: { health: false, timeouts: PATIENT, replication: 2, codec, fallback: false, read: { prefer: 'any' } },
      });
      const { cache, proxies, servers } = fleet;
      await cache.set('key', 'value');
      await cutOff(fleet, 1, 'b');
      const told: (string | undefined)[] = [];
      cache.on('writeUnconfirmed', ({ error }) => told.push(error.node));
      expect(await cache.delete('key')).toBe(false);
      expect(told).toEqual(['b']);
      expect(await ask(servers[1] as (typeof servers)[0], 'EXISTS key')).toBe(':1\r\n');
      await proxies[1]?.heal();
      await until(async () => {
        expect(await cache.get('key')).toBeUndefined();
        return (await ask(servers[1] as (typeof servers)[0], 'EXISTS key')) === ':0\r\n';
      });
      for (let turn = 0; turn < 4; turn++) expect(await cache.get('key')).toBeUndefined();
    },
  );

  // Planted fault: a count that timed out is tried again.
  it.each(['redis', 'memcached'] as const)('D15 a count that times out on a %s is not sent again', async (kind) => {
    const fleet = await startFleet({
      kinds: [kind],
      cache: { health: false, timeouts: TIMEOUTS, retry: { attempts: 5, baseMs: 1, maxMs: 5 } },
    });
    const { cache, proxy, server } = fleet;
    // The first may be late, and count; what matters is by how much the next one does.
    await until(async () => (await cache.increment('count').catch(() => undefined)) !== undefined);
    const counted = async (): Promise<number> => {
      const text = kind === 'redis' ? await ask(server, 'GET count') : await ask(server, 'mg count v');
      return Number(/\r\n(\d+)\s*\r\n/.exec(text)?.[1]);
    };
    const before = await counted();
    proxy.apply({ kind: 'hold' }, 'toClient');
    const failed = await cache.increment('count').catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CacheError);
    expect((failed as CacheError).code).toBe('ERR_INDETERMINATE');
    expect(await counted()).toBe(before + 1);
  });
});
