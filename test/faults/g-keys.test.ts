/**
 * Rows G1–G7, G17 and G21: whatever a caller passes for a key, it names one entry, the same on every driver, or is
 * refused before anything is sent. Each row names the planted fault that makes it fail.
 */

import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cache, OptionError } from '../../src/index.js';
import { invoke, KEY_CALLS, refusalOf } from '../cache/every-call.js';
import { ALL_FLEETS, FLEETS, Fleet, MIXED, SASL } from '../cache/fleet.js';

/** No probes, and no namespace: the keys are all that the nodes see. */
const BARE = { namespace: undefined, health: false } as const;

async function storeAll(cache: Cache, keys: readonly string[], toValue: (key: string) => string): Promise<void> {
  const { stored, failures } = await cache.setMany(keys.map((key) => [key, toValue(key)] as const));
  expect([...failures.keys()]).toEqual([]);
  expect(stored).toBe(keys.length);
}

async function expectAll(cache: Cache, keys: readonly string[], toValue: (key: string) => string): Promise<void> {
  const found = await cache.getMany(keys);
  expect([...found.failures.keys()]).toEqual([]);
  expect([...found].filter(([key, value]) => value !== toValue(key)).map(([key]) => key)).toEqual([]);
  expect(found.size).toBe(keys.length);
}

