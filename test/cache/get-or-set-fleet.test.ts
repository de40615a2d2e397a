/** getOrSet across processes, and what it does before a value's time and after: leases, early refresh, soft limits, negatives. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_LEASE_MS } from '../../src/driver/driver.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache, type GetOrSetOptions, OptionError } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { stopwatch } from '../support/stopwatch.js';
import { Fleet, MEMCACHED, MEMORY, MIXED, REDIS } from './fleet.js';

describe.each([MEMORY, REDIS, MEMCACHED, MIXED])('several processes over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);
  let namespace = 0;

  afterEach(() => fleet.closeCaches());

  /** As many caches as there would be processes: they share the nodes and nothing else. */
  const open = (count: number) => {
    namespace++;
    return Promise.all(Array.from({ length: count }, () => fleet.open<string>({ namespace: `lease-${namespace}` })));
  };

  it('one loads, the others wait for what it brings', async () => {
    const caches = await open(4);
    // A machine so busy that the lease ends before the value is there proves nothing.
    for (let i = 0, isJudged = false; !isJudged; i++) {
      let loads = 0;
      const loader = async (): Promise<string> => {
        loads++;
        await sleep(150);
        return 'loaded';
      };
      const beganAt = performance.now();
      const calls = caches.flatMap((cache) => Array.from({ length: 20 }, () => cache.getOrSet(`key ${i}`, loader)));
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['loaded']));
      isJudged = loads === 1 || i === 10 || performance.now() - beganAt < MAX_LEASE_MS - 1_000;
      if (isJudged) expect(loads).toBe(1);
    }
  });

  it('a delete that comes while a loader runs wins over its fill, whoever deletes', async () => {
    const [loading, deleting] = await open(2);
    const value = await loading?.getOrSet('key', async () => {
      await deleting?.delete('key');
      return 'old by now';
    });
    expect(value).toBe('old by now');
    await sleep(30);
    expect(await loading?.get('key')).toBeUndefined();
    expect(await deleting?.get('key')).toBeUndefined();
  });

  it('a write that comes while a loader runs wins over its fill, whoever writes', async () => {
    const [loading, writing] = await open(2);
    await loading?.getOrSet('key', async () => {
      await writing?.set('key', 'written');
      return 'old by now';
    });
    await sleep(30);
    expect(await writing?.get('key')).toBe('written');
    expect(await loading?.get('key')).toBe('written');
  });

  it('a loader that fails, or has no value, lets the next process load at once', async () => {
    const [first, second] = await open(2);
    let lastedMs = MAX_LEASE_MS;
    // The lease alone would keep it out for two seconds each time; a busy machine may once.
    for (let i = 0; lastedMs >= MAX_LEASE_MS - 200 && i < 5; i++) {
      const [failed, seconds] = await new Promise<Promise<unknown>[]>((resolve) => {
        const failing = first?.getOrSet(`key ${i}`, async () => {
          resolve([Promise.resolve(failing), Promise.resolve(second?.getOrSet(`key ${i}`, () => 'loaded'))]);
          await sleep(50);
          throw new Error('down');
        });
      });
      const ownMs = stopwatch();
      const [ended, loaded] = await Promise.allSettled([failed, seconds]);
      lastedMs = ownMs();
      expect(ended.status).toBe('rejected');
      expect(loaded).toMatchObject({ value: 'loaded' });
    }
    expect(lastedMs).toBeLessThan(MAX_LEASE_MS - 200);
    expect(await first?.getOrSet('other', () => undefined)).toBeUndefined();
    expect(await second?.getOrSet('other', () => 'loaded')).toBe('loaded');
  });

  it('without leases every process loads, and the last to store wins', async () => {
    const caches = await open(3);
    let loads = 0;
    let release = (): void => undefined;
    const allLoad = new Promise<void>((resolve) => {
      release = resolve;
    });
    const loader = async (): Promise<string> => {
      loads++;
      if (loads === caches.length) release();
      await allLoad;
      return 'loaded';
    };
    await Promise.all(caches.map((cache) => cache.getOrSet('key', loader, { lease: false })));
    expect(loads).toBe(3);
  });
});

/** One cache in still time over one node. */
async function still(options: CacheOptions = {}) {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }];
  const cache = createCache<string>({ nodes, clock, random: seededRandom(7), health: false, ...options });
  await clock.until(cache.ready());
  let loads = 0;
  const loader =
    (ms = 0, value: string | null = 'loaded') =>
    async (): Promise<string | undefined> => {
      loads++;
      const number = loads;
      if (ms > 0) await new Promise<void>((resolve) => clock.setTimer(resolve, ms));
      return value === null ? undefined : `${value} ${number}`;
    };
  const call = (load: () => Promise<string | undefined>, given: GetOrSetOptions = {}) =>
    clock.until(cache.getOrSet('key', load, given));
  const end = (): Promise<unknown> => clock.until(cache.destroy());
  return { clock, cache, store, loader, call, loads: () => loads, end };
}

