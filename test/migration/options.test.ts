/** What the option `migration` takes, and what its placement tells. */

import { afterEach, describe, expect, it } from 'vitest';
import { createCache, type MigrationOptions } from '../../src/index.js';
import { fromMemjs, KEYS, type Scene, scene } from './still-time.js';

const worlds: Scene[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.end();
});

const refused = (migration: unknown, more: object = {}) =>
  expect(() => createCache({ nodes: ['memory://a', 'memory://b'], migration: migration as MigrationOptions, ...more }));

describe('the option migration', () => {
  it('refuses what it does not know, by name', () => {
    refused({}).toThrow('migration.from');
    refused({ from: { placement: 'npm-memj' } }).toThrow("migration.from.placement: 'npm-memj' is no kind");
    refused({ from: { nodes: [] } }).toThrow('migration.from.nodes');
    refused({ from: { servers: [] } }).toThrow('migration.from.servers');
    refused({ from: {}, ramp: -1 }).toThrow('migration.ramp');
    refused({ from: {}, ramp: {} }).toThrow('migration.ramp.windowMs');
    refused({ from: {}, ramp: { windowMs: 1, step: 2 } }).toThrow('migration.ramp.step');
    refused({ from: {}, mode: 'copy' }).toThrow('migration.mode');
    refused({ from: {}, carry: true }).toThrow('migration.carry');
    refused({ from: {}, bounds: { hitRateDrop: 2 } }).toThrow('migration.bounds.hitRateDrop');
    refused({ from: {}, speed: 1 }).toThrow('migration.speed');
    refused({ from: {}, mode: 'read-through' }, { replication: 2 }).toThrow('migration.mode');
  });

  it('knows a server again under another name, and no two servers under one', async () => {
    const world = scene(['a', 'b', 'c']);
    worlds.push(world);
    const [a, b, c] = world.nodes(['a', 'b', 'c']);
    const cache = await world.open({
      nodes: [
        { ...a, name: 'one' },
        { ...b, name: 'two' },
      ],
      migration: {
        from: { placement: 'npm-memjs', nodes: [b, c].map((node) => ({ ...node, name: `old-${node?.name}` })) },
      },
    });
    expect(cache.nodes().map(({ name }) => name)).toEqual(['one', 'two', 'old-c']);
    expect(new Set(KEYS.flatMap((key) => cache.ring.owners(key)))).toEqual(new Set(['two', 'old-c']));
    await world.done(cache.set('k', 'v'));
    expect(await world.done(cache.get('k'))).toBe('v');
    refused({ from: { nodes: [{ url: 'memory://z', name: 'a' }] } }).toThrow("'a' is the name of another node");
    refused({ from: { nodes: ['memory://a', { url: 'memory://a', name: 'x' }] } }).toThrow('each node once');
  });
});

describe('the ring while keys are cut over', () => {
  it('tells owners, shares and what is left to move', async () => {
    const world = scene(['a', 'b', 'c', 'd']);
    worlds.push(world);
    const cache = await world.open(fromMemjs(world, { ramp: 50 }));
    const old = await world.open({ nodes: world.nodes(['a', 'b', 'c']), placement: 'npm-memjs' });
    const next = await world.open({ nodes: world.nodes(['a', 'b', 'c', 'd']) });
    const isNew = KEYS.map((key) => {
      const [owner] = cache.ring.owners(key);
      expect([old.ring.owners(key)[0], next.ring.owners(key)[0]]).toContain(owner);
      return owner === next.ring.owners(key)[0];
    });
    expect(isNew.filter(Boolean).length).toBeGreaterThan(KEYS.length * 0.4);
    expect(cache.ring.distribution().get('d')).toBeCloseTo(0.125, 1);
    expect(cache.ring.plan({}).movedShare).toBeCloseTo(0.375, 1);
    expect(cache.ring.plan({ remove: ['d'] }).after).not.toHaveProperty('d');
    expect(new Set([old, next, cache].map(({ ring }) => ring.fingerprint)).size).toBe(3);
    cache.migration?.rampTo(0);
    expect(cache.ring.fingerprint).toBe(old.ring.fingerprint);
    cache.migration?.rampTo(100);
    expect(cache.ring.fingerprint).toBe(next.ring.fingerprint);
    expect(JSON.parse(JSON.stringify(cache.migration))).toMatchObject({ phase: 'steady', percent: 100 });
  });

  it('asks only nodes of the place that a key is in, whichever are out', async () => {
    const world = scene(['a', 'b', 'c', 'd']);
    worlds.push(world);
    const cache = await world.open({
      nodes: world.nodes(['c', 'd']),
      replication: 2,
      health: { intervalMs: 50, timeoutMs: 20, unhealthyAfter: 2 },
      migration: { from: { placement: 'npm-memjs', nodes: world.nodes(['a', 'b']) }, bounds: false },
    });
    world.stores.get('a')?.kill();
    await world.clock.advance(2_000);
    expect(cache.nodes().find(({ name }) => name === 'a')?.state).toBe('ejected');
    for (const key of KEYS.slice(0, 20)) expect(cache.ring.owners(key)).toEqual(['b']);
    // Of probes.
    const own = world.stores.get('c')?.size;
    await world.done(cache.setMany(KEYS.map((key) => [key, 'v'] as const)));
    expect((await world.done(cache.getMany(KEYS))).size).toBe(KEYS.length);
    expect(world.stores.get('c')?.size).toBe(own);
  });
});
