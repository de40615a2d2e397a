/**
 * Rows G8–G11, G18 and G19: what is stored comes back exactly, what cannot be stored is refused before anything is sent,
 * and bytes that are no value of ours are a miss. Each row names the planted fault that makes it fail.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { HEADER_BYTES, sealEnvelope } from '../../src/envelope.js';
import type { Cache, CodecName } from '../../src/index.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { invoke, refusalOf, VALUE_CALLS } from '../cache/every-call.js';
import { ALL_FLEETS, Fleet, MIXED, REDIS, SASL } from '../cache/fleet.js';

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
let deep: unknown = [];
for (let i = 0; i < 100_000; i++) deep = [deep];

const UNFIT: Readonly<Record<CodecName, readonly unknown[]>> = {
  json: [undefined, () => 1, Symbol('s'), 5n, { n: 5n }, cyclic, deep, Number.NaN, Infinity, new Map([[1, 2]])].concat([
    new Set([1]),
    Promise.resolve(1),
    new ArrayBuffer(8),
    new Float64Array(2),
    {
      toJSON() {
        throw new Error('toJSON');
      },
    },
  ]),
  string: [undefined, null, 5, true, {}, ['a'], Buffer.from('a'), 5n, Symbol('s'), () => 'a', '\ud800', Object('a')],
  bytes: [undefined, null, 'a', 5, {}, [1, 2], 5n, Symbol('s'), new ArrayBuffer(4), new Float64Array(1)],
};

describe.each(ALL_FLEETS)('values over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  // Planted fault: encoding after the first owner was asked, or `String(value)` in place of a refusal.
  it.each(['json', 'string', 'bytes'] as const)(
    'G8 codec %s refuses what it cannot store before any I/O',
    async (codec) => {
      // Probes of caches of before would be counted, too.
      await fleet.closeCaches();
      const cache = await fleet.open({ codec, health: false });
      const good = codec === 'bytes' ? Buffer.from('good') : 'good';
      await cache.set('k', good);
      const before = kind === SASL ? 0 : await fleet.operations();
      for (const value of UNFIT[codec]) {
        for (const [method, args] of VALUE_CALLS) {
          expect((await refusalOf(invoke(cache, method, args(value)))).code).toBe('ERR_INVALID_VALUE');
        }
        const { stored, failures } = await cache.setMany([['k', value]]);
        expect(stored).toBe(0);
        expect(failures.get('k')?.code).toBe('ERR_INVALID_VALUE');
      }
      expect(kind === SASL ? 0 : await fleet.operations()).toBe(before);
      expect(await cache.get('k')).toEqual(good);
      // One bad value among good ones concerns nobody else.
      const mixed = await cache.setMany([
        ['a', good],
        ['b', UNFIT[codec][1]],
        ['c', good],
      ]);
      expect([mixed.stored, [...mixed.failures.keys()]]).toEqual([2, ['b']]);
    },
  );

  // Planted fault: `if (value)` or `value ?? undefined` anywhere between the node's answer and the caller.
  it('G9 null, false, 0, the empty string and empty bytes are values, told apart from a miss by every read', async () => {
    const falsy: readonly (readonly [CodecName, unknown])[] = [
      ...[null, false, 0, '', [], {}].map((value) => ['json', value] as const),
      ['json', Buffer.alloc(0)],
      ['string', ''],
      ['string', '0'],
      ['bytes', Buffer.alloc(0)],
      ['bytes', Buffer.from([0])],
    ];
    for (const [i, [codec, value]] of falsy.entries()) {
      const cache = await fleet.open({ codec });
      const key = `falsy ${i}`;
      expect(await cache.set(key, value)).toBe(true);
      expect(await cache.get(key)).toEqual(value);
      expect(await cache.has(key)).toBe(true);
      expect(await cache.getEntry(key)).toMatchObject({ value, source: 'node' });
      expect([...(await cache.getMany([key, 'missing']))]).toEqual([[key, value]]);
      expect(await cache.getOrSet(key, () => 'not asked')).toEqual(value);
      expect(await cache.add(key, value)).toBe(false);
    }
  });

  it('G9 whatever JSON can tell comes back equal', async () => {
    const cache = await fleet.open();
    // JSON has no -0, and a name `__proto__` is row G18.
    const json = fc.jsonValue({ depthSize: 'medium' }).filter((value) => {
      const text = JSON.stringify(value);
      return !text.includes('proto') && !Object.is(value, -0);
    });
    await fc.assert(
      fc.asyncProperty(fc.array(json, { minLength: 1, maxLength: 30 }), async (values) => {
        const stored = await cache.setMany(values.map((value, i) => [`v${i}`, value] as const));
        expect(stored.stored).toBe(values.length);
        const found = await cache.getMany(values.map((_, i) => `v${i}`));
        for (const [i, value] of values.entries())
          expect(found.get(`v${i}`)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 25 },
    );
  });

  // Planted fault: a `toString()` of the reply, which makes U+FFFD of every byte that is no UTF-8.
  it('G10 bytes come back byte for byte', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const values = [
      all,
      Buffer.concat([all, all.toReversed()]),
      randomBytes(1),
      randomBytes(1_000),
      randomBytes(70_000),
      randomBytes(600_000),
      Buffer.from('END\r\nVA 2\r\nok\r\nHD\r\n$-1\r\n+OK\r\n'),
      Buffer.from('\xfc\x01\x00', 'latin1'),
    ];
    for (const codec of ['bytes', 'json'] as const) {
      const cache = await fleet.open({ codec });
      await Promise.all(values.map((value, i) => cache.set(`bytes ${i}`, value)));
      const found = await Promise.all(values.map((_, i) => cache.get<Buffer>(`bytes ${i}`)));
      for (const [i, value] of values.entries()) {
        expect(Buffer.isBuffer(found[i])).toBe(true);
        expect(found[i]?.equals(value)).toBe(true);
      }
    }
  });

  // Planted fault: JSON.parse alone: `__proto__` becomes an own key, which Object.assign then makes a prototype.
  it('G18 no value read can change a prototype, nor pollute one when it is copied', async () => {
    const cache = await fleet.open();
    const texts = [
      '{"__proto__":{"polluted":1},"a":1}',
      '{"a":{"__proto__":{"polluted":1}}}',
      '[{"b":{"constructor":{"prototype":{"polluted":1}}}}]',
      '{"\\u005f_proto__":{"polluted":1}}',
      '{"__proto__":null}',
      '{"constructor":{"name":"kept"}}',
    ];
    for (const text of texts) {
      expect(await cache.set('k', JSON.parse(text))).toBe(true);
      const read: unknown[] = [
        await cache.get('k'),
        (await cache.getEntry('k'))?.value,
        (await cache.getMany(['k'])).get('k'),
        await cache.getOrSet('k', () => 'not asked'),
      ];
      for (const value of read) {
        expect(JSON.stringify(value)).not.toContain('polluted');
        expect(Object.getPrototypeOf(value)).toBe(Array.isArray(value) ? Array.prototype : Object.prototype);
        expect(Reflect.get(Object.assign({}, value), 'polluted')).toBeUndefined();
      }
    }
    expect(await cache.get('k')).toEqual({ constructor: { name: 'kept' } });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  describe('G19 bytes under our key that are no value of ours', () => {
    const namespace = `g19-${randomUUID()}`;
    let cache: Cache;
    let raw: Cache<Buffer>;
    let honest: Buffer;

    beforeAll(async () => {
      cache = await fleet.open({ namespace, maxValueBytes: 1_000_000, compression: { minBytes: 100 } });
      raw = await fleet.open<Buffer>({ namespace, codec: 'bytes' });
      await cache.set('k', { is: 'honest', text: 'a'.repeat(50) });
      honest = (await raw.get('k')) ?? Buffer.alloc(0);
      expect(honest.length).toBeGreaterThan(HEADER_BYTES);
    });

    // A cache that wrote the key trusts no older copy; this one has not written it.
    const opened = (): Promise<Cache> => fleet.open({ namespace, maxValueBytes: 1_000_000 });

    async function expectMiss(bytes: Buffer): Promise<void> {
      expect(await raw.set('k', bytes)).toBe(true);
      const reader = await opened();
      const before = reader.stats().calls.corrupt;
      expect(await reader.get('k')).toBeUndefined();
      expect(reader.stats().calls.corrupt).toBeGreaterThan(before);
      expect(await reader.getEntry('k')).toBeUndefined();
      expect(await reader.has('k')).toBe(false);
      const found = await reader.getMany(['k']);
      expect([found.size, found.failures.size]).toEqual([0, 0]);
      expect(await reader.getOrSet('k', () => 'loaded')).toBe('loaded');
      expect(await reader.get('k')).toBe('loaded');
      // Not destroyed: what it still writes must not come behind what the next one reads.
      await reader.close();
    }

    /** A payload in an envelope that is right in every other respect. */
    function sealed(payload: Buffer, flags: number): Buffer {
      const out = Buffer.alloc(HEADER_BYTES + payload.length);
      payload.copy(out, HEADER_BYTES);
      sealEnvelope(out, out.length, flags, secondHash(`${namespace}:k`), 1, 1, 0);
      return out;
    }

    const GZIP = 1 << 4;

    // Planted faults: the seal not checked; the key check not checked; decompression without its bound; a throw of
    // JSON.parse let through; CORRUPT handed to the caller of getEntry.
    it.each([
      ['nothing at all', () => Buffer.alloc(0)],
      ['one byte of ours', () => honest.subarray(0, 1)],
      ['a header cut short', () => honest.subarray(0, HEADER_BYTES - 1)],
      ['a header alone', () => honest.subarray(0, HEADER_BYTES)],
      ['a payload cut short', () => honest.subarray(0, honest.length - 1)],
      ['a payload with a tail', () => Buffer.concat([honest, Buffer.from([0])])],
      ['a later version', () => Buffer.concat([Buffer.from([0xfc, 2]), honest.subarray(2)])],
      ['text of another client', () => Buffer.from('{"is":"foreign"}')],
      ['random bytes', () => randomBytes(200)],
      ['numbers that are no counter', () => Buffer.from('-5')],
      ['JSON that is none', () => sealed(Buffer.from('{"a":'), 0)],
      ['gzip that is none', () => sealed(Buffer.from('no gzip'), GZIP)],
      ['gzip cut short', () => sealed(gzipSync('{"a":1}'.repeat(9)).subarray(0, 20), GZIP)],
      ['a zip bomb', () => sealed(gzipSync(Buffer.alloc(50_000_000, 'a')), GZIP)],
      ['another key’s envelope', () => Buffer.concat([honest.subarray(0, 3), Buffer.alloc(4), honest.subarray(7)])],
    ])('G19 %s: a counted miss, and the next value takes its place', async (_, bytes) => {
      await expectMiss(bytes());
    });

    it('G19 every cut and every changed byte is a miss, never another value and never a throw', async () => {
      const cuts = Array.from({ length: honest.length }, (_, i) => honest.subarray(0, i));
      const changes = Array.from({ length: honest.length }, (_, i) => {
        const bytes = Buffer.from(honest);
        bytes[i] = (bytes[i] ?? 0) ^ (1 << (i % 8));
        return bytes;
      });
      const reader = await opened();
      for (const bytes of [...cuts, ...changes]) {
        await raw.set('k', bytes);
        expect(await reader.get('k')).toBeUndefined();
      }
      await raw.set('k', honest);
      expect(await reader.get('k')).toEqual({ is: 'honest', text: 'a'.repeat(50) });
    });

    it('G19 the string codec takes bytes that are no UTF-8 for a miss', async () => {
      await raw.set('text', Buffer.from([0x61, 0xff, 0x62]));
      const reader = await fleet.open({ namespace, codec: 'string' });
      expect(await reader.get('text')).toBeUndefined();
      expect(await reader.getEntry('text')).toBeUndefined();
      expect(reader.stats().calls.corrupt).toBeGreaterThan(0);
      await raw.set('text', Buffer.from('a\ufffdb'));
      expect(await reader.get('text')).toBe('a\ufffdb');
    });
  });
});

