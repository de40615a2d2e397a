/** Keyv 6 over real nodes: what its documentation promises of any store, asked of this one. */

import { Buffer } from 'node:buffer';
import { Keyv, type KeyvOptions } from 'keyv6';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Cache } from '../../../src/index.js';
import { KeyvRingfence } from '../../../src/keyv.js';
import { Fleet, MEMCACHED, MIXED, REDIS } from '../../cache/fleet.js';
import { stopwatch } from '../../support/stopwatch.js';

/** A busy machine may look too late at what lives for 300 ms, but not each time. */
const IN_TIME = { retry: 5 };

async function pairsOf(keyv: Keyv): Promise<(readonly [unknown, unknown])[]> {
  const pairs: (readonly [unknown, unknown])[] = [];
  for await (const [key, value] of keyv.iterator()) pairs.push([key, value]);
  return pairs.sort();
}

describe.each([{ ...REDIS, redis: 3 }, { ...MEMCACHED, memcached: 2 }, MIXED])('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);
  let cache: Cache;
  let last = 0;

  beforeAll(async () => {
    cache = await fleet.open();
  });

  /** In a namespace that nobody has used. */
  const open = (options: KeyvOptions = {}): Keyv =>
    new Keyv({ store: new KeyvRingfence({ cache }), namespace: `n${last++}`, ...options });

  it('is used as it is, not behind a bridge', () => {
    const adapter = new KeyvRingfence({ cache });
    expect(new Keyv({ store: adapter }).store).toBe(adapter);
  });

  it('sets, gets, tells and deletes one', async () => {
    const keyv = open();
    expect(await keyv.get('foo')).toBeUndefined();
    expect(await keyv.has('foo')).toBe(false);
    expect(await keyv.delete('foo')).toBe(false);
    expect(await keyv.set('foo', 'bar')).toBe(true);
    expect([await keyv.get('foo'), await keyv.has('foo')]).toEqual(['bar', true]);
    expect([await keyv.delete('foo'), await keyv.delete('foo')]).toEqual([true, false]);
    expect(await keyv.get('foo')).toBeUndefined();
  });

  it('sets, gets, tells and deletes many, with an answer for each', async () => {
    const keyv = open();
    const entries = [
      { key: 'a', value: 1 },
      { key: 'b', value: 'zwei', ttl: 60_000 },
      { key: 'a', value: 'the last one counts' },
    ];
    expect(await keyv.setMany<string | number>(entries)).toEqual([true, true, true]);
    expect(await keyv.getMany(['b', 'none', 'a'])).toEqual(['zwei', undefined, 'the last one counts']);
    expect(await keyv.hasMany(['a', 'none', 'b'])).toEqual([true, false, true]);
    expect(await keyv.deleteMany(['a', 'none', 'b'])).toEqual([true, false, true]);
    expect(await keyv.deleteMany(['a', 'b'])).toEqual([false, false]);
    expect(await keyv.getMany(['a', 'b'])).toEqual([undefined, undefined]);
    expect([await keyv.setMany([]), await keyv.getMany([]), await keyv.deleteMany([])]).toEqual([[], [], []]);
  });

  it('gives back every value as it was', async () => {
    const keyv = open();
    const values = [false, null, 0, 7, -1.5, '', '"', "'", 'ünï \u{1f600}', 12n, { fizz: ['buzz', null] }];
    const stored = [...values, Buffer.from('bytes'), { inside: Buffer.from([0, 255]) }];
    await keyv.setMany(stored.map((value, i) => ({ key: `v${i}`, value })));
    expect(await keyv.getMany(stored.map((_, i) => `v${i}`))).toEqual(stored);
  });

  it('gives back objects without serialisation, and raw values', async () => {
    const plain = open({ serialization: false });
    expect(await plain.set('k', { a: 1 })).toBe(true);
    expect(await plain.get('k')).toEqual({ a: 1 });
    const keyv = open();
    const expires = Date.now() + 60_000;
    expect(await keyv.setRaw('k', { value: 'v', expires })).toBe(true);
    expect(await keyv.getRaw('k')).toEqual({ value: 'v', expires });
    expect(await keyv.setManyRaw([{ key: 'l', value: { value: 2 } }])).toEqual([true]);
    expect(await keyv.getManyRaw(['l', 'm'])).toEqual([{ value: 2 }, undefined]);
  });

  it('lets entries live below a second, by itself', IN_TIME, async () => {
    const keyv = open({ checkExpired: false });
    await keyv.set('kept', 'v', 60_000);
    const [ownMs, began] = [stopwatch(), performance.now()];
    await keyv.set('brief', 'v', 300);
    await keyv.setMany([{ key: 'brief too', value: 'v', ttl: 300 }]);
    expect(await keyv.getMany(['brief', 'brief too'])).toEqual(['v', 'v']);
    await vi.waitUntil(async () => !(await keyv.hasMany(['brief', 'brief too'])).includes(true), {
      interval: 20,
      timeout: 30_000,
    });
    expect(performance.now() - began).toBeGreaterThan(250);
    expect(ownMs()).toBeLessThan(950);
    expect(await keyv.get('kept')).toBe('v');
    expect(await pairsOf(keyv)).toEqual([['kept', 'v']]);
  });

  it('removes what is set with a time that has passed', async () => {
    const keyv = open({ checkExpired: false });
    await keyv.setMany([
      { key: 'one', value: 'old' },
      { key: 'many', value: 'old' },
    ]);
    const expires = Date.now() - 1;
    expect(await keyv.setRaw('one', { value: 'over', expires })).toBe(true);
    expect(await keyv.setManyRaw([{ key: 'many', value: { value: 'over', expires } }])).toEqual([true]);
    expect(await keyv.hasMany(['one', 'many'])).toEqual([false, false]);
  });

  it('keeps namespaces apart, in every call', async () => {
    const [one, other, none] = [
      open({ namespace: 'apart' }),
      open({ namespace: 'apart:too' }),
      open({ namespace: '' }),
    ];
    await one.set('k', 'one');
    await one.set('too:k', 'also one');
    await other.set('k', 'other');
    await none.set('apart:k', 'none');
    expect([await one.get('k'), await other.get('k'), await none.get('k')]).toEqual(['one', 'other', undefined]);
    expect(await pairsOf(other)).toEqual([['k', 'other']]);
    await one.clear();
    expect([await one.get('k'), await one.get('too:k')]).toEqual([undefined, undefined]);
    expect([await other.get('k'), await none.get('apart:k')]).toEqual(['other', 'none']);
    await none.clear();
    expect([await none.get('apart:k'), await other.get('k')]).toEqual([undefined, 'other']);
  });

  it('tells and clears keys of any length and form', async () => {
    const keyv = open({ namespace: 'any: %~' });
    const keys = [
      'short',
      'with space',
      'a:b:c',
      '~tilde',
      'line\r\nbreak',
      'k'.repeat(120),
      'ü'.repeat(400),
      '{tag}x',
    ];
    await keyv.setMany(
      [...keys, ...Array.from({ length: 600 }, (_, i) => `k${i}`)].map((key) => ({ key, value: key })),
    );
    const pairs = await pairsOf(keyv);
    expect(pairs).toHaveLength(608);
    expect(pairs.filter(([key]) => !/^k\d+$/.test(String(key)))).toEqual(keys.sort().map((key) => [key, key]));
    await keyv.clear();
    expect(await pairsOf(keyv)).toEqual([]);
    expect(await keyv.hasMany(keys)).toEqual(keys.map(() => false));
  });

  it('serves whoever uses it without Keyv, with either way to tell the time', IN_TIME, async () => {
    const adapter = new KeyvRingfence({ cache });
    adapter.namespace = 'alone';
    const ownMs = stopwatch();
    const soon = Date.now() + 300;
    expect(await adapter.set('point', 'v', soon)).toBe(true);
    expect(await adapter.set('duration', 'v', 300)).toBe(true);
    expect(
      await adapter.setMany([
        { key: 'entry', value: 'v', expires: soon },
        { key: 'kept', value: 'v' },
      ]),
    ).toEqual([true, true]);
    expect(await adapter.set('past', 'v', Date.now() - 1)).toBe(true);
    const keys = ['point', 'duration', 'entry', 'past', 'kept'];
    expect(await adapter.getMany(keys)).toEqual(['v', 'v', 'v', undefined, 'v']);
    await vi.waitUntil(async () => (await adapter.hasMany(keys)).indexOf(true) === 4, {
      interval: 20,
      timeout: 30_000,
    });
    expect(ownMs()).toBeLessThan(950);
    expect([await adapter.has('point'), await adapter.delete('kept')]).toEqual([false, true]);
    await adapter.set('one', 1);
    const pairs: unknown[] = [];
    for await (const pair of adapter.iterator('alone')) pairs.push(pair);
    expect(pairs).toEqual([['one', 1]]);
    expect(await adapter.deleteMany(['one', 'none'])).toEqual([true, false]);
    expect([await adapter.deleteMany([]), await adapter.getMany([]), await adapter.hasMany([])]).toEqual([[], [], []]);
  });
});
