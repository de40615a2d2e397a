import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

function open(store = new MemoryNode({ name: 'a' })) {
  const driver = createMemoryDriver({ name: 'a', store });
  return createCache({ nodes: [{ name: 'a', driver }], health: false });
}

/** The same where time passes only while somebody waits for it. */
async function openStill() {
  const clock = new FakeClock();
  const driver = createMemoryDriver({ name: 'a', store: new MemoryNode({ name: 'a', clock }), clock });
  const cache = createCache({ nodes: [{ name: 'a', driver }], health: false, clock });
  await clock.until(cache.ready());
  return { clock, cache };
}

/** A loader that tells when it runs, and waits until it may go on. */
function held<T>(value: T) {
  let begun = (): void => undefined;
  let release = (): void => undefined;
  const runs = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const loader = (): Promise<T> => {
    begun();
    return gate.then(() => value);
  };
  return { loader, runs, release };
}

describe('load', () => {
  it('ends the lease of a value that it throws away: nobody waits for it', async () => {
    const { clock, cache } = await openStill();
    // Of so many, some share the bucket of their generation: the fill of one ends what others have begun.
    const keys = Array.from({ length: 1_500 }, (_, i) => `key ${i}`);
    let loads = 0;
    const all = () => Promise.all(keys.map((key) => cache.getOrSet(key, () => `${++loads}`)));
    await clock.until(all());
    expect(loads).toBe(keys.length);
    const began = clock.now();
    await clock.until(all());
    expect(clock.now() - began).toBeLessThan(100);
    expect(loads).toBeGreaterThan(keys.length);
    expect(loads).toBeLessThan(keys.length * 1.2);
    await clock.until(cache.destroy());
  });

  it('leaves alone what a caller wrote while the loader ran', async () => {
    const cache = open();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const loading = cache.getOrSet('key', () => gate.then(() => 'loaded'));
    await expect.poll(() => cache.has('key').then(() => true)).toBe(true);
    await cache.set('key', 'written');
    release();
    expect(await loading).toBe('loaded');
    for (let turn = 0; turn < 5; turn++) expect(await cache.get('key')).toBe('written');
    await cache.destroy();
  });

  it.each<[string, () => Promise<unknown>]>([
    ['failed', () => Promise.reject(new Error('no'))],
    ['brought nothing', () => Promise.resolve(undefined)],
    ['brought what cannot be stored', () => Promise.resolve(1n)],
  ])('leaves alone what this process, or another one, wrote while a loader ran that %s', async (_, bring) => {
    const store = new MemoryNode({ name: 'a' });
    const [one, two] = [open(store), open(store)];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    const load = (): Promise<unknown> => {
      begun++;
      return gate.then(bring);
    };
    const loading = ['own', 'theirs'].map((key) => one.getOrSet(key, load).catch(() => undefined));
    await expect.poll(() => begun).toBe(2);
    expect(await one.set('own', 'written')).toBe(true);
    expect(await two.increment('theirs')).toBe(1);
    release();
    await Promise.all(loading);
    for (let turn = 0; turn < 5; turn++) expect(await one.get('own')).toBe('written');
    expect(await two.increment('theirs')).toBe(2);
    await one.destroy();
    await two.destroy();
  });

  it('ends the lease of a loader that failed, or brought nothing or what cannot be stored: nobody waits for it', async () => {
    const { clock, cache } = await openStill();
    const began = clock.now();
    const failed = clock.until(cache.getOrSet('failed', () => Promise.reject(new Error('no'))));
    await expect(failed).rejects.toThrow('no');
    expect(await clock.until(cache.getOrSet('nothing', () => undefined))).toBeUndefined();
    const unfit = clock.until(cache.getOrSet('unfit', () => 1n));
    await expect(unfit).rejects.toMatchObject({ code: 'ERR_INVALID_VALUE' });
    for (const key of ['failed', 'nothing', 'unfit'])
      expect(await clock.until(cache.getOrSet(key, () => key))).toBe(key);
    expect(clock.now() - began).toBeLessThan(100);
    await clock.until(cache.destroy());
  });

  it('stores nothing by the lease of a node that owns the key no more: another may have granted one of the same name', async () => {
    const [a, b] = [new MemoryNode({ name: 'a' }), new MemoryNode({ name: 'b' })];
    const [one, two] = [open(a), open(a)];
    const both = createCache({ nodes: ['memory://a', 'memory://b'] });
    const key =
      Array.from({ length: 50 }, (_, i) => `key ${i}`).find((each) => both.ring.owners(each)[0] === 'b') ?? '';
    const [old, news] = [held('old'), held('new')];
    const first = one.getOrSet(key, old.loader);
    await old.runs;
    for (const cache of [one, two])
      await cache.addNode({ name: 'b', driver: createMemoryDriver({ name: 'b', store: b }) });
    await two.delete(key);
    const second = two.getOrSet(key, news.loader);
    await news.runs;
    old.release();
    expect(await first).toBe('old');
    news.release();
    expect(await second).toBe('new');
    await expect.poll(() => two.get(key)).toBe('new');
    await Promise.all([one, two, both].map((cache) => cache.destroy()));
  });
});
