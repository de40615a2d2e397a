/** keys() and clear() while the ring changes, and over nodes that fall silent. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache } from '../../src/index.js';
import { stopwatch } from '../support/stopwatch.js';
import { PATIENT } from './fleet.js';

const KEYS = Array.from({ length: 300 }, (_, i) => `k${i}`).sort();

let a: MemoryNode;
let b: MemoryNode;
let cache: Cache<string>;

const nodeOf = (store: MemoryNode) => ({
  name: store.name,
  driver: createMemoryDriver({ name: store.name, store }),
});

async function open(options: CacheOptions = {}): Promise<void> {
  cache = createCache<string>({
    nodes: [nodeOf(a), nodeOf(b)],
    namespace: 'n',
    timeouts: PATIENT,
    health: false,
    fallback: false,
    ...options,
  });
  await cache.ready();
  await cache.setMany(KEYS.map((key) => [key, 'v'] as const));
}

async function told(...options: Parameters<Cache['keys']>): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys(...options)) keys.push(key);
  return keys.sort();
}

beforeEach(() => {
  a = new MemoryNode({ name: 'a' });
  b = new MemoryNode({ name: 'b' });
});
afterEach(() => cache.destroy());

describe('a node that is leaving, and still holds keys that are read there', () => {
  beforeEach(async () => {
    await open({ handoff: { migrate: false } });
    cache.removeNode('b').catch(() => undefined);
    await expect.poll(() => cache.nodes().map(({ name }) => name)).toEqual(['a']);
  });

  it('is asked for its keys', async () => {
    expect(b.size).toBeGreaterThan(50);
    expect(await told()).toEqual(KEYS);
    // Some have two copies now.
    for (const key of KEYS.slice(0, 100)) expect(await cache.get(key)).toBe('v');
    expect(await told()).toEqual(KEYS);
  });

  it('is cleared', async () => {
    await cache.clear();
    expect([a.size, b.size]).toEqual([0, 0]);
    expect((await cache.getMany(KEYS)).size).toBe(0);
    expect(await told()).toEqual([]);
  });

  it('is named if it cannot be cleared, and what it holds no longer counts', async () => {
    b.failWith('busy', ['delete']);
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', node: 'b' });
    b.failWith(undefined);
    expect(b.size).toBeGreaterThan(0);
    expect((await cache.getMany(KEYS)).size).toBe(0);
  });
});

describe('keys', () => {
  it.each([1, 2])('tells each once while they move, with %i copies of each', async (replication) => {
    await open({ replication, timeouts: { connectMs: 1_000, attemptMs: 200, totalMs: 200 } });
    const moved = new Promise((resolve) => cache.on('handoffFinished', resolve));
    await cache.addNode(nodeOf(new MemoryNode({ name: 'c' })));
    let isMoving = true;
    void moved.then(() => {
      isMoving = false;
    });
    let walks = 0;
    while (isMoving) {
      expect(await told()).toEqual(KEYS);
      walks++;
      // In-process nodes answer within a turn, in which no timer runs.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(walks).toBeGreaterThan(2);
    expect(await told()).toEqual(KEYS);
  });

  it('leaves out what nobody reads where it is', async () => {
    await open();
    const [key = ''] = KEYS;
    const other = cache.ring.owners(key)[0] === 'a' ? b : a;
    const connection = await createMemoryDriver({ name: 'x', store: other }).connect({
      signal: new AbortController().signal,
    });
    await cache.delete(key);
    await new Promise<void>((done, fail) => {
      connection.send([
        { kind: 'store', key: `n:${key}`, mode: 'set', bytes: Buffer.from('5'), ttlMs: 0, done: () => done(), fail },
      ]);
    });
    expect(await cache.get(key)).toBeUndefined();
    expect(await told()).toEqual(KEYS.filter((each) => each !== key));
  });
});

describe('a node that falls silent', () => {
  beforeEach(async () => {
    await open();
    b.hang();
  });
  afterEach(() => b.resume());

  it('keeps clear no longer than timeoutMs allows for a page', async () => {
    const ownMs = stopwatch();
    await expect(cache.clear({ timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      node: 'b',
      cause: { code: 'ERR_TIMEOUT', node: 'b' },
    });
    expect(ownMs()).toBeLessThan(1_000);
    b.resume();
    expect((await cache.getMany(KEYS)).size).toBe(0);
  });

  it('keeps keys no longer either', async () => {
    const ownMs = stopwatch();
    await expect(told({ timeoutMs: 100 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT', node: 'b', timeoutMs: 100 });
    expect(ownMs()).toBeLessThan(1_000);
  });

  it('keeps neither once the caller has given up', async () => {
    const give = new AbortController();
    const asked = [told({ signal: give.signal }), cache.clear({ signal: give.signal })];
    setTimeout(() => give.abort(), 50);
    for (const each of asked) await expect(each).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('refuses options that are none', async () => {
    const misspelt: object = { timeout: 5 };
    await expect(told(misspelt)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION', path: 'timeout' });
  });
});
