/** Which owner a read asks, what a miss does, read repair, and the near cache in front of it all. */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { Fleet, MIXED } from './fleet.js';

const opened: Cache[] = [];
afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.destroy();
});

interface Ring {
  readonly stores: readonly MemoryNode[];
  open(options?: CacheOptions): Promise<Cache>;
}

/** Three nodes, one in each zone, every key on all of them. */
function ring(): Ring {
  const stores = ['a', 'b', 'c'].map((name) => new MemoryNode({ name }));
  const nodes = stores.map((store) => ({
    name: store.name,
    zone: `zone-${store.name}`,
    driver: createMemoryDriver({ name: store.name, store }),
  }));
  return {
    stores,
    async open(options = {}) {
      const cache = createCache({ nodes, replication: 3, namespace: 'n', health: false, fallback: false, ...options });
      opened.push(cache);
      await cache.ready();
      return cache;
    },
  };
}

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);

/** Gets that each node carried out while `work` ran, by name. */
async function getsDuring(
  stores: readonly MemoryNode[],
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const before = stores.map(({ stats }) => stats.get);
  await work();
  return Object.fromEntries(stores.map(({ name, stats }, i) => [name, stats.get - (before[i] ?? 0)]));
}

describe('read.prefer', () => {
  it("'primary' asks the first owner and nobody else", async () => {
    const { stores, open } = ring();
    const cache = await open();
    await cache.setMany(KEYS.map((key) => [key, 'v'] as const));
    const expected: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (const key of KEYS)
      expected[cache.ring.owners(key)[0] ?? ''] = (expected[cache.ring.owners(key)[0] ?? ''] ?? 0) + 1;
    expect(await getsDuring(stores, async () => expect((await cache.getMany(KEYS)).size).toBe(60))).toEqual(expected);
    expect(Math.min(...Object.values(expected))).toBeGreaterThan(5);
  });

  it("'any' takes the owners in turn", async () => {
    const { stores, open } = ring();
    const cache = await open({ read: { prefer: 'any' } });
    await cache.setMany(KEYS.map((key) => [key, 'v'] as const));
    const gets = await getsDuring(stores, () => cache.getMany(KEYS));
    expect(Math.min(...Object.values(gets))).toBeGreaterThan(5);
    expect(Object.values(gets).reduce((sum, count) => sum + count, 0)).toBe(60);
    const others = await getsDuring(stores, async () => {
      for (let i = 0; i < 6; i++) await cache.get('k0');
    });
    expect(others).toEqual({ a: 2, b: 2, c: 2 });
  });

  it('a zone asks the owner in it, of the cache or of one call', async () => {
    const { stores, open } = ring();
    const cache = await open({ read: { prefer: { zone: 'zone-b' } } });
    await cache.setMany(KEYS.map((key) => [key, 'v'] as const));
    expect(await getsDuring(stores, () => cache.getMany(KEYS))).toEqual({ a: 0, b: 60, c: 0 });
    const elsewhere = { read: { prefer: { zone: 'zone-c' } } } as const;
    expect(await getsDuring(stores, () => cache.getMany(KEYS, elsewhere))).toEqual({ a: 0, b: 0, c: 60 });
    expect(await getsDuring(stores, () => cache.get('k1', elsewhere))).toEqual({ a: 0, b: 0, c: 1 });
    expect((await cache.getEntry('k1', elsewhere))?.node).toBe('c');
    expect(await cache.has('k1', elsewhere)).toBe(true);
    // A zone that no owner is in: the first owner.
    const nowhere = { read: { prefer: { zone: 'zone-x' } } } as const;
    expect((await cache.getEntry('k1', nowhere))?.node).toBe(cache.ring.owners('k1')[0]);
  });

  it('an owner that fails is passed over within the same call', async () => {
    const { stores, open } = ring();
    const cache = await open({ timeouts: { attemptMs: 100, totalMs: 1_000 } });
    await cache.setMany(KEYS.map((key) => [key, { key }] as const));
    stores[0]?.kill();
    stores[1]?.failWith('busy');
    const found = await cache.getMany(KEYS);
    expect([found.size, found.failures.size]).toEqual([60, 0]);
    for (const key of KEYS)
      expect(await cache.getEntry(key)).toMatchObject({ value: { key }, node: 'c', stale: false });
    expect(cache.stats().calls.walks).toBeGreaterThan(0);
  });
});

