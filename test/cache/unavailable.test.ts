/** What calls answer when owners cannot: `onUnavailable`, `write`, and the fallback. */

import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { stopwatch } from '../support/stopwatch.js';
import { refusalOf } from './every-call.js';
import { ALL_FLEETS, Fleet, MEMORY } from './fleet.js';

const QUICK: CacheOptions = { retry: false, health: false, timeouts: { connectMs: 300, attemptMs: 150, totalMs: 300 } };

const opened: Cache[] = [];
afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.destroy();
});

/** A cache over in-process nodes a, b, c … */
async function overNodes(count: number, options: CacheOptions = {}): Promise<{ cache: Cache; stores: MemoryNode[] }> {
  const stores = Array.from({ length: count }, (_, i) => new MemoryNode({ name: String.fromCharCode(97 + i) }));
  const nodes = stores.map((store) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) }));
  const cache = createCache({ nodes, ...QUICK, fallback: false, ...options });
  opened.push(cache);
  await cache.ready();
  return { cache, stores };
}

describe.each(ALL_FLEETS.filter(({ memory }) => memory === 0))('killed servers: $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  it('are answered by misses and false, by errors where the cache throws, and by errors always where a lock depends on it', async () => {
    await fleet.restartKilled();
    const degrading = await fleet.open({ ...QUICK, fallback: false });
    const throwing = await fleet.open({ ...QUICK, fallback: false, onUnavailable: 'throw' });
    for (const cache of [degrading, throwing]) await cache.set('k', 'v');
    await Promise.all(fleet.servers.map((server) => server.kill9()));
    expect(await degrading.get('k')).toBeUndefined();
    expect(await degrading.getEntry('k')).toBeUndefined();
    expect(await degrading.has('k')).toBe(false);
    expect(await degrading.ttl('k')).toBeUndefined();
    expect(await degrading.set('k', 'w')).toBe(false);
    expect(await degrading.delete('k')).toBe(false);
    expect(await degrading.touch('k', 1_000)).toBe(false);
    const undecided = expect.stringMatching(/^ERR_(UNAVAILABLE|INDETERMINATE|TIMEOUT)$/);
    const refused = [
      throwing.get('k'),
      throwing.getEntry('k'),
      throwing.has('k'),
      throwing.ttl('k'),
      throwing.set('k', 'w'),
      throwing.delete('k'),
      throwing.touch('k', 1_000),
      ...[degrading, throwing].flatMap((cache) => [cache.add('k', 'w'), cache.replace('k', 'w'), cache.increment('n')]),
    ].map(refusalOf);
    for (const error of await Promise.all(refused)) expect(error).toMatchObject({ code: undecided });
    for (const cache of [degrading, throwing]) {
      const found = await cache.getMany(['a', 'b']);
      expect([found.size, [...found.failures.keys()]]).toEqual([0, ['a', 'b']]);
      expect([...found.failures.values()].map(({ code }) => code)).toEqual([undecided, undecided]);
      const stored = await cache.setMany({ a: 1, b: { c: 2 } });
      expect([stored.stored, [...stored.failures.keys()]]).toEqual([0, ['a', 'b']]);
      expect((await cache.deleteMany(['a'])).deleted).toBe(0);
    }
    await fleet.restartKilled();
    await expect.poll(() => degrading.set('k', 'back')).toBe(true);
    const found = new Set<unknown>();
    await expect.poll(async () => found.add(await degrading.get('k'))).toContain('back');
    expect([undefined, 'back']).toEqual(expect.arrayContaining([...found]));
  });
});

describe('write', () => {
  it.each([
    ['all', 3, [true, false, false, false]],
    ['majority', 3, [true, true, false, false]],
    ['one', 3, [true, true, true, false]],
    ['majority', 2, [true, false, false]],
    ['one', 2, [true, true, false]],
  ] as const)("'%s' of %i owners holds with so many of them out of order: %j", async (write, count, expected) => {
    const { cache, stores } = await overNodes(count, { replication: count });
    const ofCache = await overNodes(count, { replication: count, write });
    for (const [dead, stored] of expected.entries()) {
      expect(await cache.set(`k${dead}`, 'v', { write })).toBe(stored);
      expect(await cache.delete(`k${dead}`, { write })).toBe(stored);
      expect(await ofCache.cache.set(`k${dead}`, 'v')).toBe(stored);
      expect((await cache.setMany({ a: 'v', b: 'v' }, { write })).stored).toBe(stored ? 2 : 0);
      stores[dead]?.failWith('busy', ['store', 'delete']);
      ofCache.stores[dead]?.failWith('busy', ['store', 'delete']);
    }
  });

  it('throws where the cache throws: ERR_INDETERMINATE if some owners hold the value, with the reason', async () => {
    const { cache, stores } = await overNodes(2, { replication: 2, onUnavailable: 'throw' });
    stores[0]?.failWith('busy', ['store', 'delete']);
    expect(await refusalOf(cache.set('k', 'v'))).toMatchObject({
      code: 'ERR_INDETERMINATE',
      message: expect.stringContaining('of 2 owners'),
      cause: { code: 'ERR_NODE', reason: 'busy' },
      key: 'k',
    });
    expect(await cache.set('k', 'v', { write: 'one' })).toBe(true);
  });

  it('does not wait for more owners than it asks for', async () => {
    const { cache, stores } = await overNodes(2, { replication: 2, timeouts: { attemptMs: 5_000, totalMs: 5_000 } });
    await cache.set('warm', 'up');
    stores[1]?.hang();
    const ownMs = stopwatch();
    expect(await cache.set('k', 'v', { write: 'one' })).toBe(true);
    expect(ownMs()).toBeLessThan(1_000);
    stores[1]?.resume();
  });

  it('a value that could not be confirmed is not served, and neither is the one before it', async () => {
    const { cache, stores } = await overNodes(2, { replication: 2 });
    await cache.set('k', 'old');
    for (const store of stores) store.failWith('busy', ['store', 'delete']);
    expect(await cache.set('k', 'new')).toBe(false);
    for (const store of stores) store.heal();
    expect(await cache.get('k')).not.toBe('old');
  });
});

