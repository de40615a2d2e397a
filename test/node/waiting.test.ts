/** What waits for room on the wire, or for a connection, and how long. */

import { describe, expect, it } from 'vitest';
import type { Driver } from '../../src/driver/driver.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A cache over three nodes in still time; every key lives on all of them. */
async function start(options: CacheOptions) {
  const clock = new FakeClock();
  const stores = ['a', 'b', 'c'].map((name) => new MemoryNode({ name, clock }));
  const nodes = stores.map((store) => ({
    name: store.name,
    driver: createMemoryDriver({ name: store.name, store }),
  }));
  const quiet = { health: false, fallback: false, retry: false, onUnavailable: 'throw' } as const;
  const cache = createCache({ nodes, clock, replication: 3, ...quiet, ...options });
  await clock.until(cache.ready());
  return { clock, stores, cache };
}

/** How long each takes, in whole sweeps of 8 ms. */
function durations(clock: FakeClock, calls: readonly Promise<unknown>[]): Promise<number[]> {
  const beganAt = clock.now();
  const ended = (): number => clock.now() - beganAt;
  return clock.until(Promise.all(calls.map((call) => call.then(ended, ended))));
}

describe('the deadline of a call', () => {
  it('counts the time in which an attempt waited for room and was never sent', async () => {
    const { clock, stores, cache } = await start({ bulkhead: { maxInFlight: 1 }, breaker: false });
    for (const store of stores) store.hang();
    const reads = Array.from({ length: 10 }, (_, i) => cache.get(`k${i}`, { timeoutMs: 250 }));
    expect(Math.max(...(await durations(clock, reads)))).toBeLessThanOrEqual(266);
    await clock.advance(2_000);
    await clock.until(cache.destroy());
  });

  it('counts it for writes that are tried again, too', async () => {
    const { clock, stores, cache } = await start({
      bulkhead: { maxInFlight: 1 },
      breaker: false,
      timeouts: { attemptMs: 1_000, totalMs: 2_000 },
      retry: { attempts: 50, backoff: 'fixed', baseMs: 100, jitter: 'none', budget: { reservePerSecond: 1_000 } },
    });
    for (const store of stores) store.hang();
    const writes = Array.from({ length: 10 }, (_, i) => cache.set(`k${i}`, 'v', { timeoutMs: 450 }));
    const lasted = durations(clock, writes);
    await clock.advance(300);
    for (const store of stores) {
      store.restart({ data: 'keep' });
      store.hang();
    }
    expect(Math.max(...(await lasted))).toBeLessThanOrEqual(466);
    for (const store of stores) store.resume();
    await clock.advance(2_000);
    await clock.until(cache.destroy());
  });
});

describe('an attempt', () => {
  it('at an owner that hangs leaves time for the next one, in a call on many keys as in one on one', async () => {
    const { clock, stores, cache } = await start({ breaker: false, onUnavailable: 'degrade' });
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    await clock.until(cache.setMany(keys.map((key) => [key, 'v'] as const)));
    stores[0]?.hang();
    const beganAt = clock.now();
    expect((await clock.until(cache.getMany(keys))).size).toBe(keys.length);
    expect(clock.now() - beganAt).toBeLessThanOrEqual(216);
    expect(await clock.until(Promise.all(keys.map((key) => cache.get(key))))).toEqual(keys.map(() => 'v'));
    stores[0]?.resume();
    await clock.advance(2_000);
    await clock.until(cache.destroy());
  });
});

describe('the first call', () => {
  it.each([
    ['loading the driver takes longer than an attempt and connecting may', 430, 0],
    ['connecting takes longer than an attempt may', 0, 250],
    ['both take their time', 200, 250],
  ])('is answered although %s', async (_, loadMs, connectMs) => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    store.latencyMs = connectMs;
    const driver: Driver = {
      ...createMemoryDriver({ name: 'a', store }),
      prepare: () => new Promise((resolve) => clock.setTimer(resolve, loadMs)),
    };
    const cache = createCache({ nodes: [{ name: 'a', driver }], clock, health: false, onUnavailable: 'throw' });
    const calls = [
      cache.get('k'),
      cache.set('l', 'v'),
      cache.getEntry('k'),
      cache.add('m', 'v'),
      cache.touch('k', 1_000),
    ];
    await clock.advance(loadMs + 1);
    store.latencyMs = 0;
    expect(await clock.until(Promise.all(calls))).toEqual([undefined, true, undefined, true, false]);
    expect(clock.now()).toBeLessThan(520);
    // From now on an attempt gets its own time and no more.
    store.hang();
    expect(await durations(clock, [cache.get('k')])).toEqual([expect.toSatisfy((ms) => ms >= 200 && ms <= 216)]);
    await clock.until(cache.destroy());
  });

  it('keeps its own deadline, however long that takes', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    store.hang();
    const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
    const cache = createCache({ nodes, clock, health: false, onUnavailable: 'throw' });
    expect(await durations(clock, [cache.get('k', { timeoutMs: 250 })])).toEqual([256]);
    await clock.until(cache.destroy());
  });
});
