/** All nodes dead for a minute under load, in virtual time: `npm run bench:all-dead` is the same against real ones. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache, type Driver } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { seededRandom } from '../../src/testing/seeded-random.js';

const KEYS = 2_000;
const WRITTEN = 200;
const TICK_MS = 20;
/** 2,000 a second. */
const CALLS_A_TICK = 40;
const NODES = ['a', 'b', 'c'];
/** Small calls, large values and work behind the scenes have a connection each. */
const LANES = 3;
const MIB = 2 ** 20;

// Planted faults: whatever is refused is remembered; connects without a pause; what waited is sent on the return.
it('keeps heap and connects flat while all nodes are dead, serves what it remembers, and comes back without a burst', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const clock = new FakeClock();
  const random = seededRandom(9);
  const stores = NODES.map((name) => new MemoryNode({ name, clock }));
  let connects = 0;
  const nodes = stores.map((store) => {
    const driver = createMemoryDriver({ name: store.name, store, clock });
    const connect: Driver['connect'] = (options) => {
      connects++;
      return driver.connect(options);
    };
    return { name: store.name, driver: { ...driver, connect } };
  });
  const fallback = { maxStaleMs: 600_000 };
  const cache = createCache<string>({ nodes, clock, random, namespace: 'all-dead', fallback });
  await clock.until(cache.ready());
  for (let i = 0; i < KEYS; i++) await clock.until(cache.set(`key ${i}`, `value ${i}`));

  const seen = { open: 0, failed: 0, remembered: 0, gets: 0 };
  const run = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += TICK_MS) {
      for (let i = 0; i < CALLS_A_TICK; i++) {
        const isSet = random() < 0.02;
        const n = isSet ? Math.floor(random() * WRITTEN) : WRITTEN + Math.floor(random() * (KEYS - WRITTEN));
        const call = isSet ? cache.set(`key ${n}`, `value ${n}`) : cache.get(`key ${n}`);
        seen.open++;
        if (!isSet) seen.gets++;
        call.then(
          (value) => {
            seen.open--;
            if (value === `value ${n}`) seen.remembered++;
          },
          () => seen.failed++,
        );
      }
      await clock.advance(TICK_MS);
    }
  };
  const operations = (): number[] => stores.map(({ stats }) => stats.get + stats.store + stats.delete + stats.inspect);
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };

  await run(2_000);
  const before = operations();
  await run(1_000);
  const usual = Math.max(...operations().map((sum, i) => sum - (before[i] ?? 0)));

  for (const store of stores) store.kill();
  await run(10_000);
  const [heapAt, connectsAt, getsAt, rememberedAt] = [heap(), connects, seen.gets, seen.remembered];
  await run(50_000);
  // What is merely not collected yet goes.
  await expect.poll(() => heap() - heapAt).toBeLessThan(MIB);
  // Pauses are drawn from 0 to 2 s: one a second and connection, give or take.
  expect(connects - connectsAt).toBeLessThan(50 * NODES.length * LANES);
  expect(seen.remembered - rememberedAt).toBe(seen.gets - getsAt);
  expect(seen.failed).toBe(0);
  expect(cache.stats().calls.retries).toBeLessThanOrEqual(0.1 * (seen.gets * 1.1) + 3 * 63);

  for (const store of stores) store.restart({ data: 'keep' });
  const [backAt, connectsBefore] = [operations(), connects];
  await run(1_000);
  // Debts are paid at 10,000 a second at most, and here there are two hundred.
  for (const [i, sum] of operations().entries()) expect(sum - (backAt[i] ?? 0)).toBeLessThan(2 * usual + 2 * WRITTEN);
  expect(connects - connectsBefore).toBeLessThanOrEqual(NODES.length * LANES * 2);
  await run(20_000);
  expect(cache.nodes().map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy']);
  const [hitsAt, askedAt] = [cache.stats().hits, seen.gets];
  await run(1_000);
  expect(cache.stats().hits - hitsAt).toBe(seen.gets - askedAt);
  await clock.advance(1_000);
  expect(seen.open).toBe(0);
  await clock.until(cache.destroy());
});
