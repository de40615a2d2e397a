/**
 * Bare values written in a running hand-off, in a fleet: another process cannot tell the value of the new owner from what
 * an earlier ownership left there, and must find nothing at the former owner to put in its place.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const CODEC = 'string';

/** Two processes, and keys that have just come back to a node that both had left; what they hold is at their former owner. */
async function movingKeys() {
  const clock = new FakeClock();
  const stores = ['a', 'b', 'c'].map((name) => new MemoryNode({ name, clock }));
  const nodes = stores.map((store) => ({
    name: store.name,
    driver: createMemoryDriver({ name: store.name, store, clock }),
  }));
  const open = (): Cache => createCache({ nodes, namespace: 's', codec: CODEC, clock, handoff: { migrate: false } });
  const mine = open();
  const theirs = open();
  const both = (change: (cache: Cache) => Promise<unknown>): Promise<unknown> =>
    clock.until(Promise.all([mine, theirs].map(change)));
  onTestFinished(async () => {
    await both((cache) => cache.destroy());
  });
  await both((cache) => cache.ready());
  await both((cache) => cache.removeNode('c', { drain: false }));
  const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`);
  for (const key of keys) await clock.until(theirs.set(key, 'theirs'));
  for (const key of keys) await clock.until(mine.set(key, 'old'));
  await both((cache) => cache.addNode(nodes.at(-1) as (typeof nodes)[number]));
  const moved = keys.filter((key) => mine.ring.owners(key)[0] === 'c');
  expect(moved.length).toBeGreaterThan(5);
  return { clock, mine, theirs, moved };
}

const WRITES: Readonly<Record<string, (cache: Cache, key: string) => Promise<unknown>>> = {
  set: (cache, key) => cache.set(key, 'new'),
  setMany: (cache, key) => cache.setMany([[key, 'new']]),
  replace: (cache, key) => cache.replace(key, 'new'),
};

describe('a bare value written in a hand-off', () => {
  for (const [name, write] of Object.entries(WRITES))
    it(`is not replaced by what another process finds at the former owner: ${name}`, async () => {
      const { clock, mine, theirs, moved } = await movingKeys();
      for (const key of moved) await clock.until(write(mine, key));
      for (const key of moved) await clock.until(theirs.get(key));
      // Copies are made behind the scenes.
      await clock.advance(20);
      for (const key of moved) expect([key, await clock.until(mine.get(key))]).toEqual([key, 'new']);
    });
});
