/**
 * Writes that decide by what is stored, while a hand-off runs and nothing has been carried over yet: they decide on what the
 * former first owner holds, or not at all.
 */

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/cache.js';
import { type CodecName, createCache } from '../../src/index.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { PATIENT } from '../cache/fleet.js';
import { reached } from '../support/reached.js';
import { COPYING, type Kind, Nodes } from './claim-nodes.js';

const KEYS = Array.from({ length: 80 }, (_, i) => `k${i}`);
const COUNTING: readonly (readonly [Kind, CodecName])[] = COPYING;

describe.each(COUNTING)('in a hand-off on %s with codec %s', (kind, codec) => {
  let nodes: Nodes;
  let namespace = '';

  beforeAll(async () => {
    nodes = await Nodes.start(kind);
  });
  beforeEach(() => {
    namespace = `t-${randomUUID()}`;
  });
  afterEach(() => nodes.close());
  afterAll(() => nodes.stop());

  /** A cache in a hand-off to its second node, and keys that have moved there; `fill` writes what they held before. */
  async function moving<V>(fill: (cache: Cache<V>, key: string) => Promise<unknown>) {
    const cache = await nodes.cache<V>(1, { codec, namespace, handoff: { migrate: false } });
    await Promise.all(KEYS.map((key) => fill(cache, key)));
    await cache.addNode(nodes.node(1));
    const moved = KEYS.filter((key) => cache.ring.owners(key)[0] === 'b');
    const wired = async (i: number, key: string) => (await nodes.connect(i)).get(`${namespace}:${key}`);
    return { cache, moved, wired };
  }

  it('add finds what the former owner holds', async () => {
    const { cache, moved, wired } = await moving<string>((each, key) => each.set(key, 'old'));
    const [key = '', free = ''] = moved;
    expect(await cache.add(key, 'new')).toBe(false);
    expect(await cache.get(key)).toBe('old');
    expect(await wired(1, key)).toBeDefined();
    await cache.delete(free);
    expect(await cache.add(free, 'new')).toBe(true);
    expect(await cache.get(free)).toBe('new');
  });

  it('replace takes the place of what the former owner holds', async () => {
    const { cache, moved } = await moving<string>((each, key) => each.set(key, 'old'));
    const [key = '', free = ''] = moved;
    expect(await cache.replace(key, 'new')).toBe(true);
    expect(await cache.get(key)).toBe('new');
    await cache.delete(free);
    expect(await cache.replace(free, 'new')).toBe(false);
    expect(await cache.get(free)).toBeUndefined();
  });

  it('compareAndSet refuses the version of the former owner, and takes that of the new one', async () => {
    const { cache, moved } = await moving<string>((each, key) => each.set(key, 'old'));
    const [key = ''] = moved;
    const before = await cache.getEntry(key);
    expect(await cache.compareAndSet(key, 'new', before?.version ?? '')).toBe(false);
    const after = await cache.getEntry(key);
    expect(after).toMatchObject({ value: 'old', node: 'b' });
    expect(await cache.compareAndSet(key, 'new', after?.version ?? '')).toBe(true);
    expect(await cache.get(key)).toBe('new');
  });

  it('counts go on from what the former owner holds, many at once too', async () => {
    const { cache, moved } = await moving<number>((each, key) => each.increment(key, 5));
    const [key = '', other = ''] = moved;
    expect(await cache.increment(key)).toBe(6);
    expect(await cache.decrement(key, 2)).toBe(4);
    const counted = await Promise.all(Array.from({ length: 20 }, () => cache.increment(other)));
    expect([...counted].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => 6 + i));
  });

  it('touch reaches the former owner', async () => {
    const { cache, moved } = await moving<string>((each, key) => each.set(key, 'old', { ttlMs: 30_000 }));
    const [key = '', free = ''] = moved;
    expect(await cache.touch(key, 90_000)).toBe(true);
    expect(await cache.ttl(key)).toSatisfy((ms) => typeof ms === 'number' && ms > 60_000);
    await cache.delete(free);
    expect(await cache.touch(free, 90_000)).toBe(false);
  });

  it('keep the order in which they were made', async () => {
    const { cache, moved } = await moving<string>((each, key) => each.set(key, 'old'));
    const [key = ''] = moved;
    const outcomes = await Promise.all([
      cache.add(key, '1'),
      cache.replace(key, '2'),
      cache.add(key, '3'),
      cache.replace(key, '4'),
    ]);
    expect(outcomes).toEqual([false, true, false, true]);
    expect(await cache.get(key)).toBe('4');
  });

  it('a set or delete goes ahead of one that still waits, which then does not come behind', async () => {
    const { cache, moved } = await moving<string>((each, key) => each.set(key, 'old'));
    const [key = ''] = moved;
    const replaced = cache.replace(key, 'overtaken');
    const set = cache.set(key, 'new');
    await expect(replaced).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', key: `${namespace}:${key}` });
    expect(await set).toBe(true);
    expect(await cache.get(key)).toBe('new');
    expect(await cache.replace(key, 'newer')).toBe(true);
  });
});

