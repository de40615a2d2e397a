/**
 * A delete that not every node heard of, with a raw codec, in a fleet: another process may find the old value where the
 * delete did not get to and copy it to where it did. Raw copies tell no age, so none of the key counts here any more.
 */

import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const caches: { readonly cache: Cache; readonly clock: FakeClock }[] = [];
afterEach(async () => {
  for (const { cache, clock } of caches.splice(0)) await clock.until(cache.destroy());
});

const always = (): boolean => true;

/** Two processes on the same two nodes, of which the first may lose sight of one. */
async function fleet(codec: 'string' | 'json') {
  const clock = new FakeClock();
  const stores = ['a', 'b'].map((name) => new MemoryNode({ name, clock }));
  const blind = { isOn: false, ids: [] as string[] };
  const open = async (sees: () => boolean): Promise<Cache> => {
    const nodes = stores.map((store) => {
      const driver = createMemoryDriver({ name: store.name, store });
      const connect: typeof driver.connect = async (options) => {
        if (store.name === 'b' && !sees()) throw new Error('unseen');
        const connection = await driver.connect(options);
        if (store.name === 'b' && sees !== always) blind.ids.push(connection.id ?? '');
        return connection;
      };
      return { name: store.name, driver: { ...driver, kind: driver.kind, capabilities: driver.capabilities, connect } };
    });
    const cache = createCache({ nodes, clock, codec, replication: 2, health: false, breaker: false, fallback: false });
    caches.push({ cache, clock });
    await clock.until(cache.ready());
    return cache;
  };
  const mine = await open(() => !blind.isOn);
  const theirs = await open(always);
  const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`).filter((key) => mine.ring.owners(key)[0] === 'a');
  return { clock, stores, blind, mine, theirs, keys };
}

describe('a delete that one owner missed', () => {
  it.each(['string', 'json'] as const)(
    'is not undone here by what another process copies from there, until the key is set again: codec %s',
    async (codec) => {
      const { clock, stores, blind, mine, theirs, keys } = await fleet(codec);
      const [, b] = stores as [MemoryNode, MemoryNode];
      for (const key of keys) expect(await clock.until(mine.set(key, 'old'))).toBe(true);

      // The first process loses node b, and cannot reach it again; the second does not notice.
      blind.isOn = true;
      for (const id of blind.ids) b.cut(id);
      for (const key of keys) expect(await clock.until(mine.delete(key))).toBe(false);
      await clock.advance(1_000);
      for (const key of keys) await clock.until(theirs.get(key));
      await clock.advance(1_000);

      for (const key of keys) expect([key, await clock.until(mine.get(key))]).toEqual([key, undefined]);
      blind.isOn = false;
      await clock.advance(30_000);
      for (const key of keys) expect([key, await clock.until(mine.get(key))]).toEqual([key, undefined]);
      for (const key of keys) expect(await clock.until(mine.set(key, 'new'))).toBe(true);
      for (const key of keys) expect(await clock.until(mine.get(key))).toBe('new');
    },
  );
});
