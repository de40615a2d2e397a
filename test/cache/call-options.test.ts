/** What every call takes: signal, timeoutMs, lane, read, write. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache } from '../../src/index.js';
import { stopwatch } from '../support/stopwatch.js';
import { invoke, refusalOf } from './every-call.js';
import { FLEETS, Fleet, PATIENT } from './fleet.js';

/** Every call that takes options, with these as its options. */
const CALLS: readonly (readonly [keyof Cache, (options: unknown) => readonly unknown[]])[] = [
  ['get', (options) => ['k', options]],
  ['getEntry', (options) => ['k', options]],
  ['getMany', (options) => [['k'], options]],
  ['set', (options) => ['k', 'v', options]],
  ['setMany', (options) => [{ k: 'v' }, options]],
  ['add', (options) => ['k', 'v', options]],
  ['replace', (options) => ['k', 'v', options]],
  ['compareAndSet', (options) => ['k', 'v', 'a!b!c', options]],
  ['delete', (options) => ['k', options]],
  ['deleteMany', (options) => [['k'], options]],
  ['has', (options) => ['k', options]],
  ['touch', (options) => ['k', 1_000, options]],
  ['ttl', (options) => ['k', options]],
  ['increment', (options) => ['n', 1, options]],
  ['decrement', (options) => ['n', 1, options]],
  ['getOrSet', (options) => ['k', () => 'v', options]],
  ['clear', (options) => [options]],
];

async function oneNode(options: CacheOptions = {}): Promise<{ cache: Cache; store: MemoryNode }> {
  const store = new MemoryNode({ name: 'a' });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
  const cache = createCache({ nodes, namespace: 'n', fallback: false, retry: false, health: false, ...options });
  await cache.ready();
  return { cache, store };
}

describe('options of a call', () => {
  it.each([
    [{ ttl: 5 }, 'ttl'],
    [{ timeoutMS: 5 }, 'timeoutMS'],
    [{ toString: 5 }, 'toString'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ timeoutMs: '5' }, 'timeoutMs'],
    [{ timeoutMs: Infinity }, 'timeoutMs'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs'],
    [{ lane: 'fast' }, 'lane'],
    [{ lane: null }, 'lane'],
    [{ write: 'two' }, 'write'],
    [{ read: 'any' }, 'read'],
    [{ read: { prefer: 'replica' } }, 'read.prefer'],
    [{ read: { onmiss: 'next' } }, 'read.onmiss'],
    [{ signal: {} }, 'signal'],
    [{ signal: 'abort' }, 'signal'],
    [{ signal: { addEventListener: () => undefined } }, 'signal'],
    [null, 'options'],
    [5, 'options'],
    ['k', 'options'],
  ])('%j is refused by every call before anything is sent', async (options, path) => {
    const { cache, store } = await oneNode();
    const before = store.stats;
    for (const [method, args] of CALLS) {
      const error = await refusalOf(invoke(cache, method, args(options)));
      expect([method, error]).toEqual([method, expect.objectContaining({ code: 'ERR_INVALID_OPTION', path })]);
    }
    expect(store.stats).toEqual(before);
    await cache.destroy();
  });

  it('ttlMs is none of a read, initial none of a set, and both are told apart from a misspelling by name', async () => {
    const { cache } = await oneNode();
    for (const [method, args, path] of [
      ['get', ['k', { ttlMs: 5 }], 'ttlMs'],
      ['delete', ['k', { ttlMs: 5 }], 'ttlMs'],
      ['touch', ['k', 5, { ttlMs: 5 }], 'ttlMs'],
      ['set', ['k', 'v', { initial: 5 }], 'initial'],
      ['increment', ['k', 1, { ttlJitter: 0.1 }], 'ttlJitter'],
    ] as const)
      expect(await refusalOf(invoke(cache, method, args))).toMatchObject({ code: 'ERR_INVALID_OPTION', path });
    await cache.destroy();
  });

  it('may be undefined, every one of them', async () => {
    const { cache } = await oneNode();
    const none = { signal: undefined, timeoutMs: undefined, lane: undefined, read: undefined, write: undefined };
    for (const [method, args] of CALLS.filter(([name]) => name !== 'compareAndSet')) {
      await invoke(cache, method, args(none));
      await invoke(cache, method, args(undefined));
      await invoke(cache, method, args({}));
    }
    await cache.destroy();
  });
});