describe('read.onMiss', () => {
  /** A node of the ring loses all it had. */
  async function withOneEmptied(
    options: CacheOptions,
  ): Promise<{ cache: Cache; lost: string[]; stores: readonly MemoryNode[] }> {
    const { stores, open } = ring();
    const writer = await open();
    await writer.setMany(KEYS.map((key) => [key, { key }] as const));
    // A cache that saw the node come back empty would give it its copies back by itself.
    await writer.close();
    stores[0]?.restart({ data: 'empty' });
    const cache = await open(options);
    await expect.poll(() => cache.nodes().every(({ isConnected }) => isConnected)).toBe(true);
    return { cache, stores, lost: KEYS.filter((key) => cache.ring.owners(key)[0] === 'a') };
  }

  it("'next' goes on to the next owner, which repairs the first", async () => {
    const { cache, stores, lost } = await withOneEmptied({});
    expect(lost.length).toBeGreaterThan(5);
    const found = await cache.getMany(KEYS);
    expect(found.size).toBe(60);
    await expect.poll(() => stores[0]?.size).toBe(lost.length);
    for (const key of lost) expect(await cache.getEntry(key)).toMatchObject({ value: { key }, node: 'a' });
    expect(cache.stats().calls.repairs).toBe(lost.length);
  });

  it("'accept' takes a miss for an answer, of the cache or of one call", async () => {
    const { cache, stores, lost } = await withOneEmptied({ read: { onMiss: 'accept' } });
    const found = await cache.getMany(KEYS);
    expect([...found.keys()].sort()).toEqual(KEYS.filter((key) => !lost.includes(key)).sort());
    expect(await cache.get(lost[0] ?? '')).toBeUndefined();
    expect(await cache.getEntry(lost[0] ?? '')).toBeUndefined();
    expect(stores[0]?.size).toBe(0);
    expect(await cache.get(lost[0] ?? '', { read: { onMiss: 'next' } })).toEqual({ key: lost[0] });
    const strict = await withOneEmptied({});
    expect(await strict.cache.get(strict.lost[0] ?? '', { read: { onMiss: 'accept' } })).toBeUndefined();
  });

  it('a repaired copy lives as long as the one it came from, on every kind of node', async () => {
    const fleet = await Fleet.start(MIXED);
    const namespace = `repaired-${randomUUID()}`;
    for (const kind of ['redis', 'memcached'] as const) {
      const writer = await fleet.open({ namespace, health: false });
      await expect.poll(() => writer.nodes().every(({ isConnected }) => isConnected)).toBe(true);
      const stored = await writer.setMany(
        KEYS.map((key) => [key, { key }] as const),
        { ttlMs: 10_000 },
      );
      expect(stored.stored).toBe(60);
      await Promise.all(KEYS.map((key) => writer.touch(key, 30_000)));
      await writer.close();
      const lost = fleet.server(kind);
      await lost.restart();
      const cache = await fleet.open({ namespace, health: false });
      await expect.poll(() => cache.nodes().every(({ isConnected }) => isConnected)).toBe(true);
      const own = KEYS.filter((key) => lost.url.endsWith(cache.ring.owners(key)[0] ?? '?'));
      expect(own.length).toBeGreaterThan(5);
      expect((await cache.getMany(KEYS)).size).toBe(60);
      await expect.poll(() => cache.stats().calls.repairs).toBe(own.length);
      for (const key of own) {
        const entry = await cache.getEntry(key);
        expect(entry).toMatchObject({ value: { key }, source: 'node' });
        expect(entry?.ttlMs).toSatisfy((ms) => typeof ms === 'number' && ms > 20_000 && ms <= 31_000);
      }
      // Or it fills the next node to lose everything before anybody reads.
      await cache.close();
    }
    await fleet.stop();
  });
});

