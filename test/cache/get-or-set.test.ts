/** getOrSet: one loader a key at a time, and nothing stored that must not be. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache, type Loader } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { invoke, refusalOf } from './every-call.js';
import { ALL_FLEETS, Fleet } from './fleet.js';
import { SAMPLES } from './samples.js';

/** A promise to be settled by hand. */
function gate<T>(): { readonly passed: Promise<T>; open(value: T): void; fail(error: unknown): void } {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const passed = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { passed, open, fail };
}

describe.each(ALL_FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  describe.each(SAMPLES)('with codec $codec', ({ codec, value }) => {
    let cache: Cache;

    beforeAll(async () => {
      cache = await fleet.open({ codec });
    });

    it('loads what is missing, stores it, and does not load it again', async () => {
      const loader = vi.fn<Loader<unknown>>(() => value(1));
      expect(await cache.getOrSet('k', loader)).toEqual(value(1));
      expect(await cache.getOrSet('k', loader)).toEqual(value(1));
      expect(await cache.get('k')).toEqual(value(1));
      expect(loader).toHaveBeenCalledTimes(1);
      expect(loader.mock.calls[0]?.[0]).toMatchObject({ key: 'k', signal: { aborted: false } });
    });

    it('a thousand callers at once, and as many a moment later, run one loader', async () => {
      const load = gate<unknown>();
      const loader = vi.fn<Loader<unknown>>(() => load.passed);
      const first = Array.from({ length: 1_000 }, () => cache.getOrSet('herd', loader));
      await expect.poll(() => loader.mock.calls.length).toBeGreaterThan(0);
      const late = Array.from({ length: 1_000 }, () => cache.getOrSet('herd', loader));
      load.open(value(2));
      const last = Array.from({ length: 1_000 }, () => cache.getOrSet('herd', loader));
      for (const answer of await Promise.all([...first, ...late, ...last])) expect(answer).toEqual(value(2));
      expect(loader).toHaveBeenCalledTimes(1);
    });

    it('an error reaches every waiter, is not stored, and the next caller loads again', async () => {
      const error = new Error('the origin is down');
      const failing = vi.fn<Loader<unknown>>(() => Promise.reject(error));
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => cache.getOrSet('fails', failing)));
      expect(outcomes).toEqual([1, 2, 3].map(() => ({ status: 'rejected', reason: error })));
      expect(failing).toHaveBeenCalledTimes(1);
      expect(await cache.get('fails')).toBeUndefined();
      await expect(
        cache.getOrSet('fails', () => {
          throw error;
        }),
      ).rejects.toBe(error);
      expect(await cache.getOrSet('fails', () => value(3))).toEqual(value(3));
    });

    it('undefined is handed on and not stored', async () => {
      const loader = vi.fn<Loader<unknown>>(() => undefined);
      expect(await cache.getOrSet('nothing', loader)).toBeUndefined();
      expect(await cache.getOrSet('nothing', loader)).toBeUndefined();
      expect(loader).toHaveBeenCalledTimes(2);
      expect(await cache.has('nothing')).toBe(false);
    });

    it('a delete or a set while the loader runs wins over what it brings', async () => {
      for (const write of ['delete', 'set', 'setMany'] as const) {
        const load = gate<unknown>();
        const loader = vi.fn<Loader<unknown>>(() => load.passed);
        const loaded = cache.getOrSet(`raced by ${write}`, loader);
        await expect.poll(() => loader.mock.calls.length).toBeGreaterThan(0);
        if (write === 'delete') await cache.delete(`raced by ${write}`);
        else if (write === 'set') await cache.set(`raced by ${write}`, value(9));
        else await cache.setMany({ [`raced by ${write}`]: value(9) });
        load.open(value(1));
        expect(await loaded).toEqual(value(1));
        expect(await cache.get(`raced by ${write}`)).toEqual(write === 'delete' ? undefined : value(9));
      }
    });

    it('who asks after a delete does not join the load of before', async () => {
      const old = gate<unknown>();
      const stale = vi.fn<Loader<unknown>>(() => old.passed);
      const before = cache.getOrSet('detached', stale);
      await expect.poll(() => stale.mock.calls.length).toBeGreaterThan(0);
      await cache.delete('detached');
      expect(await cache.getOrSet('detached', () => value(2))).toEqual(value(2));
      old.open(value(1));
      expect(await before).toEqual(value(1));
      expect(await cache.get('detached')).toEqual(value(2));
    });
  });

  it('a value that cannot be stored is an error of the call', async () => {
    const cache = await fleet.open();
    await expect(cache.getOrSet('k', () => 5n)).rejects.toMatchObject({ code: 'ERR_INVALID_VALUE' });
    expect(await cache.getOrSet('k', () => null)).toBeNull();
    expect(await cache.getOrSet('k', () => 'not asked')).toBeNull();
  });

  it('options of no sense are refused before the loader runs', async () => {
    const cache = await fleet.open();
    const loader = vi.fn(() => 'v');
    const wrong = [
      ['staleWhileRevalidateMs', -1],
      ['staleWhileRevalidateMs', Number.NaN],
      ['staleIfErrorMs', Infinity],
      ['staleIfErrorMs', '5'],
      ['loaderTimeoutMs', 0],
      ['loaderTimeoutMs', Number.NaN],
      ['loaderTimeoutMs', 2 ** 31],
      ['ttlJitter', 1],
      ['ttlJitter', -0.1],
      ['ttlJitter', '0.1'],
      ['swr', 5],
    ] as const;
    for (const [path, it] of wrong) {
      const error = await refusalOf(invoke(cache, 'getOrSet', ['k', loader, { [path]: it }]));
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', path });
    }
    for (const none of [undefined, 'v', 5, {}, Promise.resolve('v')])
      expect(await refusalOf(invoke(cache, 'getOrSet', ['k', none]))).toMatchObject({ path: 'loader' });
    expect(loader).not.toHaveBeenCalled();
  });

  it('counts the options as they were when it was called: the caller may write others into them for his next call', async () => {
    const cache = await fleet.open();
    const options: { ttlMs: number } = { ttlMs: 600_000 };
    const [long, wrong] = ['long', 'wrong'].map((key) => cache.getOrSet(key, () => 'v', options));
    options.ttlMs = -1;
    expect(await Promise.all([long, wrong])).toEqual(['v', 'v']);
    expect(await cache.ttl('long')).toBeGreaterThan(500_000);
  });
});

