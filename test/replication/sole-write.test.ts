/** A set of the only copy of a key: whatever comes instead of an answer ends as with several owners. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A cache over one node in still time, whose failed writes are errors. */
async function start(options: CacheOptions = {}) {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
  const quiet = { health: false, retry: false, breaker: false, onUnavailable: 'throw' } as const;
  const cache = createCache({ nodes, clock, ...quiet, ...options });
  await clock.until(cache.ready());
  return {
    clock,
    cache,
    store,
    set: (value: string) => clock.until(cache.set('k', value)),
    get: () => clock.until<unknown>(cache.get('k').catch((error: unknown) => error)),
    end: () => clock.until(cache.destroy()),
  };
}

/** The ledger's own figures are for those who look closely, and untyped. */
const debtsOf = (cache: Cache): unknown => Reflect.get(Object(cache.stats().ledger), 'keyDebts');

describe('a set of the only copy', () => {
  it('that comes too late is an error, and confirms the value when its answer comes after all', async () => {
    const { clock, cache, store, set, get, end } = await start();
    await set('before');
    store.hang();
    await expect(set('after')).rejects.toMatchObject({ code: 'ERR_INDETERMINATE' });
    expect(debtsOf(cache)).toBe(1);
    store.resume();
    await clock.advance(50);
    expect(await get()).toBe('after');
    expect(debtsOf(cache)).toBe(0);
    await end();
  });

  it('that was lost with its connection is owed, and nothing older is read', async () => {
    const { clock, cache, store, set, get, end } = await start();
    await set('before');
    store.hang();
    const lost = cache.set('k', 'after').catch((error: { code: string }) => error.code);
    await clock.advance(10);
    store.restart({ data: 'keep' });
    expect(await clock.until(lost)).toBe('ERR_INDETERMINATE');
    await clock.advance(1_000);
    expect(await get()).not.toBe('before');
    await end();
  });

  it('that is refused at once, before anything was sent, tells that nothing was changed', async () => {
    const { clock, store, set, end } = await start();
    store.kill();
    await clock.advance(1_000);
    await expect(set('v')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    await end();
  });

  it('that was lost with its connection is tried again', async () => {
    // The pause before a connect, drawn at random, must be shorter than that before the next try.
    const retry = { attempts: 3, baseMs: 20, jitter: 'none' } as const;
    const { clock, cache, store, get, end } = await start({ random: () => 0, retry });
    store.hang();
    const stored = cache.set('k', 'v');
    await clock.advance(10);
    store.restart({ data: 'keep' });
    expect(await clock.until(stored)).toBe(true);
    expect(await get()).toBe('v');
    expect(cache.stats().calls.retries).toBe(1);
    await end();
  });

  it('answers false where failure degrades', async () => {
    const { store, set, end } = await start({ onUnavailable: 'degrade' });
    store.failWith('read-only', ['store']);
    expect(await set('v')).toBe(false);
    await end();
  });
});