describe('a lease', () => {
  it('that its owner never uses holds the others up for 2 s and no longer', async () => {
    const { clock, cache, store, loader, call, loads, end } = await still();
    const other = createCache<string>({
      nodes: [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }],
      clock,
      health: false,
    });
    await clock.until(other.ready());
    const dying = other.getOrSet('key', () => new Promise<string>(() => undefined), { loaderTimeoutMs: 60_000 });
    dying.catch(() => undefined);
    await clock.advance(1);
    const beganAt = clock.now();
    expect(await call(loader())).toBe('loaded 1');
    expect(clock.now() - beganAt).toBeGreaterThan(1_500);
    expect(clock.now() - beganAt).toBeLessThan(2_100);
    expect(loads()).toBe(1);
    expect(await clock.until(cache.get('key'))).toBe('loaded 1');
    await clock.until(other.destroy());
    await end();
  });

  it('does not keep what a slow loader brings from being stored', async () => {
    const { clock, cache, loader, call, end } = await still();
    expect(await call(loader(5_000))).toBe('loaded 1');
    expect(await clock.until(cache.get('key'))).toBe('loaded 1');
    await end();
  });

  it('of a node that cannot answer holds nobody up', async () => {
    const { clock, store, loader, call, end } = await still();
    store.hang();
    const beganAt = clock.now();
    expect(await call(loader())).toBe('loaded 1');
    expect(clock.now() - beganAt).toBeLessThan(1_000);
    store.resume();
    await end();
  });
});

describe('earlyRefresh', () => {
  it('renews before the end of the life, ever likelier, while every caller is answered at once', async () => {
    const { clock, loader, call, loads, end } = await still();
    const given = { ttlMs: 1_000, earlyRefresh: 0.1 };
    await call(loader(), given);
    let waited = 0;
    const renewedAt: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      const before = loads();
      const beganAt = clock.now();
      await call(loader(20), given);
      waited = Math.max(waited, clock.now() - beganAt);
      if (loads() > before) renewedAt.push(clock.now());
      await clock.advance(10);
    }
    expect(waited).toBe(0);
    const lives = renewedAt.slice(1).map((at, i) => at - (renewedAt[i] ?? 0));
    expect(lives.length).toBeGreaterThan(20);
    expect(Math.max(...lives)).toBeLessThanOrEqual(1_000);
    const mean = lives.reduce((sum, ms) => sum + ms, 0) / lives.length;
    expect(mean).toBeGreaterThan(500);
    expect(mean).toBeLessThan(950);
    await end();
  });

  it('is off by default: the value lives to its end', async () => {
    const { clock, loader, call, loads, end } = await still();
    for (let i = 0; i < 99; i++) {
      await call(loader(), { ttlMs: 1_000 });
      await clock.advance(10);
    }
    expect(loads()).toBe(1);
    await end();
  });
});

describe('softLoaderTimeoutMs', () => {
  it('serves the stale value when the loader takes longer, and stores what the loader brings', async () => {
    const { clock, loader, call, end } = await still();
    const given = { ttlMs: 1_000, staleIfErrorMs: 60_000, softLoaderTimeoutMs: 100 };
    expect(await call(loader(), given)).toBe('loaded 1');
    await clock.advance(1_500);
    const beganAt = clock.now();
    expect(await call(loader(400), given)).toBe('loaded 1');
    expect(clock.now() - beganAt).toBe(100);
    await clock.advance(500);
    expect(await call(loader(), given)).toBe('loaded 2');
    await end();
  });

  it('waits for a loader that is quicker', async () => {
    const { clock, loader, call, end } = await still();
    const given = { ttlMs: 1_000, staleIfErrorMs: 60_000, softLoaderTimeoutMs: 100 };
    await call(loader(), given);
    await clock.advance(1_500);
    expect(await call(loader(50), given)).toBe('loaded 2');
    await end();
  });
});

describe('negativeTtlMs', () => {
  it('remembers that there was no value, until its time is up or the key is written', async () => {
    const { clock, cache, loader, call, loads, end } = await still();
    const given = { negativeTtlMs: 1_000 };
    for (let i = 0; i < 10; i++) expect(await call(loader(0, null), given)).toBeUndefined();
    expect(loads()).toBe(1);
    await clock.advance(1_100);
    expect(await call(loader(0, null), given)).toBeUndefined();
    expect(loads()).toBe(2);
    await clock.until(cache.set('key', 'written'));
    expect(await call(loader(), given)).toBe('written');
    await clock.until(cache.delete('key'));
    expect(await call(loader(), given)).toBe('loaded 3');
    await end();
  });

  it('is off by default', async () => {
    const { loader, call, loads, end } = await still();
    for (let i = 0; i < 3; i++) await call(loader(0, null));
    expect(loads()).toBe(3);
    await end();
  });
});

describe('options of getOrSet', () => {
  it.each([
    [{ earlyRefresh: 1 }, 'earlyRefresh'],
    [{ earlyRefresh: '0.1' }, 'earlyRefresh'],
    [{ negativeTtlMs: -1 }, 'negativeTtlMs'],
    [{ softLoaderTimeoutMs: 0 }, 'softLoaderTimeoutMs'],
    [{ lease: 'yes' }, 'lease'],
  ])('%j is refused before anything is asked', async (given, path) => {
    const { clock, cache, store, end } = await still();
    const refused = cache.getOrSet('key', () => 'value', given as never).catch((error: unknown) => error);
    const error = await clock.until(refused);
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ path });
    expect(store.stats.get).toBe(0);
    await end();
  });
});