describe('the loader', () => {
  it('runs in the async context of the caller who started it', async () => {
    const context = new AsyncLocalStorage<string>();
    const cache = createCache();
    const loaded = await context.run('of the caller', () => cache.getOrSet('k', () => context.getStore()));
    expect(loaded).toBe('of the caller');
    await cache.destroy();
  });

  it('goes on when a caller gives up, for the others and for the cache', async () => {
    const cache = createCache();
    const load = gate<string>();
    const given = new AbortController();
    const loader = vi.fn<Loader<string>>(() => load.passed);
    const impatient = cache.getOrSet('k', loader, { signal: given.signal });
    const patient = cache.getOrSet('k', loader);
    await expect.poll(() => loader.mock.calls.length).toBeGreaterThan(0);
    given.abort(new Error('enough'));
    await expect(impatient).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: new Error('enough') });
    load.open('v');
    expect(await patient).toBe('v');
    expect(await cache.get('k')).toBe('v');
    expect(loader).toHaveBeenCalledTimes(1);
    await cache.destroy();
  });

  it('may ask the cache for other keys, and a key that changes all the time is loaded in the end', async () => {
    const cache = createCache();
    const outer = await cache.getOrSet('outer', async () => `(${await cache.getOrSet('inner', () => 'inner')})`);
    expect(outer).toBe('(inner)');
    let isOver = false;
    const busy = (async () => {
      while (!isOver) await Promise.race([cache.delete('busy'), new Promise((resolve) => setImmediate(resolve))]);
    })();
    expect(await cache.getOrSet('busy', () => 'loaded')).toBe('loaded');
    isOver = true;
    await busy;
    await cache.destroy();
  });
});

