/** The adapter itself: what it owns, how the two contracts are told apart, and what becomes of failures. */

import { Keyv } from 'keyv';
import { Keyv as Keyv6, KeyvBridgeAdapter, type KeyvBridgeStore, keyvStorageCapability } from 'keyv6';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { partsOf } from '../../../src/cache-parts.js';
import { type Cache, type CacheOptions, createCache } from '../../../src/index.js';
import { KeyvRingfence, type KeyvRingfenceOptions } from '../../../src/keyv.js';
import { createMemoryDriver, MemoryNode } from '../../../src/testing.js';

interface AnyKeyv {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  on(name: string, listener: (error: unknown) => void): unknown;
}

const open: { destroy(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.destroy()));
});

function cacheOver(options: CacheOptions = {}): Cache {
  const cache = createCache(options);
  open.push(cache);
  return cache;
}

function ownAdapter(options: KeyvRingfenceOptions = {}): KeyvRingfence {
  const adapter = new KeyvRingfence(options);
  open.push(adapter.cache);
  return adapter;
}

/** A node that fails when told to, and options of a cache that has no other. */
function faultyNode(): { readonly node: MemoryNode; readonly options: CacheOptions } {
  const node = new MemoryNode({ name: 'only' });
  const driver = createMemoryDriver({ name: 'only', store: node });
  return { node, options: { nodes: [{ name: 'only', driver }], health: false, fallback: false, retry: false } };
}

async function keysOf(adapter: KeyvRingfence, namespace?: string): Promise<unknown[]> {
  const keys: unknown[] = [];
  for await (const [key] of adapter.iterator(namespace)) keys.push(key);
  return keys.sort();
}

function refusal(given: unknown): unknown {
  try {
    return Reflect.construct(KeyvRingfence, [given]);
  } catch (error) {
    return error;
  }
}

