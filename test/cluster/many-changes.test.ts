/**
 * More changes of the ring than snapshots are remembered, one on the heels of another: what a node owned until a moment ago
 * is still read there, though the ring has forgotten a time in which it owned it too.
 */

import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const CHANGES = 10;
const KEYS = Array.from({ length: 80 }, (_, i) => `k${i}`);

const caches: { readonly cache: Cache; readonly clock: FakeClock }[] = [];
afterEach(async () => {
  for (const { cache, clock } of caches.splice(0)) await clock.until(cache.destroy());
});

async function open(options: CacheOptions, latencyMs = 0) {
  const clock = new FakeClock();
  const node = (i: number) => {
    const store = new MemoryNode({ name: `node ${i}`, clock });
    store.latencyMs = latencyMs;
    return { name: store.name, driver: createMemoryDriver({ name: store.name, store, clock }) };
  };
  const cache = createCache<unknown>({ nodes: [node(0), node(1)], clock, health: false, fallback: false, ...options });
  caches.push({ cache, clock });
  await clock.until(cache.ready());
  cache.handoff.pause();
  return { cache, clock, node };
}

describe.each([1, 2])('with %i copies', (replication) => {
  it('no counter is lost that is counted between the changes', async () => {
    const { cache, clock, node } = await open({ replication, namespace: 'n' });
    for (let n = 1; n <= CHANGES; n++) {
      for (const key of KEYS) expect([n, key, await clock.until(cache.increment(key))]).toEqual([n, key, n]);
      await clock.until(cache.addNode(node(n + 1)));
    }
  });

  it('no counter is lost that moves to and fro', async () => {
    const { cache, clock, node } = await open({ replication, namespace: 'n' });
    await clock.until(cache.addNode(node(2)));
    for (let n = 1; n <= 2 * CHANGES; n++) {
      for (const key of KEYS) expect([n, key, await clock.until(cache.increment(key))]).toEqual([n, key, n]);
      await clock.until(cache.reweight(`node ${n % 3}`, [1, 3, 0.5, 2][n % 4] as number));
    }
  });

  it('no raw value is missed that is written between the changes', async () => {
    const { cache, clock, node } = await open({ replication, codec: 'string', namespace: 'n' });
    for (let n = 1; n <= CHANGES; n++) {
      for (const key of KEYS) await clock.until(cache.set(key, `${n}`));
      await clock.until(cache.addNode(node(n + 1)));
      const found = await clock.until(cache.getMany(KEYS));
      expect([n, KEYS.filter((key) => found.get(key) !== `${n}`)]).toEqual([n, []]);
    }
  });

  it('nothing is missed that has yet to move after the first of eight changes', async () => {
    const { cache, clock, node } = await open({ replication, namespace: 'n', handoff: { concurrency: KEYS.length } });
    await clock.until(cache.setMany(KEYS.map((key) => [key, 'value'] as const)));
    for (let n = 1; n <= 8; n++) await clock.until(cache.addNode(node(n + 1)));
    expect((await clock.until(cache.getMany(KEYS))).size).toBe(KEYS.length);
  });
});

describe('a counter that comes back to a node', () => {
  it('is not deleted there by the payment of what it missed meanwhile', async () => {
    const { cache, clock } = await open({ namespace: 'n' }, 4);
    await clock.until(cache.increment('k'));
    const owners = (): string | undefined => cache.ring.owners('k')[0];
    const first = owners();
    const weights = [0.02, 1];
    for (let n = 2; n <= 60; n++) {
      await clock.until(cache.reweight(`${first}`, weights[n % 2] as number));
      // Payments go out every 50 ms: the copy is on its way at any time between two of them.
      await clock.advance(n);
      expect([n, await clock.until(cache.increment('k'))]).toEqual([n, n]);
    }
  });
});
