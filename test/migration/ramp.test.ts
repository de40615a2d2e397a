/** How a migration goes up by itself, stands still, and tells of it. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CacheEventName, MigrationView } from '../../src/index.js';
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
  const cache = await world.open(fromMemjs(world, options));
  return { cache, migration: cache.migration as MigrationView };
}

describe('a window', () => {
  it('goes up in equal steps, at the same moments in every process', async () => {
    const startAt = world.clock.wall() + 10_000;
    const ramp = { windowMs: 100_000, startAt, steps: 4 };
    const { cache, migration } = await open({ ramp });
    expect(migration).toMatchObject({ phase: 'ramping', percent: 0 });
    await world.clock.advance(10_000 + 26_000);
    expect(migration.percent).toBe(25);
    const { cache: late, migration: other } = await open({ ramp });
    expect(other.percent).toBe(25);
    expect(KEYS.map((key) => late.ring.owners(key))).toEqual(KEYS.map((key) => cache.ring.owners(key)));
    expect(late.ring.fingerprint).toBe(cache.ring.fingerprint);
    await world.clock.advance(80_000);
    expect([migration.percent, other.percent]).toEqual([100, 100]);
    expect(migration.phase).toBe('steady');
  });

  it('stands while it is paused, and goes on from there', async () => {
    const { migration } = await open({ ramp: { windowMs: 100_000, steps: 10 } });
    await world.clock.advance(45_000);
    migration.pause();
    expect(migration).toMatchObject({ phase: 'paused', percent: 40 });
    await world.clock.advance(500_000);
    expect(migration.percent).toBe(40);
    migration.resume();
    expect(migration).toMatchObject({ phase: 'ramping', percent: 40 });
    await world.clock.advance(6_000);
    expect(migration.percent).toBe(50);
  });

  it('never goes back with the calendar', async () => {
    const { migration } = await open({ ramp: { windowMs: 100_000, steps: 10 } });
    await world.clock.advance(55_000);
    world.clock.jumpWall(-30_000);
    await world.clock.advance(10_000);
    expect(migration.percent).toBe(50);
  });

  it('begins where the percentage is', async () => {
    const { migration } = await open({ ramp: 35 });
    migration.rampTo({ windowMs: 10_000, steps: 10 });
    expect(migration.percent).toBe(35);
    await world.clock.advance(5_500);
    expect(migration.percent).toBe(50);
  });
});

describe('what it tells', () => {
  it('is every step, and its end', async () => {
    const { cache, migration } = await open({});
    const told: unknown[] = [];
    const names: CacheEventName[] = [
      'migrationRamped',
      'migrationPaused',
      'migrationResumed',
      'migrationRolledBack',
      'migrationPromoted',
    ];
    for (const name of names) cache.on(name, (event) => told.push([name, event]));
    migration.rampTo(50);
    migration.pause();
    migration.resume();
    migration.rollBack('a whim');
    migration.rampTo(100);
    await world.done(migration.promote());
    expect(told).toEqual([
      ['migrationRamped', { percent: 50, from: 0 }],
      ['migrationPaused', { percent: 50 }],
      ['migrationResumed', { percent: 50 }],
      ['migrationRolledBack', { percent: 50, reason: 'a whim' }],
      ['migrationRamped', { percent: 100, from: 0 }],
      ['migrationPromoted', { moved: 0 }],
    ]);
  });

  it('may be answered by a listener that rolls back', async () => {
    const { cache, migration } = await open({ ramp: { windowMs: 10_000, steps: 10 } });
    cache.on('topologyChanged', ({ reason }) => {
      if (reason === 'migrated to 30 %') migration.rollBack();
    });
    await world.clock.advance(20_000);
    expect(migration).toMatchObject({ phase: 'rolled-back', percent: 0 });
  });
});

describe('what cannot be done', () => {
  it('is refused', async () => {
    const { cache, migration } = await open({ ramp: 10 });
    await expect(cache.addNode('memory://e')).rejects.toThrow('must be promoted');
    await expect(cache.setNodes(world.nodes(['a', 'b']))).rejects.toThrow('must be promoted');
    await expect(cache.setNodes(world.nodes(['a', 'b', 'c', 'd']))).resolves.toBeUndefined();
    expect(() => migration.rampTo(101)).toThrow('ramp: must be a number from 0 to 100');
    migration.rollBack();
    await expect(migration.promote()).rejects.toThrow("phase 'rolled-back'");
    migration.rampTo(100);
    const promoted = migration.promote();
    migration.rollBack();
    await expect(world.done(promoted)).rejects.toThrow('rolled back meanwhile');
    migration.rampTo(100);
    const overtaken = migration.promote();
    migration.rollBack();
    migration.rampTo(10);
    await expect(world.done(overtaken)).rejects.toThrow('rolled back meanwhile');
    expect(migration.percent).toBe(10);
    migration.rampTo(100);
    await world.done(migration.promote());
    expect(() => migration.rollBack()).toThrow('promoted already');
    expect(() => migration.rampTo(5)).toThrow('promoted already');
    await world.done(cache.removeNode('d'));
    expect(cache.nodes().map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
});