describe('what an adapter owns', () => {
  it('takes what a program sets in one turn, and answers it as long as its nodes answer', async () => {
    const adapter = ownAdapter({ nodes: ['memory://a'] });
    const keyv = new Keyv({ store: adapter });
    const stored = await Promise.all(Array.from({ length: 12_000 }, (_, i) => keyv.set(`k${i}`, i)));
    expect(stored.filter((isStored) => !isStored)).toEqual([]);
    const { read, topology } = partsOf.get(adapter.cache) ?? {};
    expect(topology?.nodes.map(({ patience }) => patience.flowMs)).toEqual([read?.attemptMs]);
  });

  it('treats nodes that join later as it does the first', async () => {
    const { cache } = ownAdapter({ nodes: ['memory://a'] });
    await cache.addNode('memory://b');
    const { read, topology } = partsOf.get(cache) ?? {};
    expect(topology?.nodes.map(({ patience }) => patience.flowMs)).toEqual([read?.attemptMs, read?.attemptMs]);
  });

  it('closes its own cache when it is disconnected, twice too, and rejects from then on', async () => {
    const adapter = ownAdapter();
    await adapter.disconnect();
    await adapter.disconnect();
    await expect(adapter.get('k')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(adapter.set('k', 'v')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(adapter.delete('k')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(adapter.clear()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(keysOf(adapter)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(await adapter.setMany([{ key: 'k', value: 'v' }])).toEqual([false]);
  });

  it('leaves open a cache that it was given, in either form', async () => {
    const cache = cacheOver();
    for (const adapter of [new KeyvRingfence(cache), new KeyvRingfence({ cache })]) {
      expect(adapter.cache).toBe(cache);
      await adapter.disconnect();
      expect(await adapter.set('k', 'v')).toBe(true);
    }
  });

  it('refuses what is no cache, options beside a cache, a codec, and what createCache refuses', () => {
    const cases: [unknown, string][] = [
      [null, 'options'],
      ['redis://a', 'options'],
      [[], 'options'],
      [{ cache: {} }, 'cache'],
      [{ cache: cacheOver(), nodes: [] }, 'nodes'],
      [{ codec: 'string' }, 'codec'],
      [{ keyv: 4 }, 'keyv'],
      [{ bogus: 1 }, 'bogus'],
      [{ namespace: 'a:b' }, 'namespace'],
    ];
    for (const [given, path] of cases) expect(refusal(given)).toMatchObject({ code: 'ERR_INVALID_OPTION', path });
  });

  it('stays inside the namespace of its options, whatever Keyv calls its own', async () => {
    const node = new MemoryNode({ name: 'shared' });
    const nodes = [{ name: 'shared', driver: createMemoryDriver({ name: 'shared', store: node }) }];
    const [a, b] = [ownAdapter({ nodes, namespace: 'a' }), ownAdapter({ nodes, namespace: 'b' })];
    const [keyvA, keyvB] = [new Keyv({ store: a }), new Keyv({ store: b })];
    await keyvA.set('k', 'a');
    await keyvB.set('k', 'b');
    expect([await keyvA.get('k'), await keyvB.get('k')]).toEqual(['a', 'b']);
    await keyvA.clear();
    expect([await keyvA.get('k'), await keyvB.get('k')]).toEqual([undefined, 'b']);
  });

  it('names the namespace of its options as Keyv’s until Keyv has another, and they are one', async () => {
    const adapter = ownAdapter({ namespace: 'shop' });
    expect(new Keyv6({ store: adapter }).namespace).toBe('shop');
    await adapter.set('k', 'v');
    adapter.namespace = undefined;
    expect(await adapter.get('k')).toBe('v');
    adapter.namespace = 'other';
    expect([adapter.namespace, await adapter.get('k')]).toEqual(['other', undefined]);
    expect([await keysOf(adapter), await keysOf(adapter, 'shop')]).toEqual([[], ['k']]);
  });

  it('has no namespace for Keyv unless it was given one', () => {
    const adapter = ownAdapter();
    expect(adapter.namespace).toBeUndefined();
    adapter.namespace = 'n';
    expect(adapter.namespace).toBe('n');
    adapter.namespace = undefined;
    expect(adapter.namespace).toBeUndefined();
  });

  it('leaves alone what others keep in the cache that it was given', async () => {
    const cache = cacheOver({ namespace: 'app' });
    await cache.set('mine', 'v');
    const adapter = new KeyvRingfence({ cache });
    await adapter.set('k', 'v');
    expect(await keysOf(adapter)).toEqual(['k']);
    await adapter.clear();
    expect([await cache.get('mine'), await adapter.get('k')]).toEqual(['v', undefined]);
  });

  it('clears in a cache without a namespace', async () => {
    const cache = cacheOver();
    await cache.set('mine', 'v');
    const adapter = new KeyvRingfence({ cache });
    await adapter.set('k', 'v');
    await adapter.clear();
    expect([await cache.get('mine'), await adapter.get('k')]).toEqual(['v', undefined]);
  });
});

describe('the two contracts', () => {
  it('answers deleteMany as the Keyv expects that was given the adapter last', async () => {
    const adapter = ownAdapter();
    const five = new Keyv({ store: adapter });
    await five.set('k', 'v');
    expect(await five.deleteMany(['k', 'none'])).toBe(true);
    expect(await five.deleteMany(['k', 'none'])).toBe(false);
    const six = new Keyv6({ store: adapter });
    await six.set('k', 'v');
    expect(await six.deleteMany(['k', 'none'])).toEqual([true, false]);
    expect(await new Keyv({ store: adapter }).deleteMany(['none'])).toBe(false);
  });

  it('answers as it was told to, whoever asks', async () => {
    const [five, six] = [ownAdapter({ keyv: 5 }), ownAdapter({ keyv: 6 })];
    expect(five.capabilities.expires).toBe(true);
    expect(six.opts.dialect).toBe('redis');
    expect([await five.deleteMany(['k']), await six.deleteMany(['k'])]).toEqual([false, [false]]);
  });

  it('tells Keyv 6 of itself what Keyv 6 would find', () => {
    const adapter = ownAdapter();
    expect(adapter.capabilities).toEqual(keyvStorageCapability(adapter));
  });

  it('works behind the bridge of Keyv 6 as well, which passes durations', async () => {
    const adapter = ownAdapter();
    const keyv = new Keyv6({ store: new KeyvBridgeAdapter(adapter as KeyvBridgeStore), namespace: 'bridged' });
    expect(await keyv.setMany([{ key: 'k', value: 'v', ttl: 800 }])).toEqual([true]);
    expect(adapter.namespace).toBe('bridged');
    expect(await adapter.get('k')).toContain('"v"');
    await vi.waitUntil(async () => (await adapter.get('k')) === undefined, 10_000);
  });

  it('tells no password of a node', () => {
    const adapter = ownAdapter({ nodes: ['redis://user:secret@127.0.0.1:1/0'], health: false });
    expect(JSON.stringify(adapter.opts)).not.toContain('secret');
  });

  it('used alone, gives back every kind of value, and refuses what is none', async () => {
    const adapter = ownAdapter();
    for (const value of ['text', '', 5, false, null, { a: [1] }]) {
      await adapter.set('k', value);
      expect(await adapter.get('k')).toEqual(value);
    }
    await adapter.set('k', new Uint8Array([0, 255]).subarray(1));
    expect(await adapter.get('k')).toEqual(Buffer.from([255]));
    for (const none of [undefined, Symbol('s'), 5n, new Map()])
      await expect(adapter.set('k', none)).rejects.toMatchObject({ code: 'ERR_INVALID_VALUE' });
    await expect(adapter.set('\ud800', 'v')).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
    await expect(adapter.delete('\ud800')).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
    await expect(adapter.get(`${'k'.repeat(300)}\ud800`)).rejects.toMatchObject({ code: 'ERR_INVALID_KEY' });
  });

  it('takes what it finds in its place and did not write for a miss', async () => {
    const cache = cacheOver();
    const adapter = new KeyvRingfence({ cache });
    for (const foreign of ['', 'x', 'Sooner', 'j{', 7, { a: 1 }]) {
      await cache.set(':k', foreign);
      expect(await adapter.get('k')).toBeUndefined();
      expect(await adapter.has('k')).toBe(false);
      expect(await keysOf(adapter)).toEqual([]);
    }
  });

  it('deletes behind a set and before the next one, in the order of the calls', async () => {
    const adapter = ownAdapter();
    const ends = [adapter.set('k', 'one'), adapter.delete('k'), adapter.get('k'), adapter.set('k', 'two')];
    expect(await Promise.all(ends)).toEqual([true, true, undefined, true]);
    expect(await adapter.get('k')).toBe('two');
  });
});

describe('when the node fails', () => {
  it('reads are misses, writes are false and emit an error that says which key', async () => {
    const { node, options } = faultyNode();
    const adapter = ownAdapter(options as KeyvRingfenceOptions);
    await adapter.set('k', 'v');
    const errors: unknown[] = [];
    adapter.on('error', (error: Error) => errors.push(error));
    node.failWith('busy');
    expect([await adapter.get('k'), await adapter.has('k')]).toEqual([undefined, false]);
    expect([await adapter.getMany(['k']), await adapter.hasMany(['k'])]).toEqual([[undefined], [false]]);
    expect(errors).toEqual([]);
    expect(await adapter.set('k', 'v')).toBe(false);
    expect(errors.splice(0)).toMatchObject([{ code: 'ERR_UNAVAILABLE', key: 'k' }]);
    const two = ['k', 'l'].map((key) => ({ key, value: 'v' }));
    expect(await adapter.setMany(two)).toEqual([false, false]);
    expect(errors.splice(0)).toHaveLength(1);
    expect(await adapter.delete('k')).toBe(false);
    expect(errors.splice(0)).toMatchObject([{ code: 'ERR_UNAVAILABLE', node: 'only' }]);
    expect(await adapter.deleteMany(['k'])).toEqual([false]);
    expect(errors.splice(0)).toHaveLength(1);
    await expect(adapter.clear()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    node.failWith(undefined);
    expect(await adapter.get('k')).toBeUndefined();
  });

  it('what it could not clear does not come back with it', async () => {
    const { node, options } = faultyNode();
    const adapter = new KeyvRingfence({ cache: cacheOver({ ...options, namespace: 'n' }) });
    await adapter.setMany(['k', 'l'].map((key) => ({ key, value: 'v' })));
    node.failWith('busy', ['delete']);
    await expect(adapter.clear()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', node: 'only' });
    node.failWith(undefined);
    expect(await adapter.getMany(['k', 'l'])).toEqual([undefined, undefined]);
    expect(await adapter.set('k', 'new')).toBe(true);
    expect(await adapter.get('k')).toBe('new');
  });

  it('rejects instead where the cache was made to', async () => {
    const { node, options } = faultyNode();
    const adapter = new KeyvRingfence({ cache: cacheOver({ ...options, onUnavailable: 'throw' }) });
    node.failWith('busy');
    const unavailable = { code: 'ERR_UNAVAILABLE' };
    await expect(adapter.get('k')).rejects.toMatchObject(unavailable);
    await expect(adapter.set('k', 'v')).rejects.toMatchObject(unavailable);
    await expect(adapter.delete('k')).rejects.toMatchObject(unavailable);
  });

  it('one value that cannot be stored is the failure of its own entry alone', async () => {
    const adapter = ownAdapter();
    const errors = vi.fn();
    adapter.on('error', errors);
    const entries = [
      { key: 'good', value: 'v' },
      { key: 'bad', value: 5n },
    ];
    expect(await adapter.setMany(entries)).toEqual([true, false]);
    expect(errors).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'ERR_INVALID_VALUE' }));
    expect(await adapter.get('good')).toBe('v');
  });

  it.each([
    { name: 'Keyv 5', keyvOver: (store: KeyvRingfence): AnyKeyv => new Keyv({ store }) },
    { name: 'Keyv 6', keyvOver: (store: KeyvRingfence): AnyKeyv => new Keyv6({ store }) },
  ])('nobody who does not listen to $name is thrown at', async ({ keyvOver }) => {
    const { node, options } = faultyNode();
    const adapter = new KeyvRingfence({ cache: cacheOver(options) });
    const keyv = keyvOver(adapter);
    node.failWith('busy');
    expect([await keyv.set('k', 'v'), await keyv.get('k'), await keyv.delete('k')]).toEqual([false, undefined, false]);
    expect(adapter.emit('error', new Error('with nobody but Keyv to hear it'))).toBe(true);
    const heard = vi.fn();
    keyv.on('error', heard);
    await keyv.set('k', 'v');
    expect(heard).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'ERR_UNAVAILABLE' }));
  });
});
