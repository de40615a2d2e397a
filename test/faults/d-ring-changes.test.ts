/** Rows D1, D2, D6 and D14: the ring changes, by plan or under a call. */

import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashKey } from '../../src/ring/hash.js';
import { Ring } from '../../src/ring/ring.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import { ask, startFleet, startProxy } from './fleet.js';

const KEYS = 100_000;
/** Four times the spread of a node's share, 1/sqrt(1024). */
const SPREAD = 4 / 32;
const HASHES = Array.from({ length: KEYS }, (_, i) => hashKey(`key:${i}`));
const PATIENT = { connectMs: 15_000, attemptMs: 15_000, totalMs: 30_000 };
/** A hand-off waits for calls of before to end. */
const PROMPT = { connectMs: 3_000, attemptMs: 600, totalMs: 1_200 };

/** A change that waits for the former owners as long as it takes: every miss would be one of ours. */
const PATIENT_HANDOFF = { concurrency: 30_000, budgetMs: 15_000 };

const ringOf = (count: number): Ring =>
  Ring.build(Array.from({ length: count }, (_, i) => ({ name: `node-${i}`, weight: 1 })));

function firstOwners(ring: Ring): string[] {
  return HASHES.map((hash) => ring.members[ring.primaryOf(hash)]?.name ?? 'nobody');
}

describe('the ring changes', () => {
  // Planted fault: points are hashed from the node's place in the list.
  it('D1 a node more: no more than its share of 100,000 keys moves, and every one of them to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 63 }), (count) => {
        const [before, after] = [firstOwners(ringOf(count)), firstOwners(ringOf(count + 1))];
        const moved = after.filter((owner, i) => owner !== before[i]);
        expect(moved.length / KEYS).toBeLessThanOrEqual((1 / (count + 1)) * (1 + SPREAD) + 0.002);
        expect(moved.length / KEYS).toBeGreaterThanOrEqual((1 / (count + 1)) * (1 - SPREAD) - 0.002);
        expect(moved.every((owner) => owner === `node-${count}`)).toBe(true);
      }),
      { numRuns: 6, examples: [[2], [63]] },
    );
  });

  // Planted fault: what a masked node held goes to the first of the list.
  it('D2 a node less, for good or ejected: only its own keys move, each to its next owner', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 64 }), fc.nat(), (count, dice) => {
        const ring = ringOf(count);
        const gone = dice % count;
        const name = ring.members[gone]?.name;
        const mask = Uint8Array.from(ring.members, (_, i) => (i === gone ? 1 : 0));
        const without = Ring.build(ring.members.filter((_, i) => i !== gone));
        const [both, one, other] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
        for (const hash of HASHES.slice(0, 10_000)) {
          ring.ownersInto(hash, 2, both);
          ring.ownersInto(hash, 1, one, mask);
          without.ownersInto(hash, 1, other);
          const owner = ring.members[both[0] as number]?.name;
          const heir = owner === name ? ring.members[both[1] as number]?.name : owner;
          if (ring.members[one[0] as number]?.name !== heir || without.members[other[0] as number]?.name !== heir)
            expect.fail(`a key of ${owner} went astray when ${name} was gone`);
        }
      }),
      {
        numRuns: 12,
        examples: [
          [2, 0],
          [64, 5],
        ],
      },
    );
  });

  // Planted fault: the snapshot is taken anew for each batch of a list.
  it('D6 the ring changes during getMany of 10,000 keys: each key is answered, by its own value, and none is lost', async () => {
    const { cache } = await startFleet({
      kinds: ['redis', 'memcached'],
      cache: { namespace: 'd6', health: false, timeouts: PATIENT, handoff: PATIENT_HANDOFF },
    });
    const third = await startRedis();
    try {
      const proxy = await startProxy(third.port);
      const keys = Array.from({ length: 10_000 }, (_, i) => `key ${i}`);
      await cache.setMany(keys.map((key) => [key, `value of ${key}`] as const));
      const under = cache.getMany(keys);
      const adding = cache.addNode({ url: `redis://127.0.0.1:${proxy.port}`, name: 'c' });
      const during = cache.getMany(keys);
      const reweighing = adding.then(() => cache.reweight('a', 2));
      const then = await Promise.all([under, during]);
      const last = await cache.getMany(keys);
      for (const found of [...then, last]) {
        expect(found.failures.size).toBe(0);
        expect(found.size).toBe(keys.length);
        expect(keys.every((key) => found.get(key) === `value of ${key}`)).toBe(true);
      }
      await reweighing;
      await cache.destroy();
    } finally {
      await third.stop();
    }
  });

  // Planted fault: nobody asks the former owner.
  it('D14 an empty node joins under load: the source is not asked for anything that was cached', async () => {
    const { cache } = await startFleet({
      kinds: ['redis', 'redis'],
      cache: { namespace: 'd14', health: false, timeouts: PROMPT, handoff: PATIENT_HANDOFF },
    });
    const third = await startRedis();
    try {
      const proxy = await startProxy(third.port);
      const keys = Array.from({ length: 600 }, (_, i) => `key ${i}`);
      await cache.setMany(keys.map((key) => [key, `value of ${key}`] as const));
      const loaded: string[] = [];
      const read = (key: string): Promise<string> =>
        cache.getOrSet(key, () => {
          loaded.push(key);
          return 'anew';
        });
      const all = (): Promise<string[]> => Promise.all(keys.map(read));
      await all();
      const isOver = new Promise<boolean>((resolve) => {
        cache.on('handoffFinished', () => resolve(true));
      });
      await cache.addNode({ url: `redis://127.0.0.1:${proxy.port}`, name: 'c' });
      do await all();
      while (!(await Promise.race([isOver, sleep(20, false)])));
      // Nobody else can be asked any more.
      await all();
      expect(loaded).toEqual([]);
      // It has taken its part meanwhile.
      expect(Number(/:(\d+)/.exec(await ask(third, 'DBSIZE'))?.[1])).toBeGreaterThan(100);
      await cache.destroy();
    } finally {
      await third.stop();
    }
  });
});