/** A cache over one in-process node in time that stands still. */
async function stillCache(options: CacheOptions = {}): Promise<{ clock: FakeClock; cache: Cache; store: MemoryNode }> {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }];
  const cache = createCache({ clock, nodes, health: false, ...options });
  await clock.until(cache.ready());
  return { clock, cache, store };
}

describe('time', () => {
  it('a loader that takes too long is a timeout, its signal is aborted, and what it brings later is not stored', async () => {
    const { clock, cache } = await stillCache();
    const load = gate<string>();
    let signal: AbortSignal | undefined;
    const loaded = cache.getOrSet(
      'k',
      (context) => {
        signal = context.signal;
        return load.passed;
      },
      { loaderTimeoutMs: 250, timeoutMs: 20 },
    );
    loaded.catch(() => undefined);
    await clock.advance(249);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    await expect(loaded).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 250, key: 'k' });
    expect(signal?.aborted).toBe(true);
    load.open('too late');
    await clock.drain();
    expect(await clock.until(cache.get('k'))).toBeUndefined();
    expect(await clock.until(cache.getOrSet('k', () => 'again'))).toBe('again');
    await clock.until(cache.destroy());
  });

  it('the time of the call is that of the cache: a loader has its own, ten seconds', async () => {
    const { clock, cache } = await stillCache();
    const load = gate<string>();
    const loaded = cache.getOrSet('k', () => load.passed, { timeoutMs: 5 });
    await clock.advance(9_999);
    load.open('v');
    expect(await clock.until(loaded)).toBe('v');
    const never = cache.getOrSet('never', () => new Promise<string>(() => undefined));
    never.catch(() => undefined);
    await clock.advance(10_001);
    await expect(never).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 10_000 });
    await clock.until(cache.destroy());
  });

  it('serves stale while one loader renews the value, and fresh afterwards', async () => {
    const { clock, cache } = await stillCache();
    let version = 0;
    const loads: ReturnType<typeof gate<number>>[] = [];
    const loader = (): Promise<number> => {
      const load = gate<number>();
      loads.push(load);
      return load.passed;
    };
    const ask = (): Promise<number> => cache.getOrSet('k', loader, { ttlMs: 1_000, staleWhileRevalidateMs: 5_000 });
    const first = ask();
    await clock.drain();
    loads[0]?.open(++version);
    expect(await clock.until(first)).toBe(1);
    await clock.advance(900);
    expect(await clock.until(ask())).toBe(1);
    expect(loads).toHaveLength(1);
    await clock.advance(200);
    expect(await clock.until(Promise.all([ask(), ask(), ask()]))).toEqual([1, 1, 1]);
    expect(loads).toHaveLength(2);
    loads[1]?.open(++version);
    await clock.drain();
    expect(await clock.until(ask())).toBe(2);
    // Beyond ttl and grace nothing is left to serve: the caller waits.
    await clock.advance(6_100);
    const waits = ask();
    await clock.drain();
    expect(loads).toHaveLength(3);
    loads[2]?.open(++version);
    expect(await clock.until(waits)).toBe(3);
    await clock.until(cache.destroy());
  });

  it('a renewal that fails leaves the stale value, and the next caller tries again', async () => {
    const { clock, cache } = await stillCache();
    const options = { ttlMs: 1_000, staleWhileRevalidateMs: 5_000 };
    await clock.until(cache.getOrSet('k', () => 'old', options));
    await clock.advance(1_500);
    const failing = vi.fn<Loader<string>>(() => Promise.reject(new Error('down')));
    expect(await clock.until(cache.getOrSet('k', failing, options))).toBe('old');
    await clock.drain();
    expect(await clock.until(cache.getOrSet('k', failing, options))).toBe('old');
    expect(failing).toHaveBeenCalledTimes(2);
    expect(await clock.until(cache.getOrSet('k', () => 'new', options))).toBe('old');
    await clock.drain();
    expect(await clock.until(cache.getOrSet('k', failing, options))).toBe('new');
    await clock.until(cache.destroy());
  });

  it('serves stale if the loader fails, within its grace, and the new value if it does not', async () => {
    const { clock, cache } = await stillCache();
    const options = { ttlMs: 1_000, staleIfErrorMs: 5_000, loaderTimeoutMs: 100 };
    const failing = (): Promise<string> => Promise.reject(new Error('down'));
    await clock.until(cache.getOrSet('k', () => 'old', options));
    await clock.advance(1_500);
    expect(await clock.until(cache.getOrSet('k', failing, options))).toBe('old');
    // A loader that hangs has failed once its time is up.
    expect(await clock.until(cache.getOrSet('k', () => new Promise<string>(() => undefined), options))).toBe('old');
    expect(await clock.until(cache.getOrSet('k', () => 'new', options))).toBe('new');
    await clock.advance(6_100);
    await expect(clock.until(cache.getOrSet('k', failing, options))).rejects.toThrow('down');
    await clock.until(cache.destroy());
  });

  it('the two graces go together: first served while renewed, then only if the renewal fails', async () => {
    const { clock, cache } = await stillCache();
    const options = { ttlMs: 1_000, staleWhileRevalidateMs: 1_000, staleIfErrorMs: 5_000 };
    await clock.until(cache.getOrSet('k', () => 'old', options));
    await clock.advance(1_500);
    const load = gate<string>();
    expect(await clock.until(cache.getOrSet('k', () => load.passed, options))).toBe('old');
    load.fail(new Error('down'));
    await clock.drain();
    await clock.advance(1_000);
    expect(await clock.until(cache.getOrSet('k', () => 'new', options))).toBe('new');
    await clock.until(cache.destroy());
  });

  it('an entry without end is never past its time', async () => {
    const { clock, cache } = await stillCache();
    const loader = vi.fn<Loader<string>>(() => 'v');
    const options = { ttlMs: 'none', staleWhileRevalidateMs: 1_000 } as const;
    await clock.until(cache.getOrSet('k', loader, options));
    await clock.advance(100_000);
    expect(await clock.until(cache.getOrSet('k', loader, options))).toBe('v');
    expect(loader).toHaveBeenCalledTimes(1);
    await clock.until(cache.destroy());
  });

  it('ttlJitter shortens a life by up to its share', async () => {
    const lives: unknown[] = [];
    for (const random of [0, 0.5, 0.999]) {
      const { clock, cache } = await stillCache({ random: () => random });
      await clock.until(cache.getOrSet('k', () => 'v', { ttlMs: 10_000, ttlJitter: 0.2 }));
      await clock.drain();
      lives.push(await clock.until(cache.ttl('k')));
      await clock.until(cache.destroy());
    }
    expect(lives).toEqual([10_000, 9_000, 8_002]);
  });
});

