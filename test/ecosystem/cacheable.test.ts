/** cacheable, which stores through Keyv 5, with the ring as its primary and as its secondary store, over three real nodes of each kind. */

import { Cacheable, CacheableEvents, type CacheableOptions } from 'cacheable';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../src/index.js';
import { KeyvRingfence } from '../../src/keyv.js';
import { Fleet, MEMCACHED, REDIS } from '../cache/fleet.js';
import { nameOf, ownedBy, storesOver } from './keyv-stores.js';

const USERS = Array.from({ length: 60 }, (_, i) => `user-${i}`);
const ITEMS = USERS.map((key) => ({ key, value: { key } }));
const KINDS = [
  { ...REDIS, redis: 3 },
  { ...MEMCACHED, memcached: 3 },
];

describe.each(KINDS)('cacheable over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);
  let cache: Cache;
  const stores = storesOver(() => cache);
  const open: Cacheable[] = [];
  let last = 0;

  beforeAll(async () => {
    cache = await fleet.open();
  });

  afterEach(() => Promise.all(open.splice(0).map((each) => each.disconnect())));

  /** Fails the test on the first error it emits. */
  function cacheable(options: CacheableOptions): Cacheable {
    const made = new Cacheable(options);
    made.on(CacheableEvents.ERROR, (error: unknown) => {
      throw error;
    });
    open.push(made);
    return made;
  }

  const onRing = (options: CacheableOptions = {}) => cacheable({ primary: stores.next(), ...options });
  /** Two processes with a memory each and the ring behind both. */
  const pair = (namespace = `pair-${last++}`) =>
    [0, 1].map(() => cacheable({ secondary: new KeyvRingfence({ cache }), namespace })) as [Cacheable, Cacheable];

  it('sets, gets, has, takes and deletes on the ring as its primary store', async () => {
    const one = onRing();
    for (const value of ['text', '', 0, false, { a: [1, null] }]) {
      expect(await one.set('k', value)).toBe(true);
      expect(await one.get('k')).toEqual(value);
    }
    expect([await one.has('k'), await one.take('k'), await one.has('k')]).toEqual([true, { a: [1, null] }, false]);
    expect(await one.delete('k')).toBe(false);
    expect(await one.get('k')).toBeUndefined();
  });

  it('sets, gets, has and deletes many, on every node', async () => {
    const one = onRing({ primary: stores.next('many') });
    expect(await one.setMany(ITEMS)).toBe(true);
    for (const { name } of cache.nodes()) expect(ownedBy(cache, name, USERS, 'many').length).toBeGreaterThan(0);
    expect(await one.getMany(['none', ...USERS])).toEqual([undefined, ...ITEMS.map(({ value }) => value)]);
    expect(await one.hasMany(['user-0', 'none'])).toEqual([true, false]);
    expect([await one.deleteMany(USERS), await one.deleteMany(USERS)]).toEqual([true, false]);
    expect(await one.getMany(USERS)).toEqual(USERS.map(() => undefined));
  });

  it('keeps times to live, in words and below a second, and tells when an entry ends', async () => {
    const one = onRing({ ttl: '1h' });
    await Promise.all([one.set('short', 'v', '150ms'), one.set('long', 'v')]);
    const left = Number((await one.getRaw('long'))?.expires) - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    await expect.poll(() => one.get('short')).toBeUndefined();
    expect(await one.get('long')).toBe('v');
  });

  it('keeps namespaces apart, and clears its own only', async () => {
    const [mine, theirs] = ['mine', 'theirs'].map((namespace) =>
      cacheable({ primary: new KeyvRingfence({ cache }), namespace }),
    ) as [Cacheable, Cacheable];
    await Promise.all([mine.setMany(ITEMS), theirs.set('user-0', 'theirs'), cache.set('plain', 'own')]);
    await mine.clear();
    expect(await mine.getMany(USERS)).toEqual(USERS.map(() => undefined));
    expect([await theirs.get('user-0'), await cache.get('plain')]).toEqual(['theirs', 'own']);
  });

  it('finds in the ring as its secondary store what another process stored, and keeps it near', async () => {
    const [writer, reader] = pair();
    await writer.set('k', { v: 1 }, '1h');
    expect(await reader.primary.get('k')).toBeUndefined();
    expect(await reader.get('k')).toEqual({ v: 1 });
    expect(await reader.primary.get('k')).toEqual({ v: 1 });
    await writer.setMany(ITEMS);
    expect(await reader.getMany(USERS)).toEqual(ITEMS.map(({ value }) => value));
    expect(await reader.hasMany(['user-1', 'none'])).toEqual([true, false]);
    await reader.delete('k');
    expect(await reader.secondary?.get('k')).toBeUndefined();
  });

  it('does not wait for the ring where it is told not to', async () => {
    const one = cacheable({ secondary: stores.next(), nonBlocking: true });
    expect(await one.set('k', 'v')).toBe(true);
    await expect.poll(() => one.secondary?.get('k')).toBe('v');
  });

  it('runs a function once for a hundred callers at once, and not again for another process', async () => {
    const [one, other] = pair();
    const load = vi.fn(async () => 'loaded');
    const calls = Array.from({ length: 100 }, () => one.getOrSet('page', load, { ttl: '1h' }));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['loaded']));
    expect(await other.getOrSet('page', load, { ttl: '1h' })).toBe('loaded');
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('wraps a function, whose answers are found by its arguments', async () => {
    const [one, other] = pair();
    const double = vi.fn(async (n: number) => 2 * n);
    const options = { ttl: '1h', keyPrefix: 'double' };
    const [wrapped, again] = [one.wrap(double, options), other.wrap(double, options)];
    expect([await wrapped(2), await wrapped(2), await wrapped(3), await again(3)]).toEqual([4, 4, 6, 6]);
    expect(double).toHaveBeenCalledTimes(2);
  });

  it('forgets by tag, in every process that shares the ring', async () => {
    const [writer, reader] = pair();
    for (const each of [writer, reader]) each.tags.enabled = true;
    await writer.set('product', 'p', { tags: ['shop'] });
    await writer.set('imprint', 'i', { tags: ['legal'] });
    expect(await reader.getMany(['product', 'imprint'])).toEqual(['p', 'i']);
    await writer.tags.invalidateTag('shop');
    expect(await reader.getMany(['product', 'imprint'])).toEqual([undefined, 'i']);
  });
});

