/** Where deadlines count from the last answer of a node (`flowMs`), a burst is answered and an ill node found out all the same. */

import { expect, it } from 'vitest';
import { assembleParts } from '../../src/create-cache.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import type { CacheNode } from '../../src/node/cache-node.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const ANSWER_MS = 50;
const TIMEOUT_MS = 200;

/** A node that carries out one operation at a time, in still time, and calls on it. */
async function start(flowMs: number) {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  store.latencyMs = ANSWER_MS;
  const parts = assembleParts({
    nodes: [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }],
    clock,
    health: false,
    bulkhead: { maxInFlight: 1, maxQueued: 10_000 },
  });
  await clock.until(parts.lifecycle.ready());
  const node = parts.topology.nodes[0] as CacheNode;
  node.patience.flowMs = flowMs;
  const answered: number[] = [];
  const failed: number[] = [];
  const call = (i: number, timeoutMs: number): void =>
    node.get(`k${i}`, i, timeoutMs, 'interactive', {
      hit: () => answered.push(clock.now()),
      missed: () => answered.push(clock.now()),
      failed: () => failed.push(clock.now()),
    });
  const begin = (count: number, timeoutMs = TIMEOUT_MS): void => {
    for (let i = 0; i < count; i++) call(i, timeoutMs);
  };
  const end = (): Promise<unknown> => clock.until(parts.lifecycle.close(0));
  return { clock, store, answered, failed, begin, end };
}

it('a burst that takes longer than a call may is answered to the last', async () => {
  const { clock, answered, failed, begin, end } = await start(TIMEOUT_MS);
  begin(100);
  await clock.advance(100 * ANSWER_MS + 1_000);
  expect([answered.length, failed.length]).toEqual([100, 0]);
  await end();
});

it('without it what waits for the others fails in its time', async () => {
  const { clock, answered, failed, begin, end } = await start(0);
  begin(100);
  await clock.advance(TIMEOUT_MS + 50);
  expect(answered.length).toBeLessThan(5);
  expect(answered.length + failed.length).toBe(100);
  await end();
});

it('when the answers end, so do the calls, in the time of one', async () => {
  const { clock, store, answered, failed, begin, end } = await start(TIMEOUT_MS);
  begin(100);
  await clock.advance(1_000);
  store.hang();
  const hungAt = clock.now();
  await clock.advance(TIMEOUT_MS + 50);
  expect(answered.length + failed.length).toBe(100);
  expect(failed.length).toBeGreaterThan(70);
  expect(Math.max(...failed) - hungAt).toBeLessThanOrEqual(TIMEOUT_MS + 16);
  await end();
});

it('a call with less time than that keeps it where nothing was answered since it was issued, sent or not', async () => {
  const { clock, store, answered, failed, begin, end } = await start(TIMEOUT_MS);
  begin(1);
  await clock.advance(ANSWER_MS + 10);
  expect(answered).toHaveLength(1);
  store.hang();
  const issuedAt = clock.now();
  begin(2, 20);
  await clock.advance(TIMEOUT_MS);
  expect(failed).toHaveLength(2);
  expect(Math.max(...failed) - issuedAt).toBeLessThanOrEqual(20 + 16);
  await end();
});

it('nothing waits longer than a queue may hold it, however steadily the others are answered', async () => {
  const { clock, answered, failed, begin, end } = await start(TIMEOUT_MS);
  const beganAt = clock.now();
  begin(2_000);
  await clock.advance(62_000);
  expect(answered.length + failed.length).toBe(2_000);
  expect(answered.length).toBeGreaterThan(1_000);
  expect(Math.max(...failed) - beganAt).toBeLessThanOrEqual(60_100);
  await end();
});
