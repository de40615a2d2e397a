/** Keys are given back by themselves when hit rate or error rate leave their bounds. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoundsWatch } from '../../src/cluster/migrating/bounds-watch.js';
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

const BOUNDS = { hitRateDrop: 0.1, errorRateRise: 0.1, windowMs: 1_000, minimumCalls: 100 };

async function open() {
  const cache = await world.open({ ...fromMemjs(world, { bounds: BOUNDS }), breaker: false, retry: false });
  const reasons: string[] = [];
  cache.on('migrationRolledBack', ({ reason }) => reasons.push(reason));
  await world.done(cache.setMany(KEYS.map((key) => [key, 'v'] as const)));
  return { cache, migration: cache.migration as MigrationView, reasons };
}

/** Reads all keys now and then, for so long. */
async function read(cache: Cache<string>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    await world.done(Promise.all(KEYS.map((key) => cache.get(key).catch(() => undefined))));
    await world.clock.advance(250);
  }
}

describe('a migration within bounds', () => {
  it('goes on while hit rate and error rate are what they were', async () => {
    const { cache, migration, reasons } = await open();
    await read(cache, 3_000);
    migration.rampTo(50);
    await read(cache, 3_000);
    expect(reasons).toEqual([]);
    expect(migration.hitRate).toEqual({ before: 1, now: 1 });
    expect(migration.errorRate).toEqual({ before: 0, now: 0 });
  });

  it('is rolled back when the new place loses what it is given', async () => {
    const { cache, migration, reasons } = await open();
    await read(cache, 3_000);
    migration.rampTo(50);
    await read(cache, 2_000);
    for (let i = 0; i < 8 && migration.phase !== 'rolled-back'; i++) {
      await world.done(cache.deleteMany(KEYS.slice(0, 100)));
      await read(cache, 500);
    }
    expect(migration.phase).toBe('rolled-back');
    expect(reasons).toEqual([expect.stringMatching(/^50\.00 % of reads hit, 100\.00 % did before$/)]);
  });

  it('is rolled back when its attempts fail', async () => {
    const { cache, migration, reasons } = await open();
    await read(cache, 3_000);
    migration.rampTo(100);
    await read(cache, 1_000);
    world.stores.get('d')?.failWith('loading');
    await read(cache, 3_000);
    expect(migration.phase).toBe('rolled-back');
    expect(reasons).toEqual([expect.stringMatching(/of attempts fail, 0\.00 % did before$/)]);
    expect(await world.done(cache.get(KEYS[0] as string))).toBe('v');
  });
});

describe('BoundsWatch', () => {
  const totals = (hits: number, misses: number) => ({ hits, misses, attempts: hits + misses, failures: 0 });

  it('says nothing about few calls, nor where nothing is known of before', () => {
    const watch = new BoundsWatch({ hitRateDrop: 0.05, errorRateRise: 0.05, minimumCalls: 100 });
    expect(watch.measure(totals(0, 1_000))).toBeUndefined();
    watch.measureBefore(totals(1_000, 1_000));
    expect(watch.before.hitRate).toBe(1);
    expect(watch.measure(totals(1_000, 1_099))).toBeUndefined();
    expect(watch.measure(totals(1_095, 1_104))).toBeUndefined();
    expect(watch.measure(totals(1_189, 1_110))).toContain('94.00 % of reads hit');
  });

  it('weighs later windows of before heavier', () => {
    const watch = new BoundsWatch({ hitRateDrop: 0.05, errorRateRise: 0.05, minimumCalls: 10 });
    watch.measureBefore(totals(0, 100));
    watch.measureBefore(totals(100, 100));
    expect(watch.before.hitRate).toBeCloseTo(2 / 3);
  });
});