describe.each(KINDS)('cacheable over $name, one of three nodes killed', (kind) => {
  const fleet = Fleet.ofTests(kind);

  beforeEach(() => fleet.restartKilled());

  it('as its only store: what was lost is a miss or false and an error event, the rest goes on', async () => {
    const cache = await fleet.open({ health: false, fallback: false, retry: false });
    const one = new Cacheable({ primary: storesOver(() => cache).next('alone') });
    const errors = vi.fn();
    one.on(CacheableEvents.ERROR, errors);
    await one.setMany(ITEMS);
    await fleet.servers[0]?.kill9();
    const lost = new Set(ownedBy(cache, nameOf(fleet.servers[0]), USERS, 'alone'));
    expect(lost.size).toBeGreaterThan(0);

    expect(await one.getMany(USERS)).toEqual(ITEMS.map(({ key, value }) => (lost.has(key) ? undefined : value)));
    expect(await one.hasMany(USERS)).toEqual(USERS.map((key) => !lost.has(key)));
    expect(errors).not.toHaveBeenCalled();
    expect(await Promise.all(USERS.map((key) => one.set(key, 'new')))).toEqual(USERS.map((key) => !lost.has(key)));
    expect(errors.mock.calls).toEqual([...lost].map(() => [expect.objectContaining({ code: 'ERR_UNAVAILABLE' })]));
    const [first = ''] = lost;
    expect(await one.getOrSet(first, async () => 'loaded')).toBe('loaded');
    expect(await one.delete(first)).toBe(false);
    await one.clear();

    await fleet.servers[0]?.restart();
    await vi.waitUntil(async () => (await one.set(first, 'back')) && (await one.get(first)) === 'back', 30_000);
    await one.disconnect();
  });

  it('behind memory, with two copies of each: another process finds all of it', async () => {
    const cache = await fleet.open({ replication: 2 });
    const [writer, reader] = [0, 1].map(
      () => new Cacheable({ secondary: new KeyvRingfence({ cache }), namespace: 'two' }),
    ) as [Cacheable, Cacheable];
    await writer.setMany(ITEMS);
    await fleet.servers[1]?.kill9();
    expect(await reader.getMany(USERS)).toEqual(ITEMS.map(({ value }) => value));
    await Promise.all(USERS.map((key) => writer.set(key, 'new')));
    await reader.primary.clear();
    expect(await reader.getMany(USERS)).toEqual(USERS.map(() => 'new'));
  });
});
