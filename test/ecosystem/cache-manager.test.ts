/** cache-manager 6 and 7, whose caches store through Keyv 5, over three real nodes of each kind. */

import { createCache } from 'cache-manager';
import { createCache as createCache6 } from 'cache-manager6';
import { Keyv } from 'keyv';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../src/index.js';
import { Fleet, MEMCACHED, REDIS } from '../cache/fleet.js';
import { nameOf, ownedBy, storesOver } from './keyv-stores.js';

const MINUTE = 60_000;
const USERS = Array.from({ length: 60 }, (_, i) => `user-${i}`);

/** The two differ in what a miss is. */
const VERSIONS = [
  { version: 7, make: createCache, miss: undefined },
  { version: 6, make: createCache6, miss: null },
];
const CASES = [
  { ...REDIS, redis: 3 },
  { ...MEMCACHED, memcached: 3 },
].flatMap((kind) => VERSIONS.map((each) => ({ kind, engine: kind.name, ...each })));

describe.each(CASES)('cache-manager $version over $engine', ({ kind, make, miss }) => {
  const fleet = Fleet.ofTests(kind);
  let cache: Cache;
  const stores = storesOver(() => cache);

  beforeAll(async () => {
    cache = await fleet.open();
  });

  it('sets, gets and deletes values of every kind', async () => {
    const manager = make({ stores: [stores.next()] });
    for (const value of ['text', '', 0, false, { a: [1, null] }, [2]]) {
      expect(await manager.set('k', value)).toEqual(value);
      expect(await manager.get('k')).toEqual(value);
    }
    expect(await manager.del('k')).toBe(true);
    expect(await manager.get('k')).toBe(miss);
  });

  it('spreads what it stores over all nodes', async () => {
    const manager = make({ stores: [stores.next('spread')] });
    await manager.mset(USERS.map((key) => ({ key, value: key })));
    for (const node of cache.nodes()) expect(ownedBy(cache, node.name, USERS, 'spread').length).toBeGreaterThan(0);
    expect(await manager.mget(USERS)).toEqual(USERS);
  });

  it('gets and sets many, each with its own time to live', async () => {
    const manager = make({ stores: [stores.next()] });
    const list: { key: string; value: unknown; ttl?: number }[] = [
      { key: 'a', value: 1, ttl: MINUTE },
      { key: 'b', value: { two: 2 } },
    ];
    expect(await manager.mset(list)).toEqual(list.map((entry) => ({ ttl: undefined, ...entry })));
    expect(await manager.mget(['b', 'none', 'a'])).toEqual([{ two: 2 }, miss, 1]);
    expect(await manager.ttl('b')).toBe(miss);
    const left = Number(await manager.ttl('a')) - Date.now();
    expect(left).toBeGreaterThan(MINUTE / 2);
    expect(left).toBeLessThanOrEqual(MINUTE);
    expect(await manager.mdel(['a', 'none'])).toBe(true);
    expect(await manager.mget(['a', 'b'])).toEqual([miss, { two: 2 }]);
  });

  it('forgets after a time to live below a second, given with the value or to the cache', async () => {
    const manager = make({ stores: [stores.next()], ttl: 150 });
    await Promise.all([manager.set('default', 'v'), manager.set('own', 'v', 120), manager.set('long', 'v', MINUTE)]);
    await expect.poll(async () => [await manager.get('default'), await manager.get('own')]).toEqual([miss, miss]);
    expect(await manager.get('long')).toBe('v');
  });

  it('clears its namespace and leaves alone what others keep', async () => {
    const [mine, others] = [make({ stores: [stores.next()] }), make({ stores: [stores.next()] })];
    await mine.mset(USERS.map((key) => ({ key, value: 'mine' })));
    await others.set('user-1', 'theirs');
    await cache.set('plain', 'of the cache itself');
    expect(await mine.clear()).toBe(true);
    expect(await mine.mget(USERS)).toEqual(USERS.map(() => miss));
    expect([await others.get('user-1'), await cache.get('plain')]).toEqual(['theirs', 'of the cache itself']);
  });

  it('wraps: a hundred callers at once run the function once, later ones not at all', async () => {
    const manager = make({ stores: [stores.next()] });
    const load = vi.fn(async () => ({ page: 1 }));
    const first = await Promise.all(Array.from({ length: 100 }, () => manager.wrap('page', load, MINUTE)));
    expect(first).toEqual(first.map(() => ({ page: 1 })));
    expect(await manager.wrap('page', load, MINUTE)).toEqual({ page: 1 });
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('wraps: below its refresh threshold an entry is served and loaded anew behind it', async () => {
    const manager = make({ stores: [stores.next()] });
    let loads = 0;
    const wrapped = () => manager.wrap('page', () => ++loads, { ttl: MINUTE, refreshThreshold: 2 * MINUTE });
    expect(await wrapped()).toBe(1);
    expect(await wrapped()).toBe(1);
    await expect.poll(() => manager.get('page')).toBe(2);
  });

  it('fills a store before the ring from the ring', async () => {
    const ring = stores.next();
    await ring.set('k', 'v');
    const near = new Keyv();
    const manager = make({ stores: [near, ring] });
    expect(await manager.wrap('k', () => 'not asked', MINUTE)).toBe('v');
    expect(await near.get('k')).toBe('v');
    await manager.del('k');
    expect([await near.get('k'), await ring.get('k')]).toEqual([undefined, undefined]);
  });
});

describe.each(CASES)('cache-manager $version over $engine, one of three nodes killed', ({ kind, make, miss }) => {
  const fleet = Fleet.ofTests(kind);

  beforeEach(() => fleet.restartKilled());

  it('serves all from the other copy with two of each', async () => {
    const cache = await fleet.open({ replication: 2 });
    const manager = make({ stores: [storesOver(() => cache).next()] });
    await manager.mset(USERS.map((key) => ({ key, value: key })));
    await fleet.servers[0]?.kill9();
    expect(await manager.mget(USERS)).toEqual(USERS);
    await Promise.all(USERS.map((key) => manager.set(key, 'new')));
    expect(await manager.mget(USERS)).toEqual(USERS.map(() => 'new'));
  });

  it('settles every call; reads of lost keys are misses, writes emit an error of the store, the others go on', async () => {
    const cache = await fleet.open({ health: false, fallback: false, retry: false });
    const store = storesOver(() => cache).next('alone');
    const errors = vi.fn();
    store.on('error', errors);
    const manager = make({ stores: [store] });
    await manager.mset(USERS.map((key) => ({ key, value: key })));
    await fleet.servers[0]?.kill9();
    const lost = new Set(ownedBy(cache, nameOf(fleet.servers[0]), USERS, 'alone'));
    expect(lost.size).toBeGreaterThan(0);

    expect(await manager.mget(USERS)).toEqual(USERS.map((key) => (lost.has(key) ? miss : key)));
    expect(errors).not.toHaveBeenCalled();
    expect(await Promise.all(USERS.map((key) => manager.set(key, 'new')))).toEqual(USERS.map(() => 'new'));
    expect(errors.mock.calls).toEqual([...lost].map(() => [expect.objectContaining({ code: 'ERR_UNAVAILABLE' })]));
    const [first = ''] = lost;
    expect(await manager.wrap(first, () => 'loaded', MINUTE)).toBe('loaded');
    errors.mockClear();
    expect(await manager.clear()).toBe(true);
    expect(errors).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'ERR_UNAVAILABLE' }));

    await fleet.servers[0]?.restart();
    const comesBack = async (): Promise<unknown> => {
      await cache.set('back', 1);
      await manager.set(first, 'back');
      return manager.get(first);
    };
    await expect.poll(comesBack).toBe('back');
  });

  it('tells its own listeners where the cache throws and Keyv is told to', async () => {
    const cache = await fleet.open({ health: false, fallback: false, retry: false, onUnavailable: 'throw' });
    const store = storesOver(() => cache).next();
    store.throwOnErrors = true;
    store.on('error', () => undefined);
    const manager = make({ stores: [store] });
    const heard: [string, unknown][] = [];
    // The two types of `on` are the same but in name, and no caller can have both.
    const tell = (event: string) => (data: { error?: unknown }) => heard.push([event, data.error]);
    for (const event of ['get', 'set']) Reflect.apply(manager.on, manager, [event, tell(event)]);
    await Promise.all(fleet.servers.map((server) => server.kill9()));
    expect(await manager.get('k')).toBe(miss);
    await expect(manager.set('k', 'v')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(heard).toEqual(['get', 'set'].map((event) => [event, expect.objectContaining({ code: 'ERR_UNAVAILABLE' })]));
  });
});