describe('a former first owner that does not answer', () => {
  it('keeps conditional writes from deciding on keys it may hold, and no others', async () => {
    const nodes = await Nodes.start('memory');
    const cache = await nodes.cache<number>(1, {
      codec: 'json',
      namespace: 'n',
      handoff: { migrate: false },
      timeouts: { connectMs: 1_000, attemptMs: 200, totalMs: 400 },
    });
    for (const key of KEYS) await cache.set(key, 5);
    await cache.addNode(nodes.node(1));
    const [key = '', written = '', counted = ''] = KEYS.filter((each) => cache.ring.owners(each)[0] === 'b');
    expect(await cache.increment(counted)).toBe(6);
    nodes.stores[0]?.hang();
    await cache.set(written, 7);
    const unavailable = { code: 'ERR_UNAVAILABLE', node: 'a' };
    await expect(cache.add(key, 1)).rejects.toMatchObject(unavailable);
    await expect(cache.replace(key, 1)).rejects.toMatchObject(unavailable);
    await expect(cache.increment(key)).rejects.toMatchObject(unavailable);
    await expect(cache.touch(key, 1_000)).resolves.toBe(false);
    expect(await cache.increment(written)).toBe(8);
    expect(await cache.increment(counted)).toBe(7);
    nodes.stores[0]?.resume();
    await expect.poll(() => cache.increment(key).catch(() => undefined)).toBe(6);
    await nodes.stop();
  });
});

describe('a node that has left and is shut down', () => {
  it('is taken for gone after a second, though nobody has emptied it', async () => {
    const nodes = await Nodes.start('memory');
    const cache = await nodes.cache<number>(2, {
      codec: 'json',
      namespace: 'n',
      handoff: { migrate: false },
      timeouts: { connectMs: 1_000, attemptMs: 200, totalMs: 400 },
    });
    const keys = KEYS.filter((each) => cache.ring.owners(each)[0] === 'b');
    cache.removeNode('b').catch(() => undefined);
    await expect.poll(() => cache.nodes().length).toBe(1);
    nodes.stores[1]?.kill();
    const [key = ''] = keys;
    await expect(cache.increment(key)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', node: 'b' });
    await expect.poll(() => cache.increment(key).catch(() => undefined)).toBe(1);
    await nodes.stop();
  });

  it('or the cache is closed: that is what waiting calls are told', async () => {
    const nodes = await Nodes.start('memory');
    const cache = await nodes.cache<number>(1, { codec: 'json', namespace: 'n', handoff: { migrate: false } });
    for (const key of KEYS) await cache.set(key, 5);
    await cache.addNode(nodes.node(1));
    const moved = KEYS.filter((each) => cache.ring.owners(each)[0] === 'b').slice(0, 2);
    nodes.stores[0]?.hang();
    const counts = [...moved, ...moved].map((key) => cache.increment(key));
    const ends = Promise.allSettled(counts);
    await new Promise((resolve) => setImmediate(resolve));
    await cache.destroy();
    const codes = (await ends).map((end) => end.status === 'rejected' && end.reason.code);
    expect(codes).toEqual(codes.map(() => 'ERR_CLOSED'));
    nodes.stores[0]?.resume();
    await nodes.stop();
  });
});

describe('bare values on memcached, which are never copied', () => {
  it('stay with their former owner: add finds them, and what must build on them cannot be done', async () => {
    const nodes = await Nodes.start('memcached');
    const cache = await nodes.cache(1, { codec: 'string', namespace: 'n' });
    for (const key of KEYS) await cache.set(key, 'old');
    await cache.addNode(nodes.node(1));
    const [key = '', free = ''] = KEYS.filter((each) => cache.ring.owners(each)[0] === 'b');
    expect(await cache.add(key, 'new')).toBe(false);
    await expect(cache.replace(key, 'new')).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(await cache.get(key)).toBe('old');
    await cache.delete(free);
    expect(await cache.add(free, 'new')).toBe(true);
    await nodes.stop();
  });
});

describe('nodes behind SASL, which tell no time to live and take no copies', () => {
  it('decide on keys that no former owner holds, and what one does hold stays there', async () => {
    const sasl = { username: 'ann', password: 'p:w' };
    const servers = await Promise.all([startMemcached({ sasl }), startMemcached({ sasl })]);
    const [a = '', b = ''] = servers.map(({ url }) => url);
    const cache = createCache<number>({ nodes: [a], health: false, fallback: false, timeouts: PATIENT });
    await reached(cache);
    for (const key of KEYS) await cache.set(key, 5);
    await cache.addNode(b);
    const isMoved = (each: string): boolean => b.endsWith(cache.ring.owners(each)[0] ?? '?');
    const [key = '', written = ''] = KEYS.filter(isMoved);
    const free = Array.from({ length: 50 }, (_, i) => `free${i}`).find(isMoved) ?? '';
    expect(await cache.increment(free, 3)).toBe(3);
    expect(await cache.increment(free)).toBe(4);
    await cache.set(written, 7);
    expect(await cache.increment(written)).toBe(8);
    expect(await cache.add(key, 1)).toBe(false);
    await expect(cache.increment(key)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(await cache.get(key)).toBe(5);
    await cache.destroy();
    await Promise.all(servers.map((server) => server.stop()));
  });
});
