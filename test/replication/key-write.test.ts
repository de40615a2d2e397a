/** What a write that too few owners confirmed tells of what they hold. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A cache over two nodes in still time; every key lives on both, and writes that fail are errors. */
async function start(options: CacheOptions = {}) {
  const clock = new FakeClock();
  const stores = ['a', 'b'].map((name) => new MemoryNode({ name, clock }));
  const nodes = stores.map((store) => ({
    name: store.name,
    driver: createMemoryDriver({ name: store.name, store }),
  }));
  const quiet = { health: false, retry: false, breaker: false, onUnavailable: 'throw' } as const;
  const cache = createCache({ nodes, clock, replication: 2, write: 'all', ...quiet, ...options });
  await clock.until(cache.ready());
  const write = async (): Promise<unknown> => {
    const failure = await clock.until(cache.set('k', 'v').catch((error: unknown) => error));
    await clock.advance(3_000);
    return failure;
  };
  const [a, b] = stores as [MemoryNode, MemoryNode];
  return { clock, cache, a, b, write, end: () => clock.until(cache.destroy()) };
}

describe('a write', () => {
  it('that was sent to nobody is known not to be held', async () => {
    const { clock, a, b, write, end } = await start();
    a.kill();
    b.kill();
    await clock.advance(1_000);
    expect(await write()).toMatchObject({ code: 'ERR_UNAVAILABLE' });
    await end();
  });

  it('that found no room in time tells that, and is known not to be held', async () => {
    const { cache, a, b, write, end } = await start({ bulkhead: { maxInFlight: 1 } });
    a.hang();
    b.hang();
    for (let i = 0; i < 20; i++) cache.get(`other ${i}`).catch(() => undefined);
    expect(await write()).toMatchObject({ code: 'ERR_TIMEOUT' });
    a.resume();
    b.resume();
    await end();
  });

  it('that was sent to one owner may be held, whatever the other one failed with', async () => {
    for (const [hung, dead] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { clock, a, b, write, end } = await start({ write: 'one' });
      const both = [a, b];
      both[dead]?.kill();
      await clock.advance(1_000);
      both[hung]?.hang();
      expect(await write()).toMatchObject({ code: 'ERR_INDETERMINATE' });
      both[hung]?.resume();
      await end();
    }
  });

  it('that both owners refused is not held', async () => {
    const { a, b, write, end } = await start();
    a.failWith('read-only', ['store']);
    b.failWith('read-only', ['store']);
    expect(await write()).toMatchObject({ code: 'ERR_UNAVAILABLE' });
    await end();
  });
});

describe('a write that is tried again', () => {
  it('is not deleted by the payment of what its first try left owed', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }];
    const retry = { attempts: 2, backoff: 'fixed', jitter: 'none', baseMs: 40 } as const;
    const cache = createCache({ nodes, clock, retry, health: false, fallback: false });
    await clock.until(cache.ready());
    store.failWith('busy', ['store']);
    const writing = cache.set('k', 'value');
    await clock.advance(30);
    store.failWith(undefined);
    // Longer than it takes until debts are paid.
    store.latencyMs = 60;
    expect(await clock.until(writing)).toBe(true);
    await clock.advance(500);
    expect(await clock.until(cache.get('k'))).toBe('value');
    await clock.until(cache.destroy());
  });
});