describe('without nodes', () => {
  it('loads every time, for all callers of the moment at once, and rejects where the cache throws', async () => {
    const { clock, cache, store } = await stillCache({ fallback: false, retry: false });
    store.kill();
    const loader = vi.fn<Loader<string>>(() => 'v');
    expect(await clock.until(Promise.all([1, 2, 3].map(() => cache.getOrSet('k', loader))))).toEqual(['v', 'v', 'v']);
    expect(loader).toHaveBeenCalledTimes(1);
    expect(await clock.until(cache.getOrSet('k', loader))).toBe('v');
    expect(loader).toHaveBeenCalledTimes(2);
    await clock.until(cache.destroy());

    const strict = await stillCache({ fallback: false, onUnavailable: 'throw' });
    strict.store.kill();
    for (const options of [{}, { ttlMs: 1_000, staleIfErrorMs: 1_000 }]) {
      const refused = strict.clock.until(strict.cache.getOrSet('k', loader, options));
      await expect(refused).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    }
    expect(loader).toHaveBeenCalledTimes(2);
    await strict.clock.until(strict.cache.destroy());
  });

  it('a remembered value is served without loading', async () => {
    for (const options of [{}, { ttlMs: 1_000, staleIfErrorMs: 1_000 }]) {
      const { clock, cache, store } = await stillCache();
      await clock.until(cache.set('k', 'remembered'));
      store.kill();
      expect(await clock.until(cache.getOrSet('k', () => 'loaded', options))).toBe('remembered');
      await clock.until(cache.destroy());
    }
  });
});