describe('signal', () => {
  it('that has aborted already rejects every call, and nothing is sent or issued', async () => {
    const { cache, store } = await oneNode();
    await cache.set('k', 'before');
    const before = store.stats;
    const reason = new Error('given up');
    for (const [method, args] of CALLS) {
      const error = await refusalOf(invoke(cache, method, args({ signal: AbortSignal.abort(reason) })));
      expect([method, error]).toEqual([method, expect.objectContaining({ code: 'ERR_ABORTED', cause: reason })]);
    }
    expect(store.stats).toEqual(before);
    // A set or delete that was refused before it began is no reason to distrust what is there (rule R14).
    expect(await cache.get('k')).toBe('before');
    await cache.destroy();
  });

  it('aborted in flight rejects at once, and what was sent may still take effect', async () => {
    const { cache, store } = await oneNode({ timeouts: { attemptMs: 5_000, totalMs: 5_000 } });
    for (const [method, args] of CALLS.filter(([name]) => name !== 'compareAndSet')) {
      store.hang();
      const abort = new AbortController();
      const call = invoke(cache, method, args({ signal: abort.signal }));
      const outcome = refusalOf(call);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const ownMs = stopwatch();
      abort.abort();
      expect([method, await outcome]).toEqual([method, expect.objectContaining({ code: 'ERR_ABORTED' })]);
      expect(ownMs()).toBeLessThan(100);
      store.resume();
      await cache.set('after', method);
      expect(await cache.get('after')).toBe(method);
    }
    await cache.destroy();
  });

  it('that throws when it is listened to fails the call, and leaves no outcome unheard', async () => {
    const cache = createCache({
      nodes: ['redis://127.0.0.1:1'],
      onUnavailable: 'throw',
      fallback: false,
      timeouts: PATIENT,
    });
    const signal = {
      addEventListener(): never {
        throw new Error('no listeners, please');
      },
      removeEventListener: () => undefined,
    };
    const error = await refusalOf(invoke(cache, 'get', ['k', { signal }]));
    expect(error).toMatchObject({ message: 'no listeners, please' });
    await expect(cache.get('k')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    // A rejection that nobody hears is found by the leak gate.
    await new Promise((resolve) => setImmediate(resolve));
    await cache.destroy();
  });

  it('aborted after the answer changes nothing, and one signal serves any number of calls without a warning', async () => {
    const { cache } = await oneNode();
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const abort = new AbortController();
    const calls = Array.from({ length: 100 }, (_, i) => cache.set(`k${i}`, i, { signal: abort.signal }));
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
    abort.abort();
    expect(await cache.get('k1')).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
    await cache.destroy();
  });

  it('of AbortSignal.timeout ends a call with its reason', async () => {
    const { cache, store } = await oneNode({ timeouts: { attemptMs: 5_000, totalMs: 5_000 } });
    store.hang();
    const error = await refusalOf(cache.get('k', { signal: AbortSignal.timeout(20) }));
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: { name: 'TimeoutError' } });
    store.resume();
    await cache.destroy();
  });
});

describe.each(FLEETS)('signal over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  it('an aborted call never gives its reply to another', async () => {
    const cache = await fleet.open();
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
    await cache.setMany(keys.map((key) => [key, { key }] as const));
    for (let round = 0; round < 5; round++) {
      const calls = keys.map((key, i) => {
        const abort = new AbortController();
        const call = cache.get(key, { signal: abort.signal });
        if (i % 3 === 0) abort.abort();
        else if (i % 3 === 1) setImmediate(() => abort.abort());
        return call.catch((error: { code: string }) => error.code);
      });
      for (const [i, answer] of (await Promise.all(calls)).entries())
        expect(answer === 'ERR_ABORTED' || (answer as { key: string }).key === keys[i]).toBe(true);
    }
  });
});

