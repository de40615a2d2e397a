/** Events: each once, to whoever listens; what a listener does wrong harms nobody. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheEventName, type CacheOptions, createCache } from '../../src/index.js';

const NAMES: readonly CacheEventName[] = [
  'nodeEjected',
  'nodeReadmitted',
  'nodeStateChanged',
  'breakerOpened',
  'breakerHalfOpened',
  'breakerClosed',
  'handoffStarted',
  'handoffProgress',
  'handoffFinished',
  'writeUnconfirmed',
  'degraded',
  'recovered',
  'failedOver',
  'failedBack',
  'topologyChanged',
  'discoveryFailed',
];

async function oneNode(options: CacheOptions = {}): Promise<{ cache: Cache; store: MemoryNode }> {
  const store = new MemoryNode({ name: 'a' });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
  const cache = createCache({ nodes, fallback: false, retry: false, health: false, ...options });
  await cache.ready();
  return { cache, store };
}

describe('events', () => {
  it('tell once that calls are answered as misses, and once that they are not any more', async () => {
    const { cache, store } = await oneNode();
    const told: string[] = [];
    cache.on('degraded', ({ reason }) => told.push(`degraded: ${reason}`));
    cache.on('recovered', ({ afterMs }) => told.push(`recovered: ${afterMs >= 0}`));
    await cache.set('k', 'v');
    store.kill();
    for (let i = 0; i < 3; i++) expect(await cache.get('k')).toBeUndefined();
    expect(told).toEqual([expect.stringMatching(/^degraded: .*a/)]);
    store.restart({ data: 'keep' });
    await expect.poll(() => cache.get('k')).toBe('v');
    expect(told.slice(1)).toEqual(['recovered: true']);
    await cache.destroy();
  });

  it('tell of a write that too few owners confirmed, with the key and the reason', async () => {
    const { cache, store } = await oneNode({ namespace: 'shop' });
    const told: unknown[] = [];
    cache.on('writeUnconfirmed', (event) => told.push(event));
    store.failWith('busy', ['store', 'delete']);
    expect(await cache.set('k', 'v')).toBe(false);
    expect(await cache.delete('k')).toBe(false);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ key: expect.stringContaining('k'), error: { code: 'ERR_NODE', reason: 'busy' } });
    store.heal();
    await cache.destroy();
  });

  it('of a changed ring come with its epoch and its nodes', async () => {
    const cache = createCache({ nodes: ['memory://a', 'memory://b'] });
    await cache.ready();
    const told: unknown[] = [];
    cache.on('topologyChanged', (event) => told.push(event));
    await cache.addNode('memory://c');
    expect(told).toContainEqual(expect.objectContaining({ epoch: 2, nodes: ['a', 'b', 'c'] }));
    await cache.destroy();
  });

  it('a listener that throws, now or later, harms neither the call nor the other listeners', async () => {
    const { cache, store } = await oneNode();
    const heard: string[] = [];
    const uncaught: unknown[] = [];
    const note = (reason: unknown): void => void uncaught.push(reason);
    process.on('unhandledRejection', note);
    for (const name of NAMES) {
      cache.on(name, () => {
        heard.push(name);
        throw new Error(`listener of ${name}`);
      });
      cache.on(name, async () => {
        await sleep(1);
        throw new Error(`async listener of ${name}`);
      });
      cache.on(name, () => heard.push(`${name} too`));
    }
    store.failWith('busy', ['store']);
    expect(await cache.set('k', 'v')).toBe(false);
    store.kill();
    expect(await cache.get('k')).toBeUndefined();
    store.heal();
    store.restart({ data: 'keep' });
    await expect.poll(() => cache.set('k', 'v')).toBe(true);
    expect(await cache.get('k')).toBe('v');
    expect(heard).toEqual(expect.arrayContaining(['writeUnconfirmed', 'writeUnconfirmed too', 'degraded too']));
    await sleep(20);
    process.off('unhandledRejection', note);
    expect(uncaught).toEqual([]);
    await cache.destroy();
  });

  it('go to each listener once, until it is taken off or the cache is closed', async () => {
    const { cache, store } = await oneNode();
    let count = 0;
    const listener = (): void => void count++;
    expect(cache.on('writeUnconfirmed', listener).on('writeUnconfirmed', listener)).toBe(cache);
    store.failWith('busy', ['store']);
    await cache.set('k', 'v');
    expect(count).toBe(1);
    cache.off('writeUnconfirmed', listener).off('degraded', listener);
    await cache.set('k', 'v');
    expect(count).toBe(1);
    cache.on('writeUnconfirmed', listener);
    await cache.destroy();
    expect(count).toBe(1);
  });

  it('a listener may use the cache, add listeners and take itself off', async () => {
    const { cache, store } = await oneNode();
    const seen: unknown[] = [];
    const once = (): void => {
      cache.off('writeUnconfirmed', once);
      cache.on('writeUnconfirmed', () => seen.push('added'));
      cache.get('k').then((value) => seen.push(value));
    };
    await cache.set('k', 'v');
    cache.on('writeUnconfirmed', once);
    store.failWith('busy', ['store']);
    await cache.set('other', 'v');
    await expect.poll(() => seen).toEqual(['v']);
    await cache.set('other', 'v');
    await expect.poll(() => seen).toEqual(['v', 'added']);
    await cache.destroy();
  });

  it('an unknown event, or a listener that is none, is an error', async () => {
    const cache = createCache();
    for (const args of [
      ['nodeEjectd', () => undefined],
      ['toString', () => undefined],
      ['degraded', undefined],
      ['degraded', 'listener'],
    ]) {
      expect(() => Reflect.apply(cache.on, cache, args)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      );
    }
    await cache.destroy();
  });
});
