/**
 * A stopped node executes a write long after it was sent, and counts its time to live from then. To the process that issued
 * the write the entry has had its time.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const TTL_MS = 60_000;

async function twoNodes() {
  const clock = new FakeClock();
  const stores = ['a', 'b'].map((name) => new MemoryNode({ name, clock }));
  const cache = createCache({
    nodes: stores.map((store) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store, clock }),
    })),
    replication: 2,
    health: false,
    breaker: false,
    // What is owed stays owed, as if no payment had got there yet.
    ledger: { maxPayable: 0 },
    clock,
  });
  onTestFinished(async () => {
    await clock.until(cache.destroy());
  });
  await clock.until(cache.ready());
  const [first] = cache.ring.owners('k');
  const late = stores.find(({ name }) => name === first) as MemoryNode;
  const goesOn = async (): Promise<void> => {
    late.resume();
    while (!cache.nodes().every(({ isConnected }) => isConnected)) {
      expect(clock.now()).toBeLessThan(TTL_MS * 3);
      await clock.advance(100);
      await clock.until(cache.get('another'));
    }
  };
  return { clock, cache, late, goesOn };
}

const READS: Readonly<Record<string, (cache: Cache) => Promise<unknown>>> = {
  get: (cache) => cache.get('k'),
  getMany: async (cache) => (await cache.getMany(['k'])).get('k'),
  getEntry: async (cache) => (await cache.getEntry('k'))?.value,
};

describe('an entry stored late', () => {
  for (const [name, read] of Object.entries(READS)) {
    it(`is no answer to ${name} past the time it was given when it was set`, async () => {
      const { clock, cache, late, goesOn } = await twoNodes();
      late.hang();
      await clock.until(cache.set('k', 'v', { ttlMs: TTL_MS }));
      await clock.advance(TTL_MS * 2);
      await goesOn();
      expect(late.size).toBe(1);
      expect(await clock.until(read(cache))).toBeUndefined();
    });

    it(`answers ${name} within that time`, async () => {
      const { clock, cache, late, goesOn } = await twoNodes();
      late.hang();
      await clock.until(cache.set('k', 'v', { ttlMs: TTL_MS * 10 }));
      await clock.advance(TTL_MS * 2);
      await goesOn();
      expect(await clock.until(read(cache))).toBe('v');
    });
  }

  it('does not shorten the life of an entry that was touched where nothing is owed', async () => {
    const { clock, cache, late, goesOn } = await twoNodes();
    await clock.until(cache.set('k', 'v', { ttlMs: TTL_MS }));
    late.hang();
    await clock.until(cache.set('other', 1));
    await clock.advance(TTL_MS / 2);
    await goesOn();
    expect(await clock.until(cache.touch('k', TTL_MS * 10))).toBe(true);
    await clock.advance(TTL_MS);
    expect(await clock.until(cache.get('k'))).toBe('v');
  });

  it('does not shorten it where a node that began a new life with its data owes something else', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    const driver = createMemoryDriver({ name: 'a', store, clock });
    const cache = createCache({ nodes: [{ name: 'a', driver }], clock, health: false, breaker: false, retry: false });
    onTestFinished(async () => {
      await clock.until(cache.destroy());
    });
    await clock.until(cache.ready());
    await clock.until(cache.set('k', 'v', { ttlMs: TTL_MS }));
    store.restart({ data: 'keep' });
    await clock.advance(1_000);
    expect(await clock.until(cache.touch('k', TTL_MS * 10))).toBe(true);
    await clock.advance(TTL_MS * 2);
    store.failWith('read-only', ['store', 'delete']);
    expect(await clock.until(cache.set('other', 1))).toBe(false);
    expect(cache.stats().ledger).toMatchObject({ keyDebts: 1 });
    for (const read of Object.values(READS)) expect(await clock.until(read(cache))).toBe('v');
  });
});