describe('corrupt copies', () => {
  // Planted fault: a corrupt copy answered as the end of the walk instead of going on to the next owner.
  it('G19 of one owner are passed over: the other owner answers', async () => {
    const stores = ['a', 'b'].map((name) => new MemoryNode({ name }));
    const fleet = await Fleet.start(REDIS);
    const nodes = stores.map((store) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store }),
    }));
    const both = await fleet.open({ nodes, replication: 2, namespace: 'n' });
    await both.set('k', { good: true });
    const first = both.ring.owners('k')[0];
    const raw = await fleet.open({ nodes: nodes.filter(({ name }) => name === first), namespace: 'n', codec: 'bytes' });
    await raw.set('k', randomBytes(100));
    const reader = await fleet.open({ nodes, replication: 2, namespace: 'n' });
    expect(await reader.get('k')).toEqual({ good: true });
    expect(await reader.getEntry('k')).toMatchObject({ value: { good: true }, source: 'replica' });
    await fleet.stop();
  });
});

describe('values at the limit', () => {
  const fleet = Fleet.ofTests(MIXED);

  const ITEM = 1_048_576;

  // Planted fault: the limit taken for that of the value alone, without key and header of the item: memcached then
  // refuses, having dropped the old value; or the refused set answered as a success.
  it('G11 memcached takes a value or it is a typed error, at every size around its item limit', async () => {
    const node = { url: fleet.server('memcached').url };
    for (const codec of ['bytes', 'json'] as const) {
      const cache = await fleet.open({ nodes: [node], replication: 1, codec, health: false });
      let largest = 0;
      let smallestRefused = Number.POSITIVE_INFINITY;
      for (let size = ITEM - 300; size <= ITEM + 300; size += 25) {
        const value = Buffer.alloc(size, size % 251);
        await cache.set('k', Buffer.from('old'));
        const error = await cache.set('k', value).then(
          (stored) => (stored ? undefined : 'false'),
          (reason: unknown) => reason,
        );
        if (error === undefined) {
          largest = Math.max(largest, size);
          expect((await cache.get<Buffer>('k'))?.equals(value)).toBe(true);
        } else {
          smallestRefused = Math.min(smallestRefused, size);
          expect(error).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', key: expect.stringContaining('k') });
          // Row B9: what was there before must not outlive the value that could not be stored.
          expect(await cache.get('k')).toBeUndefined();
        }
      }
      expect(largest).toBeLessThan(smallestRefused);
      expect(smallestRefused).toBeLessThanOrEqual(ITEM);
    }
  });

  it('G11 what fits is stored: the library’s limit is within 600 bytes of the node’s own', async () => {
    const cache = await fleet.open({ nodes: [{ url: fleet.server('memcached').url }], replication: 1, codec: 'bytes' });
    expect(await cache.set('k', Buffer.alloc(ITEM - 600))).toBe(true);
    expect(await cache.getEntry('k')).toMatchObject({ source: 'node' });
    await expect(cache.add('k2', Buffer.alloc(ITEM))).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    expect(await cache.get('k2')).toBeUndefined();
  });

  it('G11 a value above the known limit never leaves this process', async () => {
    // Probes of caches of before would be counted, too.
    await fleet.closeCaches();
    const cache = await fleet.open({ nodes: [{ url: fleet.server('memcached').url }], replication: 1, health: false });
    await cache.set('big', 'small');
    const sent = await fleet.operations();
    await expect(cache.set('big', 'x'.repeat(3 * ITEM))).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    // One delete, of the value that the refused one would have replaced.
    expect((await fleet.operations()) - sent).toBe(1);
    const { stored, failures } = await cache.setMany({ big: 'x'.repeat(3 * ITEM), small: 'fits' });
    expect([stored, failures.get('big')?.code]).toEqual([1, 'ERR_VALUE_TOO_LARGE']);
  });

  it('G11 the limit is that of the node: another server takes more', async () => {
    const server = await startMemcached({ args: ['-I', '4m'] });
    const cache = await fleet.open({ nodes: [{ url: server.url }], replication: 1, codec: 'bytes' });
    const value = randomBytes(3 * ITEM);
    expect(await cache.set('k', value)).toBe(true);
    expect((await cache.get<Buffer>('k'))?.equals(value)).toBe(true);
    await expect(cache.set('k', Buffer.alloc(4 * ITEM))).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    await cache.destroy();
    await server.stop();
  });

  it('G11 compression comes before the check: what fits once compressed is stored', async () => {
    const nodes = [{ url: fleet.server('memcached').url }];
    const value = Array.from({ length: 50_000 }, (_, i) => `line ${i % 5_000} of the text, and ${i} in all`);
    const plain = await fleet.open({ nodes, replication: 1 });
    await expect(plain.set('k', value)).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
    for (const algorithm of ['gzip', 'deflate-raw', 'brotli'] as const) {
      const cache = await fleet.open({ nodes, replication: 1, compression: { minBytes: 1_000, algorithm } });
      expect(await cache.set('k', value)).toBe(true);
      expect(await cache.get('k')).toEqual(value);
    }
  });

  it.each(ALL_FLEETS)('G11 maxValueBytes bounds what any node is given: over $name', async (kind) => {
    const other = await Fleet.start(kind);
    for (const codec of ['bytes', 'json'] as const) {
      const cache = await other.open({ codec, maxValueBytes: 1_000, health: false });
      expect(await cache.set('k', Buffer.alloc(1_000))).toBe(true);
      const refused = refusalOf(cache.set('k', Buffer.alloc(1_001)));
      expect(await refused).toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
      expect((await refused).message).not.toMatch(/\0/);
      expect(await cache.get('k')).toEqual(Buffer.alloc(1_000));
    }
    await other.stop();
  });

  it('G11 an owner that takes less than another costs the copy there, by the rule of `write`', async () => {
    const value = Buffer.alloc(2 * ITEM, 7);
    const one = await fleet.open({ codec: 'bytes', write: 'one' });
    expect(await one.set('k', value)).toBe(true);
    expect((await one.get<Buffer>('k'))?.equals(value)).toBe(true);
    const all = await fleet.open({ codec: 'bytes', write: 'all' });
    await expect(all.set('k', value)).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE' });
  });
});
