/** Groups under random harm: whatever becomes of their nodes, no old value is read. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import type { MemorySnapshot } from '../../src/driver/memory/memory-store.js';
import type { TestCodec } from '../staleness/support/values.js';
import { WatchedCache } from '../staleness/support/watched-cache.js';
import { GroupWorld } from './group-world.js';

const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`);
const NAMES = ['a', 'b', 'c'] as const;

const key = fc.constantFrom(...KEYS);
const name = fc.constantFrom(...NAMES);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('set' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('readAll' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('save' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), name, isOld: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy' as const), name, to: name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hang' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume' as const), name, keepAbandoned: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('runAbandoned' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failover' as const), name }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(20, 300, 1_500, 6_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Runs the steps, some of which begin while those before are under way; answers what was stale, and how much was hit. */
async function run(steps: readonly Step[], codec: TestCodec, disabled: readonly StalenessRule[]) {
  const world = new GroupWorld({
    codec,
    disabled,
    standbys: { b: 1, c: 2 },
    failover: { failbackDelayMs: 2_000 },
    health: { ejectionMs: 500 },
  });
  await world.start();
  const watched = new WatchedCache(world.cache, codec);
  const saved = new Map<string, MemorySnapshot>();
  const underWay: Promise<unknown>[] = [];
  const begin = (work: Promise<unknown>) => void underWay.push(work.catch(() => undefined));
  await world.done(Promise.all(KEYS.map((one) => watched.set(one))));
  for (const one of steps) {
    switch (one.kind) {
      case 'set':
        begin(watched.set(one.key));
        break;
      case 'delete':
        begin(watched.delete(one.key));
        break;
      case 'readAll':
        begin(watched.read(KEYS));
        break;
      case 'save':
        saved.set(one.name, world.node(one.name).snapshot());
        break;
      case 'kill':
        world.node(one.name).kill();
        break;
      case 'restart':
        world.node(one.name).restart({ data: (one.isOld ? saved.get(one.name) : undefined) ?? 'keep' });
        break;
      case 'copy':
        // What replication would have brought, from wherever it is.
        if (one.name !== one.to) world.node(one.to).restart({ data: world.node(one.name).snapshot() });
        break;
      case 'hang':
        world.node(one.name).hang();
        break;
      case 'resume':
        world.node(one.name).resume({ keepAbandoned: one.keepAbandoned });
        break;
      case 'runAbandoned':
        world.node(one.name).runAbandoned();
        break;
      case 'failover':
        begin(world.cache.failover(one.name));
        break;
      case 'wait':
        await world.clock.advance(one.ms);
    }
  }
  for (const node of NAMES) {
    world.node(node).resume();
    world.node(node).restart({ data: 'keep' });
  }
  await world.clock.advance(12_000);
  await world.done(Promise.all([...underWay, watched.read(KEYS)]));
  await world.done(Promise.all(KEYS.map((one) => watched.set(one))));
  const last = await world.done(watched.read(KEYS));
  await world.cache.destroy();
  return { watched, isServing: last.every((number) => number !== undefined), told: world.told };
}

describe('a group under random harm', () => {
  for (const codec of ['json', 'string'] as const)
    it(`reads nothing old, and serves once its nodes do (${codec})`, async () => {
      let switches = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
          const { watched, isServing, told } = await run(steps, codec, []);
          switches += told.filter((one) => one.startsWith('failed')).length;
          expect(watched.stale).toEqual([]);
          expect(isServing).toBe(true);
        }),
        { numRuns: 60 },
      );
      expect(switches).toBeGreaterThan(30);
    });

  it('would read old values with rule R6 switched off (string)', async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 60 }), async (steps) => {
      expect((await run(steps, 'string', ['R6'])).watched.stale).toEqual([]);
    });
    const { failed } = await fc.check(property, { numRuns: 60, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
