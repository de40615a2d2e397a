/**
 * Read repair of bare values, in a fleet. What one owner has and another misses may be what another process is just
 * deleting: put back behind its delete, it would stay.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import type { Driver } from '../../src/driver/driver.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { MutantConnection } from '../contract/mutants/mutant-connection.js';

const ATTEMPT_MS = 200;
/** Repairs are made later than that. */
const HOLD_MS = 5_000;

/** Two processes on the same two nodes; what the first one sends to node b comes there late. */
async function fleet() {
  const clock = new FakeClock();
  const stores = ['a', 'b'].map((name) => new MemoryNode({ name, clock }));
  const lag = { ms: 0 };
  const late = (driver: Driver): Driver => ({
    kind: driver.kind,
    capabilities: driver.capabilities,
    connect: async (options) =>
      new MutantConnection(await driver.connect(options), {
        send(operations, connection) {
          if (lag.ms === 0) connection.send(operations);
          else clock.setTimer(() => connection.send(operations), lag.ms);
        },
      }),
  });
  const open = async (isLate: boolean): Promise<Cache> => {
    const nodes = stores.map((store) => {
      const driver = createMemoryDriver({ name: store.name, store, clock });
      return { name: store.name, driver: isLate && store.name === 'b' ? late(driver) : driver };
    });
    const timeouts = { attemptMs: ATTEMPT_MS, totalMs: 500 };
    const cache = createCache({ nodes, clock, codec: 'string', replication: 2, health: false, timeouts });
    onTestFinished(async () => {
      await clock.until(cache.destroy());
    });
    await clock.until(cache.ready());
    return cache;
  };
  const mine = await open(true);
  const theirs = await open(false);
  const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`).filter((key) => mine.ring.owners(key)[0] === 'a');
  for (const key of keys) await clock.until(mine.set(key, 'old'));
  return { clock, stores, lag, mine, theirs, keys };
}

describe('a bare value that one owner has and another misses', () => {
  it('is not put back behind a delete that has yet to get to one of them', async () => {
    const { clock, stores, lag, mine, theirs, keys } = await fleet();
    lag.ms = ATTEMPT_MS / 4;
    const deleted = keys.map((key) => mine.delete(key));
    for (const key of keys) expect(await clock.until(theirs.get(key))).toBe('old');
    for (const each of deleted) expect(await clock.until(each)).toBe(true);
    await clock.advance(HOLD_MS * 1.5);
    for (const key of keys) expect([key, await clock.until(mine.get(key))]).toEqual([key, undefined]);
    for (const key of keys) expect([key, await clock.until(theirs.get(key))]).toEqual([key, undefined]);
    expect(stores.map(({ size }) => size)).toEqual([0, 0]);
  });

  it('is put back where nobody deletes it', async () => {
    const { clock, stores, theirs, keys } = await fleet();
    stores[0]?.restart({ data: 'empty' });
    await clock.advance(1_000);
    for (const key of keys) expect(await clock.until(theirs.get(key))).toBe('old');
    await clock.advance(HOLD_MS * 1.5);
    expect(stores[0]?.size).toBe(keys.length);
  });

  it('is not put back any more once the cache was closed', async () => {
    const { clock, stores, mine, theirs, keys } = await fleet();
    stores[0]?.restart({ data: 'empty' });
    await clock.advance(1_000);
    for (const key of keys) expect(await clock.until(theirs.get(key))).toBe('old');
    await clock.until(Promise.all([mine.destroy(), theirs.destroy()]));
    await clock.advance(ATTEMPT_MS / 2);
    expect(clock.pendingTimers).toBe(0);
    expect(stores[0]?.size).toBe(0);
  });
});