describe.each(ALL_FLEETS)('keys over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  afterEach(() => fleet.closeCaches());

  // Planted fault: MAX_WIRE_KEY_BYTES (and the driver's MAX_KEY_BYTES) of 250. Memcached then refuses the header of a key
  // that needs base64 and executes the value, `flush_all`, as a command.
  it('G1 a key at and beyond the longest that memcached takes works, and its value is never executed', async () => {
    const cache = await fleet.open({ ...BARE, codec: 'string' });
    const bystanders = Array.from({ length: 50 }, (_, i) => `bystander ${i}`);
    await storeAll(cache, bystanders, (key) => `of ${key}`);
    const lengths = [186, 187, 188, 189, 249, 250, 251, 252, 65_535, 65_536];
    const edge = lengths.flatMap((length) => [
      'p'.repeat(length),
      // With a space it cannot travel as it is, and goes as base64, which is a third longer.
      `b ${'x'.repeat(length - 2)}`,
      // Two bytes a character, and the edge falls between and inside of them.
      `é${'é'.repeat((length - 3) >> 1)}${'e'.repeat(length - 2 * ((length - 1) >> 1))}`,
      `${'ü'.repeat(length >> 1)}${length % 2 === 0 ? '' : 'u'}`,
      `\u{1f600}${'y'.repeat(length - 4)}`,
    ]);
    expect(new Set(edge.map((key) => Buffer.byteLength(key)))).toEqual(new Set(lengths));
    for (const key of edge) {
      expect(await cache.set(key, 'flush_all\r\n')).toBe(true);
      expect(await cache.get(key)).toBe('flush_all\r\n');
      expect(await cache.add(key, 'x')).toBe(false);
    }
    await expectAll(cache, bystanders, (key) => `of ${key}`);
    await expectAll(cache, edge, () => 'flush_all\r\n');
    expect(await fleet.open({ ...BARE, codec: 'string' }).then((other) => other.get('p'.repeat(65_536)))).toBeDefined();
    expect((await cache.deleteMany(edge)).deleted).toBe(edge.length);
    expect((await cache.getMany(edge)).size).toBe(0);
    await expectAll(cache, bystanders, (key) => `of ${key}`);
  });

  it('G1 two keys that differ only beyond the limit are two entries, with and without a namespace', async () => {
    for (const namespace of [undefined, 'tenant']) {
      const cache = await fleet.open({ ...BARE, namespace, codec: 'string' });
      const keys = ['a', 'b', 'ä'].flatMap((last) => [`${'k'.repeat(300)}${last}`, `{tag}${'k'.repeat(300)}${last}`]);
      await storeAll(cache, keys, (key) => key);
      await expectAll(cache, keys, (key) => key);
    }
  });

  // Planted fault: toWireKey without its check for ''. Memcached closes the connection; Redis stores a key ''.
  it('G2 an empty key is refused by every call, before anything is sent', async () => {
    // Probes of caches of before would be counted, too.
    await fleet.closeCaches();
    const cache = await fleet.open({ ...BARE });
    const before = kind === SASL ? 0 : await fleet.operations();
    for (const [method, args] of KEY_CALLS) {
      const error = await refusalOf(invoke(cache, method, args('')));
      expect([method, error.code]).toEqual([method, 'ERR_INVALID_KEY']);
    }
    const found = await cache.getMany(['']);
    expect(found.failures.get('')).toMatchObject({ code: 'ERR_INVALID_KEY' });
    expect((await cache.setMany({ '': 'v' })).failures.get('')).toMatchObject({ code: 'ERR_INVALID_KEY' });
    expect((await cache.deleteMany([''])).failures.get('')).toMatchObject({ code: 'ERR_INVALID_KEY' });
    expect(kind === SASL ? 0 : await fleet.operations()).toBe(before);
  });

  // Planted fault: writePlainKey of the meta protocol taking bytes up to 0x20, or anything that trims or splits keys.
  it('G3 every character is data: as many entries as keys, one operation for each, and nothing injected', async () => {
    // Probes of caches of before would be counted, too.
    await fleet.closeCaches();
    const cache = await fleet.open({ ...BARE, codec: 'string' });
    await cache.set('bystander', 'still here');
    const characters = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i));
    const keys = [
      ...characters.flatMap((it) => [it, `k${it}`, `${it}k`, `k${it}k`]),
      ...['\r\n', 'k\r\nFLUSHALL\r\n', 'k\r\nflush_all\r\n', 'k 0 0 1\r\nx\r\nflush_all', '*1\r\n$8\r\nFLUSHALL\r\n'],
      ...[
        'mn\r\n',
        ' ',
        '  ',
        'k b',
        'k b O1',
        '\0\0',
        '\t',
        'k:',
        ':k',
        'k*',
        'k?',
        'k[a]',
        '\\',
        '{',
        '{}',
        '{k',
        '%00',
      ],
    ].filter((key, i, all) => all.indexOf(key) === i);
    const canCount = kind !== SASL;
    const [entries, operations] = canCount ? [await fleet.entries(), await fleet.operations()] : [0, 0];
    await storeAll(cache, keys, (key) => `${key}\r\nflush_all\r\n`);
    if (canCount) {
      expect((await fleet.operations()) - operations).toBe(keys.length * kind.replication);
      expect((await fleet.entries()) - entries).toBe(keys.length * kind.replication);
    }
    await expectAll(cache, keys, (key) => `${key}\r\nflush_all\r\n`);
    expect((await cache.deleteMany(keys)).deleted).toBe(keys.length);
    expect((await cache.getMany(keys)).size).toBe(0);
    expect(await cache.get('bystander')).toBe('still here');
  });

  // Planted fault: `key.normalize()` in toWireKey, or latin1 in place of UTF-8 anywhere on the way.
  it('G4 keys are the bytes of their UTF-8, never normalised', async () => {
    const cache = await fleet.open({ ...BARE, namespace: 'unicode', codec: 'string' });
    const alike = [
      '\u00e9',
      'e\u0301',
      '\u212b',
      '\u00c5',
      'A\u030a',
      '\ufb01',
      'fi',
      'Ａ',
      'A',
      'a',
      'ß',
      'ss',
      '\ufeffa',
    ];
    await storeAll(cache, alike, (key) => `${key} ${key.length}`);
    await expectAll(cache, alike, (key) => `${key} ${key.length}`);
    const key = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 30 }), async (keys) => {
        await storeAll(cache, keys, (it) => `value of ${it}`);
        await expectAll(cache, keys, (it) => `value of ${it}`);
      }),
      { numRuns: 30 },
    );
  });

  // Planted fault: toWireKey without isWellFormed. Both keys become U+FFFD: one answers the other's value.
  it('G5 a lone surrogate is refused by every call', async () => {
    const cache = await fleet.open({ ...BARE });
    for (const key of ['\ud800', '\ud801', 'a\udfff', `${'k'.repeat(300)}\ud800`]) {
      for (const [method, args] of KEY_CALLS) {
        expect((await refusalOf(invoke(cache, method, args(key)))).code).toBe('ERR_INVALID_KEY');
      }
    }
    expect(await cache.get('\ufffd')).toBeUndefined();
  });

  // Planted fault: `String(key)` in toWireKey.
  it('G6 a Buffer is no key, not even by way of its text', async () => {
    const cache = await fleet.open({ ...BARE });
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const key of [all, Buffer.from('abc'), new Uint8Array([97]), Buffer.alloc(0)]) {
      for (const [method, args] of KEY_CALLS) {
        expect((await refusalOf(invoke(cache, method, args(key)))).code).toBe('ERR_INVALID_KEY');
      }
    }
    expect(await cache.get('abc')).toBeUndefined();
    expect(await cache.get('97')).toBeUndefined();
  });

  // Planted fault: toWireKey without its check of typeof.
  it('G7 what is no string is no key: a rejection, never a throw, and nothing is sent', async () => {
    // Probes of caches of before would be counted, too.
    await fleet.closeCaches();
    const cache = await fleet.open({ ...BARE });
    const before = kind === SASL ? 0 : await fleet.operations();
    const none = [undefined, null, 0, 7, Number.NaN, true, 5n, Symbol('s'), {}, [], ['a'], () => 'k', new Date(0)];
    for (const key of [...none, Object('boxed')]) {
      for (const [method, args] of KEY_CALLS) {
        expect((await refusalOf(invoke(cache, method, args(key)))).code).toBe('ERR_INVALID_KEY');
      }
      const found = await invoke(cache, 'getMany', [[key, 'good']]);
      expect(found).toHaveProperty('failures', new Map([[key, expect.objectContaining({ code: 'ERR_INVALID_KEY' })]]));
    }
    const sent = kind === SASL ? 0 : (await fleet.operations()) - before;
    // `good` of getMany: once for each, and as many owners as are asked for a miss.
    expect(sent).toBe(kind === SASL ? 0 : (none.length + 1) * kind.replication);
  });

  // Planted fault: a plain object in place of a Map anywhere between a key and its entry.
  it('G17 names that every object knows are plain keys, values and namespaces', async () => {
    const names = [
      ...Object.getOwnPropertyNames(Object.prototype),
      '__proto__',
      'prototype',
      'then',
      'length',
      'failures',
    ];
    const keys = [...new Set(names)].flatMap((name) => [name, `{${name}}`, `{${name}}a`, `${name}:a`]);
    for (const namespace of [undefined, 'constructor', '__proto__']) {
      const cache = await fleet.open({ ...BARE, namespace });
      const entries: Record<string, string> = JSON.parse(
        `{${keys.map((key) => `${JSON.stringify(key)}:"of ${key}"`)}}`,
      );
      expect(Object.keys(entries)).toHaveLength(keys.length);
      expect((await cache.setMany(entries)).stored).toBe(keys.length);
      await expectAll(cache, keys, (key) => `of ${key}`);
      for (const key of keys) expect(await cache.get(key)).toBe(`of ${key}`);
      expect(await cache.increment('toString counter', 2)).toBe(2);
      const loaded = await Promise.all(keys.map((key) => cache.getOrSet(`${key}!`, () => key)));
      expect(loaded).toEqual(keys);
      expect((await cache.deleteMany(keys)).deleted).toBe(keys.length);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe.each(FLEETS)('patterns over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  // Planted fault: the prefix given to SCAN MATCH without escaping, or a namespace compiled into a regular expression.
  it('G21 nothing a caller names is a pattern: neither keys nor namespaces match anything but themselves', async () => {
    const keys = ['*', '?', '[a-z]', 'a*', '\\*', '^a', 'a|b', '(a+)+$', 'h[^e]llo', '{*}', '.*'];
    const cache = await fleet.open({ namespace: 'a.b' });
    const lookalike = await fleet.open({ namespace: 'axb' });
    const longer = await fleet.open({ namespace: 'a.bc' });
    for (const each of [cache, lookalike, longer]) await storeAll(each, [...keys, 'abc'], (key) => key);
    const told: string[] = [];
    for await (const key of cache.keys()) told.push(key);
    expect(told.sort()).toEqual([...keys, 'abc'].sort());
    expect(await cache.delete('*')).toBe(true);
    await expectAll(cache, [...keys.slice(1), 'abc'], (key) => key);
    await cache.clear();
    expect((await cache.getMany([...keys, 'abc'])).size).toBe(0);
    for (const each of [lookalike, longer]) await expectAll(each, [...keys, 'abc'], (key) => key);
  });

  it('G21 a hostile key or namespace costs no more time than its length', async () => {
    const cache = await fleet.open();
    const hostile = [
      `${'a'.repeat(50_000)}!`,
      `${'{'.repeat(50_000)}}`,
      `${'a*'.repeat(25_000)}b`,
      '(a+)+$'.repeat(8_000),
    ];
    const startedAt = process.cpuUsage();
    for (const key of hostile) {
      expect(await cache.set(key, 'x')).toBe(true);
      expect(await cache.get(key)).toBe('x');
      const error = await fleet.open({ namespace: key }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OptionError);
      expect(String(error).length).toBeLessThan(200);
    }
    expect(process.cpuUsage(startedAt).user).toBeLessThan(1_000_000);
  });
});

describe('keys on a ring of both kinds', () => {
  const fleet = Fleet.ofTests(MIXED);

  // Planted fault: a digest or an encoding of keys that only one of the drivers applies.
  it('G3 the same key is the same entry on Redis and on memcached', async () => {
    const nodes = fleet.servers.map(({ url, kind }) => ({ url, zone: kind }));
    const writer = await fleet.open({ ...BARE, nodes, codec: 'string' });
    const keys = [
      'plain',
      'with space',
      'x\r\ny',
      '\0',
      'é',
      '\u{1f600}',
      'k'.repeat(186),
      'k'.repeat(187),
      'ü'.repeat(94),
    ];
    keys.push('k'.repeat(188), 'ü'.repeat(4_000), '{tag}'.padEnd(400, 'x'));
    await storeAll(writer, keys, (key) => `of ${key}`);
    for (const zone of ['redis', 'memcached']) {
      const reader = await fleet.open({ ...BARE, nodes, codec: 'string' });
      const zoned = { read: { prefer: { zone }, onMiss: 'accept' } } as const;
      for (const key of keys) {
        const entry = await reader.getEntry(key, zoned);
        expect(entry?.value).toBe(`of ${key}`);
        expect(nodes.find(({ url }) => url.endsWith(entry?.node ?? '?'))?.zone).toBe(zone);
        expect(await reader.get(key, zoned)).toBe(`of ${key}`);
      }
    }
  });
});
