/** stats(), nodes() and ring: plain snapshots that say what happened and where keys live. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

async function overTwo(): Promise<{ cache: Cache; stores: MemoryNode[] }> {
  const stores = ['a', 'b'].map((name) => new MemoryNode({ name }));
  const nodes = stores.map((store, i) => ({
    name: store.name,
    weight: i + 1,
    zone: `zone-${store.name}`,
    driver: createMemoryDriver({ name: store.name, store }),
  }));
  const cache = createCache({ nodes, health: false, retry: false });
  await cache.ready();
  return { cache, stores };
}

describe('stats', () => {
  it('count hits, misses and failures, in all and by node', async () => {
    const { cache, stores } = await overTwo();
    const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
    await cache.setMany(keys.map((key) => [key, 'v'] as const));
    await cache.getMany(keys);
    await cache.getMany(keys.map((key) => `${key} missing`));
    const { hits, misses, failures, nodes, epoch } = cache.stats();
    expect({ hits, misses, failures, epoch }).toEqual({ hits: 100, misses: 100, failures: 0, epoch: 1 });
    for (const node of nodes) {
      const share = keys.filter((key) => cache.ring.owners(key)[0] === node.name).length;
      expect(node).toMatchObject({ hits: share, inFlight: 0, queued: 0, isConnected: true, breaker: 'closed' });
    }
    expect(nodes.map(({ name, weight, zone }) => [name, weight, zone])).toEqual([
      ['a', 1, 'zone-a'],
      ['b', 2, 'zone-b'],
    ]);
    for (const store of stores) store.failWith('busy');
    await cache.get('k1');
    await cache.set('k1', 'w');
    const after = cache.stats();
    expect(after.failures).toBeGreaterThanOrEqual(2);
    expect(after.calls).toMatchObject({ unconfirmed: 1, fallbackServed: 1, corrupt: 0, retries: 0 });
    await cache.destroy();
  });

  it('are snapshots: what happens later does not change them, and they can be told as JSON', async () => {
    const { cache } = await overTwo();
    const before = cache.stats();
    const text = JSON.stringify(before);
    await cache.set('k', 'v');
    await cache.get('k');
    expect(JSON.stringify(before)).toBe(text);
    expect(JSON.parse(JSON.stringify(cache.stats()))).toMatchObject({ hits: 1, fallback: { entries: 1 } });
    await cache.destroy();
    expect(cache.stats().nodes.every(({ isConnected }) => !isConnected)).toBe(true);
  });
});

describe('the ring', () => {
  it('tells owners, shares and what a change would move, and moves nothing by telling', async () => {
    const { cache } = await overTwo();
    expect(cache.ring.owners('k', 2).sort()).toEqual(['a', 'b']);
    expect(() => cache.ring.owners('')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_KEY' }));
    const shares = cache.ring.distribution();
    expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(shares.get('b')).toBeCloseTo(2 / 3, 1);
    const { fingerprint, epoch } = cache.ring;
    const plan = cache.ring.plan({ add: ['c'] });
    expect(JSON.stringify(plan)).toContain('c');
    expect([cache.ring.fingerprint, cache.ring.epoch]).toEqual([fingerprint, epoch]);
    await cache.destroy();
  });

  it('is the same in two caches exactly if their nodes are, in whatever order they are named', async () => {
    const open = (...nodes: string[]): Cache => createCache({ nodes });
    const caches = [
      open('memory://a', 'memory://b'),
      open('memory://b', 'memory://a'),
      open('memory://a', 'memory://c'),
    ];
    const [one, other, different] = caches.map(({ ring }) => ring.fingerprint);
    expect(one).toBe(other);
    expect(one).not.toBe(different);
    await Promise.all(caches.map((cache) => cache.destroy()));
  });
});

describe('a change of the ring during a call', () => {
  it('shows in none that is under way: ten thousand keys are all found, and no call is half in the old ring', async () => {
    // The hand-overs keep to a pace: in real time they take twenty seconds.
    const clock = new FakeClock();
    const nodes = ['memory://a', 'memory://b', 'memory://c'];
    const cache = createCache({ nodes, clock, namespace: 'n', health: false, timeouts: { totalMs: 10_000 } });
    await clock.until(cache.ready());
    const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}`);
    await clock.until(cache.setMany(keys.map((key, i) => [key, { i }] as const)));
    const reading = cache.getMany(keys);
    const added = cache.addNode('memory://d');
    const found = await clock.until(reading);
    expect([found.size, found.failures.size]).toEqual([10_000, 0]);
    await clock.until(added);
    const again = cache.getMany(keys);
    const removed = cache.removeNode('a');
    expect((await clock.until(again)).size).toBe(10_000);
    await clock.until(removed);
    const all = await clock.until(cache.getMany(keys));
    expect(keys.filter((key, i) => (all.get(key) as { i: number } | undefined)?.i !== i)).toEqual([]);
    expect(cache.ring.epoch).toBeGreaterThanOrEqual(3);
    await clock.until(cache.destroy());
  });
});