describe('the fallback', () => {
  it('answers with what was read or written, marked stale, when no owner can', async () => {
    const { cache, stores } = await overNodes(2, { fallback: {} });
    await cache.setMany({ written: { n: 1 }, read: { n: 2 }, other: 'v' });
    await cache.get('read');
    for (const store of stores) store.kill();
    for (const [key, n] of [
      ['written', 1],
      ['read', 2],
    ] as const) {
      expect(await cache.get(key)).toEqual({ n });
      const entry = await cache.getEntry(key);
      expect(entry).toMatchObject({
        value: { n },
        source: 'fallback',
        stale: true,
        node: undefined,
        version: undefined,
        ttlMs: undefined,
      });
      expect(entry?.ageMs).toBeGreaterThanOrEqual(0);
    }
    const found = await cache.getMany(['written', 'read', 'never seen']);
    expect(Object.fromEntries(found)).toEqual({ written: { n: 1 }, read: { n: 2 } });
    expect([...found.failures.keys()]).toEqual(['never seen']);
    expect(cache.stats().calls.fallbackServed).toBeGreaterThanOrEqual(6);
  });

  it('answers even where the cache throws, since an answer is at hand', async () => {
    const { cache, stores } = await overNodes(1, { fallback: {}, onUnavailable: 'throw' });
    await cache.set('k', 'v');
    stores[0]?.kill();
    expect(await cache.get('k')).toBe('v');
    expect((await refusalOf(cache.get('unknown'))).code).toBe('ERR_UNAVAILABLE');
  });

  it('gives each caller a value of its own', async () => {
    const { cache, stores } = await overNodes(1, { fallback: {} });
    await cache.set('k', { list: [1] });
    stores[0]?.kill();
    const first = await cache.get<{ list: number[] }>('k');
    first?.list.push(2);
    expect(await cache.get('k')).toEqual({ list: [1] });
  });

  it('forgets what was written or deleted, confirmed or not', async () => {
    const { cache, stores } = await overNodes(1, { fallback: {} });
    await cache.setMany({ deleted: 'v', overwritten: 'v', counted: 5 });
    stores[0]?.failWith('busy', ['store', 'delete', 'count']);
    expect(await cache.delete('deleted')).toBe(false);
    expect(await cache.set('overwritten', 'new')).toBe(false);
    await refusalOf(cache.increment('counted'));
    stores[0]?.kill();
    expect(await cache.get('deleted')).toBeUndefined();
    expect(await cache.get('overwritten')).not.toBe('v');
    expect(await cache.get('counted')).not.toBe(5);
  });

  it('serves nothing older than maxStaleMs, and no more than its bounds hold', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }];
    const cache = createCache({ clock, nodes, ...QUICK, fallback: { maxStaleMs: 10_000, maxEntries: 2 } });
    await clock.until(cache.ready());
    for (const key of ['a', 'b', 'c']) await clock.until(cache.set(key, key));
    expect(cache.stats().fallback.entries).toBe(2);
    store.kill();
    await clock.advance(9_000);
    expect(await clock.until(cache.get('a'))).toBeUndefined();
    expect(await clock.until(cache.get('b'))).toBe('b');
    expect((await clock.until(cache.getEntry('c')))?.ageMs).toBeGreaterThanOrEqual(9_000);
    await clock.advance(1_100);
    expect(await clock.until(cache.get('b'))).toBeUndefined();
    await clock.until(cache.destroy());
  });

  it('switched off remembers nothing', async () => {
    const { cache, stores } = await overNodes(1, { fallback: false });
    await cache.set('k', 'v');
    await cache.get('k');
    expect(cache.stats().fallback).toEqual({ entries: 0, bytes: 0 });
    stores[0]?.kill();
    expect(await cache.get('k')).toBeUndefined();
  });
});

describe('timeouts', () => {
  it('of the cache bound its calls: an attempt, and the whole', async () => {
    const fleet = await Fleet.start(MEMORY);
    const nodes = fleet.nodes;
    const cache = createCache({
      nodes,
      replication: 2,
      ...QUICK,
      onUnavailable: 'throw',
      timeouts: { connectMs: 5_000, attemptMs: 40, totalMs: 200 },
    });
    await cache.ready();
    for (const node of fleet.memory) node.hang();
    const [ownMs, startedAt] = [stopwatch(), performance.now()];
    expect((await refusalOf(cache.get('k'))).code).toMatch(/^ERR_(TIMEOUT|UNAVAILABLE)$/);
    // Two owners, forty milliseconds each.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(75);
    expect(ownMs()).toBeLessThan(200);
    await cache.destroy();
    for (const node of fleet.memory) node.resume();
    await fleet.stop();
  });
});