describe('timeoutMs', () => {
  it('bounds the whole call, and only this one', async () => {
    const timeouts = { attemptMs: 5_000, totalMs: 5_000 };
    const { cache, store } = await oneNode({ onUnavailable: 'throw', breaker: false, timeouts });
    await cache.set('k', 'v');
    store.hang();
    for (const call of [
      () => cache.get('k', { timeoutMs: 60 }),
      () => cache.getEntry('k', { timeoutMs: 60 }),
      () => cache.set('k', 'w', { timeoutMs: 60 }),
      () => cache.delete('k', { timeoutMs: 60 }),
      () => cache.add('k', 'w', { timeoutMs: 60 }),
      () => cache.increment('n', 1, { timeoutMs: 60 }),
      () => cache.touch('k', 5, { timeoutMs: 60 }),
    ]) {
      const [ownMs, startedAt] = [stopwatch(), performance.now()];
      const { code } = await refusalOf(call());
      expect(code).toMatch(/^ERR_(TIMEOUT|UNAVAILABLE|INDETERMINATE)$/);
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
      expect(ownMs()).toBeLessThan(200);
    }
    const ownMs = stopwatch();
    const many = await cache.getMany(['a', 'b'], { timeoutMs: 60 });
    expect([...many.failures.keys()]).toEqual(['a', 'b']);
    expect(ownMs()).toBeLessThan(200);
    store.resume();
    await cache.destroy();
  });

  it('covers all attempts together: the second owner gets what the first has left', async () => {
    const stores = ['a', 'b'].map((name) => new MemoryNode({ name }));
    const nodes = stores.map((store) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store }),
    }));
    const options: CacheOptions = { nodes, replication: 2, onUnavailable: 'throw', fallback: false, health: false };
    const cache = createCache({ ...options, timeouts: { attemptMs: 80, totalMs: 120 }, retry: false });
    await cache.ready();
    await cache.set('k', 'v');
    for (const store of stores) store.hang();
    const [ownMs, startedAt] = [stopwatch(), performance.now()];
    expect((await refusalOf(cache.get('k'))).code).toBe('ERR_TIMEOUT');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(115);
    expect(ownMs()).toBeLessThan(250);
    stores[1]?.resume();
    stores[0]?.resume();
    await cache.destroy();
  });
});

describe('lane', () => {
  it('gives a class of traffic its own connection', async () => {
    const { cache, store } = await oneNode();
    const before = store.stats.connects;
    await cache.get('k', { lane: 'interactive' });
    expect(store.stats.connects).toBe(before);
    await cache.get('k', { lane: 'bulk' });
    await cache.set('k', 'v', { lane: 'bulk' });
    expect(store.stats.connects).toBe(before + 1);
    await cache.get('other', { lane: 'background' });
    expect(store.stats.connects).toBe(before + 2);
    expect(await cache.get('k')).toBe('v');
    await cache.destroy();
  });

  it('writes of one key keep their order across lanes, and reads see the newest', async () => {
    for (const kind of FLEETS) {
      const fleet = await Fleet.start(kind);
      const cache = await fleet.open();
      const lanes = ['bulk', 'interactive', 'background'] as const;
      for (let round = 0; round < 10; round++) {
        const large = 'x'.repeat(400_000);
        const writes = lanes.map((lane, i) => cache.set('k', `${i === 0 ? large : ''}${round} ${lane}`, { lane }));
        expect(await cache.get('k')).toBe(`${round} background`);
        expect(await Promise.all(writes)).toEqual([true, true, true]);
        expect(await cache.get('k', { lane: 'bulk' })).toBe(`${round} background`);
      }
      await fleet.stop();
    }
  });
});
