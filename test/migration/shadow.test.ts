/** Both places are read and compared; the old one is served. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cache, MigrationView } from '../../src/index.js';
import { fromMemjs, KEYS, type Scene, scene } from './still-time.js';

let world: Scene;
beforeEach(() => {
  world = scene(['a', 'b', 'c', 'd']);
});
afterEach(async () => {
  await world.end();
  expect(world.clock.pendingTimers).toBe(0);
});

async function open(options: Parameters<typeof fromMemjs>[1]) {
  const cache = await world.open(fromMemjs(world, { shadow: true, ...options }));
  return { cache, migration: cache.migration as MigrationView };
}

/** A cache that knows one of the places only. */
const inOld = (): Promise<Cache<string>> => world.open({ nodes: world.nodes(['a', 'b', 'c']), placement: 'npm-memjs' });
const inNew = (): Promise<Cache<string>> => world.open({ nodes: world.nodes(['a', 'b', 'c', 'd']) });

async function readAll(cache: Cache<string>): Promise<(string | undefined)[]> {
  const values = await world.done(Promise.all(KEYS.map((key) => cache.get(key))));
  await world.clock.advance(1_000);
  return values;
}

describe('a migration in the shadow', () => {
  it('serves the old place, and counts where the new one differs', async () => {
    const { cache, migration } = await open({});
    const [old, next] = [await inOld(), await inNew()];
    const elsewhere = KEYS.filter((key) => old.ring.owners(key)[0] !== next.ring.owners(key)[0]);
    const [same, other, gone, fresh] = [elsewhere[0], elsewhere[1], elsewhere[2], elsewhere[3]] as [
      string,
      string,
      string,
      string,
    ];
    await world.done(
      old.setMany([
        [same, '1'],
        [other, '1'],
        [gone, '1'],
      ]),
    );
    await world.done(
      next.setMany([
        [same, '1'],
        [other, '2'],
        [fresh, '2'],
      ]),
    );
    const values = new Map(KEYS.map((key, i) => [key, i] as const));
    const read = await readAll(cache);
    expect([same, other, gone, fresh].map((key) => read[values.get(key) as number])).toEqual([
      '1',
      '1',
      '1',
      undefined,
    ]);
    expect(migration).toMatchObject({
      phase: 'shadow',
      percent: 0,
      compared: elsewhere.length,
      differences: 2,
      onlyInOld: 1,
      uncompared: 0,
      moved: 0,
    });
  });

  it('compares those keys that the ramp names, with getMany too, and writes nothing to the new place', async () => {
    const { cache, migration } = await open({ ramp: 30 });
    await world.done(cache.setMany(KEYS.map((key) => [key, 'v'] as const)));
    await world.done(cache.getMany(KEYS));
    await world.clock.advance(1_000);
    expect(migration.compared).toBeGreaterThan(KEYS.length * 0.1);
    expect(migration.compared).toBeLessThan(KEYS.length * 0.4);
    expect(migration.onlyInOld).toBe(migration.compared);
    expect(world.stores.get('d')?.size).toBe(0);
    migration.begin();
    expect(migration).toMatchObject({ phase: 'steady', percent: expect.closeTo(30) });
    expect((await readAll(cache)).filter((value) => value === 'v')).toHaveLength(KEYS.length);
  });

  it('compares no key that was written meanwhile', async () => {
    const { cache, migration } = await open({});
    await world.done(cache.setMany(KEYS.map((key) => [key, 'v'] as const)));
    const reads = KEYS.map((key) => cache.get(key));
    await world.clock.drain();
    const writes = KEYS.map((key) => cache.set(key, 'w'));
    await world.done(Promise.all([...reads, ...writes]));
    await world.clock.advance(1_000);
    expect(migration.differences).toBe(0);
  });

  it('counts what a node that is out could not tell', async () => {
    const { cache, migration } = await open({});
    world.stores.get('d')?.kill();
    await world.clock.advance(100);
    await readAll(cache);
    expect(migration.uncompared).toBeGreaterThan(10);
    expect(migration.differences).toBe(0);
  });
});
