/** keys() and clear(): a namespace, the whole of it and nothing beside it. */

import { describe, expect, it, vi } from 'vitest';
import { type Cache, createCache, type Loader } from '../../src/index.js';
import { FLEETS, Fleet, MEMORY, SASL } from './fleet.js';

async function keysOf(cache: Cache): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  return keys.sort();
}

const numbered = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`).sort();

describe.each(FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  it('keys tells every key of the namespace once, as it was given', async () => {
    const cache = await fleet.open();
    const odd = ['with space', 'line\r\nbreak', '\0', 'ünï\u{1f600}', 'a:b', 'k'.repeat(140), '{tag}x', '__proto__'];
    const keys = [...numbered(2_500, 'key '), ...odd];
    await cache.setMany(keys.map((key) => [key, 'v'] as const));
    expect(await keysOf(cache)).toEqual([...keys].sort());
  });

  it('keys stays inside, and leaves out what was deleted or is too long to be told', async () => {
    const cache = await fleet.open({ namespace: 'inside' });
    const others = await Promise.all(
      ['insid', 'inside.', 'inside2', undefined].map((namespace) => fleet.open({ namespace })),
    );
    for (const other of others) await other.set('other', 'v');
    await cache.setMany({ a: 'v', b: 'v', gone: 'v', [`long ${'k'.repeat(300)}`]: 'v' });
    await cache.delete('gone');
    expect(await keysOf(cache)).toEqual(['a', 'b']);
    // Somebody may have been here before: at least none of ours is told twice or changed.
    expect((await keysOf(others[3] as Cache)).filter((key) => key === 'other')).toEqual(['other']);
    await (others[3] as Cache).delete('other');
  });

  it('keys can be left early and asked again', async () => {
    const cache = await fleet.open();
    await cache.setMany(numbered(100, 'k').map((key) => [key, 'v'] as const));
    for await (const key of cache.keys()) {
      expect(key).toMatch(/^k\d+$/);
      break;
    }
    expect(await keysOf(cache)).toHaveLength(100);
  });

  it('clear removes everything in the namespace, on all nodes, and nothing beside it', async () => {
    const cache = await fleet.open({ namespace: 'cleared' });
    const beside = await fleet.open({ namespace: 'cleared-not' });
    const keys = [...numbered(2_500, 'k'), 'x'.repeat(500), '\r\nflush_all\r\n'];
    for (const each of [cache, beside]) await each.setMany(keys.map((key) => [key, { key }] as const));
    await cache.increment('counter');
    expect(await cache.clear()).toBeUndefined();
    expect((await cache.getMany([...keys, 'counter'])).size).toBe(0);
    expect(await keysOf(cache)).toEqual([]);
    expect((await beside.getMany(keys)).size).toBe(keys.length);
    expect(await cache.set('k0', 'after')).toBe(true);
    expect(await cache.get('k0')).toBe('after');
    expect(await (await fleet.open({ namespace: 'cleared' })).get('k1')).toBeUndefined();
  });

  it('clear removes what others have written into the namespace too', async () => {
    const cache = await fleet.open({ namespace: 'shared' });
    const other = await fleet.open({ namespace: 'shared', codec: 'string' });
    await other.set('theirs', 'v');
    await cache.clear();
    expect(await other.get('theirs')).toBeUndefined();
  });

  it('clear without a namespace is refused: it would delete what belongs to others', async () => {
    const cache = await fleet.open({ namespace: undefined });
    await cache.set('kept', 'v');
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION', path: 'namespace' });
    expect(await cache.get('kept')).toBe('v');
    await cache.delete('kept');
  });

  it('clear empties near cache and fallback, and a load begun before it leaves nothing behind', async () => {
    const cache = await fleet.open({ near: { ttlMs: 60_000 } });
    await cache.set('near', 'v');
    expect([await cache.get('near'), await cache.get('near')]).toEqual(['v', 'v']);
    let load: (value: string) => void = () => undefined;
    const loader = vi.fn<Loader<string>>(() => new Promise<string>((resolve) => (load = resolve)));
    const loaded = cache.getOrSet('loaded', loader);
    await expect.poll(() => loader.mock.calls.length).toBeGreaterThan(0);
    await cache.clear();
    load('from before');
    expect(await loaded).toBe('from before');
    expect(await cache.get('near')).toBeUndefined();
    expect(await cache.get('loaded')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ near: { entries: 0 }, fallback: { entries: 0 } });
  });
});

describe('a node that cannot be cleared', () => {
  it('is named, and its older entries no longer count here', async () => {
    const fleet = await Fleet.start(MEMORY);
    const cache = await fleet.open({ health: false, fallback: false });
    const keys = numbered(100, 'k');
    await cache.setMany(keys.map((key) => [key, 'old'] as const));
    const [node] = fleet.memory;
    if (node === undefined) throw new Error('no node');
    node.failWith('busy', ['delete']);
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', node: node.name });
    node.failWith(undefined);
    expect([...(await cache.getMany(keys)).values()]).toEqual([]);
    await fleet.stop();
  });

  it('because it cannot be enumerated says so, and so do its keys', async () => {
    const fleet = await Fleet.start(SASL);
    const cache = await fleet.open();
    await cache.set('k', { old: true });
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.set('k', { new: true })).toBe(true);
    expect(await cache.get('k')).toEqual({ new: true });
    await expect(keysOf(cache)).rejects.toMatchObject({ code: 'ERR_NODE' });
    await fleet.stop();
  });
});

describe('a closed cache', () => {
  it('tells no keys and clears nothing', async () => {
    const cache = createCache({ namespace: 'n' });
    await cache.close();
    await expect(keysOf(cache)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});