describe('the near cache', () => {
  it('serves a value for a short time without asking a node, and is off unless asked for', async () => {
    const { stores, open } = ring();
    const plain = await open();
    const near = await open({ near: { ttlMs: 60_000 } });
    await near.set('k', { v: 1 });
    await near.get('k');
    const first = await near.get<{ v: number }>('k');
    const asked = await getsDuring(stores, async () => {
      for (let i = 0; i < 10; i++) expect(await near.get('k')).toEqual({ v: 1 });
      expect((await near.getMany(['k', 'k'])).get('k')).toEqual({ v: 1 });
      expect(await near.has('k')).toBe(true);
      expect(await near.getOrSet('k', () => 'not asked')).toEqual({ v: 1 });
    });
    expect(asked).toEqual({ a: 0, b: 0, c: 0 });
    if (first !== undefined) first.v = 2;
    expect(await near.get('k')).toEqual({ v: 1 });
    expect(near.stats().near.entries).toBe(1);
    const unasked = await getsDuring(stores, () => Promise.all([plain.get('k'), plain.get('x')]));
    expect(Object.values(unasked).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2);
    expect(plain.stats().near.entries).toBe(0);
  });

  it('sees every write of this process at once, whatever call makes it', async () => {
    const { open } = ring();
    const cache = await open({ near: { ttlMs: 60_000 } });
    const both = async (key: string): Promise<unknown> => {
      const first = await cache.get(key);
      expect(await cache.get(key)).toEqual(first);
      return first;
    };
    await cache.set('k', 1);
    expect(await both('k')).toBe(1);
    await cache.set('k', 'two');
    expect(await both('k')).toBe('two');
    expect(await cache.replace('k', 'three')).toBe(true);
    expect(await both('k')).toBe('three');
    const version = (await cache.getEntry('k'))?.version ?? '';
    expect(await cache.compareAndSet('k', 'four', version)).toBe(true);
    expect(await both('k')).toBe('four');
    await cache.setMany({ k: 5 });
    expect(await both('k')).toBe(5);
    await cache.increment('k');
    expect(await both('k')).toBe(6);
    await cache.delete('k');
    expect(await both('k')).toBeUndefined();
    await cache.add('k', 'seven');
    expect(await both('k')).toBe('seven');
    await cache.deleteMany(['k']);
    expect(await both('k')).toBeUndefined();
  });

  it('a read under way when a write is issued leaves nothing behind', async () => {
    const { stores, open } = ring();
    const cache = await open({ near: { ttlMs: 60_000 } });
    await cache.set('k', 'old');
    for (const store of stores) store.latencyMs = 20;
    const read = cache.get('k');
    await sleep(5);
    const written = cache.set('k', 'new');
    expect(['old', 'new']).toContain(await read);
    await written;
    expect([await cache.get('k'), await cache.get('k')]).toEqual(['new', 'new']);
  });

  it('ends with its time, and with that of the value', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }];
    const settings: CacheOptions = { clock, nodes, namespace: 'n', health: false };
    const cache = createCache({ ...settings, near: { ttlMs: 1_000 } });
    const other = createCache(settings);
    await clock.until(Promise.all([cache.ready(), other.ready()]));
    await clock.until(cache.set('k', 'old'));
    // Further apart than the clocks of two processes may be.
    await clock.advance(600);
    await clock.until(cache.get('k'));
    await clock.until(other.set('k', 'new'));
    await clock.advance(990);
    // What another process wrote meanwhile is not seen: that is the price.
    expect(await clock.until(cache.get('k'))).toBe('old');
    await clock.advance(20);
    expect(await clock.until(cache.get('k'))).toBe('new');
    await clock.until(cache.set('short', { v: 1 }, { ttlMs: 300 }));
    await clock.until(cache.get('short'));
    await clock.advance(310);
    expect(await clock.until(cache.get('short'))).toBeUndefined();
    await clock.until(Promise.all([cache.destroy(), other.destroy()]));
  });

  it('holds no more than its bounds', async () => {
    const { open } = ring();
    const cache = await open({ near: { ttlMs: 60_000, maxEntries: 10 } });
    await cache.setMany(KEYS.map((key) => [key, 'v'] as const));
    for (const key of KEYS) await cache.get(key);
    expect(cache.stats().near.entries).toBe(10);
    const small = await open({ near: { ttlMs: 60_000, maxBytes: 3_000 } });
    for (const key of KEYS) await small.get(key);
    expect(small.stats().near.bytes).toBeLessThanOrEqual(3_000);
    expect(small.stats().near.entries).toBeGreaterThan(2);
  });
});

describe('a read overtaken by a write', () => {
  it.each(['json', 'string', 'bytes'] as const)('finds the new value, not a miss: codec %s', async (codec) => {
    const { stores, open } = ring();
    const cache = await open({ codec, read: { onMiss: 'accept' }, timeouts: { attemptMs: 2_000, totalMs: 2_000 } });
    const value = (i: number): unknown => (codec === 'bytes' ? Buffer.from(`v${i}`) : `v${i}`);
    await cache.set('hot', value(0));
    for (const store of stores) store.latencyMs = 5;
    let newest = 0;
    let isOver = false;
    const writing = (async () => {
      for (let i = 1; i <= 20; i++) {
        newest = i;
        await cache.set('hot', value(i));
        await sleep(12);
      }
      isOver = true;
    })();
    let reads = 0;
    while (!isOver) {
      const issuedAt = newest;
      const answers = await Promise.all([
        cache.get('hot'),
        cache.getMany(['hot']).then((found) => found.get('hot')),
        cache.getEntry('hot').then((entry) => entry?.value),
      ]);
      for (const read of answers) {
        const number = Number(String(read).slice(1));
        expect(number).toBeGreaterThanOrEqual(Math.max(0, issuedAt - 1));
        expect(number).toBeLessThanOrEqual(newest);
      }
      reads += 3;
    }
    await writing;
    expect(reads).toBeGreaterThan(10);
  });
});
