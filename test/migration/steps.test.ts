/** Keys move from one placement to another in steps, and back, and no read notices. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/index.js';
import { fromMemjs, KEYS, type Scene, scene } from './still-time.js';

let world: Scene;
beforeEach(() => {
  world = scene(['a', 'b', 'c', 'd']);
});
afterEach(async () => {
  await world.end();
  expect(world.clock.pendingTimers).toBe(0);
});

/** Values put there by a client that knows the old placement only. */
async function fill(): Promise<void> {
  const old = await world.open({ nodes: world.nodes(['a', 'b', 'c']), placement: 'npm-memjs' });
  await world.done(old.setMany(KEYS.map((key) => [key, `old ${key}`] as const)));
}

async function found(cache: Cache<string>): Promise<number> {
  return (await world.done(cache.getMany(KEYS))).size;
}

describe('a migration from memjs to the own ring', () => {
  it('leaves all keys in the old place until it is told otherwise', async () => {
    await fill();
    const cache = await world.open(fromMemjs(world));
    expect(await found(cache)).toBe(KEYS.length);
    expect(cache.migration).toMatchObject({ phase: 'steady', percent: 0, moved: 0, missesServedByOld: 0 });
    expect(world.stores.get('d')?.size).toBe(0);
  });

  it.each([1, 25, 60, 100])('finds every key with %i percent cut over, and carries those over', async (percent) => {
    await fill();
    const cache = await world.open(fromMemjs(world, { ramp: percent }));
    expect(await found(cache)).toBe(KEYS.length);
    await world.clock.advance(5_000);
    expect(await found(cache)).toBe(KEYS.length);
    expect(cache.migration?.percent).toBeCloseTo(percent);
    expect([...world.stores.values()].reduce((sum, { size }) => sum + size, 0)).toBe(KEYS.length);
  });

  it('is promoted: the old place is dropped, and the keys are where the own ring has them', async () => {
    await fill();
    const cache = await world.open(fromMemjs(world, { ramp: 10 }));
    await world.done((cache.migration as NonNullable<typeof cache.migration>).promote());
    expect(cache.migration).toMatchObject({ phase: 'promoted', percent: 100 });
    expect(await found(cache)).toBe(KEYS.length);
    const plain = await world.open({ nodes: world.nodes(['a', 'b', 'c', 'd']) });
    expect(plain.ring.fingerprint).toBe(cache.ring.fingerprint);
    expect(await found(plain)).toBe(KEYS.length);
  });

  it('is rolled back: the keys are where memjs has them, with what was written meanwhile', async () => {
    await fill();
    const cache = await world.open(fromMemjs(world, { ramp: 70 }));
    await world.done(cache.set('k1', 'new'));
    await world.clock.advance(5_000);
    cache.migration?.rollBack();
    expect(await world.done(cache.get('k1'))).toBe('new');
    expect(await found(cache)).toBe(KEYS.length);
    await world.clock.advance(5_000);
    const old = await world.open({ nodes: world.nodes(['a', 'b', 'c']), placement: 'npm-memjs' });
    expect(await found(old)).toBe(KEYS.length);
    expect(await world.done(old.get('k1'))).toBe('new');
    expect(world.stores.get('d')?.size).toBe(0);
  });
});
