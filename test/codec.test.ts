import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stampOf } from '../src/base/hybrid-clock.js';
import { secondHash } from '../src/base/string-hash.js';
import { bytesOf } from '../src/codec/encoded.js';
import { CORRUPT, type Transcoder } from '../src/codec/transcoder.js';
import { type Codec, createTranscoder, type TranscoderOptions } from '../src/codec.js';
import type { CompressionAlgorithm } from '../src/compression.js';
import { FORM_JSON, flagsOf, HEADER_BYTES, sealEnvelope, stampAt } from '../src/envelope.js';
import { CacheError } from '../src/errors.js';

const KEY = 'shop:user:7';
const HASH = secondHash(KEY);
const NOW = 1_750_000_000_000;
const STAMP = stampOf(NOW) + 3;

function transcoder(options: Partial<TranscoderOptions> = {}): Transcoder {
  return createTranscoder({ clientId: 7, ...options });
}

function encode(codec: Transcoder, value: unknown): Buffer {
  const encoded = codec.encode(KEY, HASH, value, STAMP, NOW + 60_000);
  const bytes = bytesOf(encoded);
  // What a write leaves in the fallback must be what a read of it would have left.
  const kept = codec.keep(bytes, 0, bytes.length);
  if (kept === CORRUPT) throw new Error('corrupt');
  expect(codec.keepEncoded(encoded)).toMatchObject({ flags: kept.flags, payload: kept.payload });
  return bytes;
}

/** As the cache does: out of the middle of a receive buffer, which is overwritten before the value is parsed. */
function read(codec: Transcoder, bytes: Buffer, key = KEY): unknown {
  const received = Buffer.concat([Buffer.from('$9\r\n'), bytes, Buffer.from('\r\n')]);
  const verdict = codec.check(received, 4, 4 + bytes.length, secondHash(key), NOW);
  if (verdict !== 'ok' && verdict !== 'digits') return verdict;
  const kept = codec.keep(received, 4, 4 + bytes.length);
  received.fill(0xff);
  return kept === CORRUPT ? CORRUPT : codec.restore(key, kept);
}

function refusal(codec: Transcoder, value: unknown): CacheError {
  try {
    encode(codec, value);
  } catch (error) {
    if (error instanceof CacheError) return error;
    throw error;
  }
  throw new Error('the value was taken');
}

/** Without the own `__proto__` keys that reading removes. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
    if (typeof inner === 'object' && inner !== null) Reflect.deleteProperty(inner, '__proto__');
    return key === '__proto__' ? undefined : inner;
  });
}

const COMPRESSED: readonly CompressionAlgorithm[] = ['gzip', 'deflate-raw', 'brotli'];
const json = transcoder();
const string = transcoder({ codec: 'string' });
const bytes = transcoder({ codec: 'bytes' });

describe('codec json', () => {
  it('gives back what JSON gives back, for any value that JSON can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), (value) => {
        expect(read(json, encode(json, value))).toStrictEqual(asJson(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(COMPRESSED)('gives back the same compressed by %s', (algorithm) => {
    const compressing = transcoder({ compression: { minBytes: 20, algorithm } });
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.integer({ min: 1, max: 30 }), (value, times) => {
        const repeated = Array(times).fill(value);
        const encoded = encode(compressing, repeated);
        expect(read(compressing, encoded)).toStrictEqual(asJson(repeated));
        // Readers need not be set to compress, or to the same algorithm.
        expect(read(json, encoded)).toStrictEqual(asJson(repeated));
      }),
      { numRuns: 100 },
    );
    const long = encode(compressing, 'abcdefgh'.repeat(100));
    expect(long.length).toBeLessThan(200);
    expect(read(json, long)).toBe('abcdefgh'.repeat(100));
    expect(read(json, encode(compressing, 'é'.repeat(500)))).toBe('é'.repeat(500));
    expect(read(json, encode(compressing, Buffer.alloc(500, 'ab')))).toEqual(Buffer.alloc(500, 'ab'));
  });

  it('gives back toJSON, dates and nested undefined as JSON does', () => {
    const value = { at: new Date(0), gone: undefined, list: [undefined, () => 1], own: { toJSON: () => 'mine' } };
    expect(read(json, encode(json, value))).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      list: [null, null],
      own: 'mine',
    });
  });

  it('gives every reader an object of its own', () => {
    const encoded = encode(json, { list: [1] });
    const kept = json.keep(encoded, 0, encoded.length);
    if (kept === CORRUPT) throw new Error('corrupt');
    const first = json.restore(KEY, kept);
    expect(json.restore(KEY, kept)).toEqual(first);
    expect(json.restore(KEY, kept)).not.toBe(first);
  });

  it('puts the stamp of the write into the envelope', () => {
    expect(json.isEnveloped).toBe(true);
    expect(stampAt(encode(json, { a: 1 }), 0)).toBe(STAMP);
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a BigInt', 7n],
    ['a nested BigInt', { deep: [{ n: 7n }] }],
    ['NaN', Number.NaN],
    ['Infinity', Number.NEGATIVE_INFINITY],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['a promise that somebody forgot to await', Promise.resolve(1)],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['a view other than Uint8Array', new Float64Array(2)],
    ['what toJSON turns into nothing', { toJSON: () => undefined }],
    [
      'what throws in toJSON',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ])('G8 refuses %s before any I/O', (_name, value) => {
    const error = refusal(json, value);
    expect(error.code).toBe('ERR_INVALID_VALUE');
    expect(error.key).toBe(KEY);
  });

  it('G8 refuses what refers to itself, and what is nested too deep to write', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect(refusal(json, cyclic).code).toBe('ERR_INVALID_VALUE');
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(refusal(json, deep).code).toBe('ERR_INVALID_VALUE');
  });

  it.each([null, false, true, 0, -0, '', [], {}, -1, 0.1, 5e-324, 2 ** 53, 1e21, '0', 'null', '5'])(
    'G9 takes %j for a value',
    (value) => {
      expect(read(json, encode(json, value))).toStrictEqual(asJson(value));
    },
  );

  it('G9 takes an empty buffer for a value', () => {
    expect(read(json, encode(json, Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it('G10 gives back top-level buffers byte for byte, from all bytes there are', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect(read(json, encode(json, all))).toEqual(all);
    const result = read(json, encode(json, new Uint8Array(all)));
    expect(Buffer.isBuffer(result)).toBe(true);
    expect(result).toEqual(all);
  });

  it('G5 gives back lone surrogates in values exactly', () => {
    for (const value of ['\ud800', 'a\udfffb', { '\ud800': '\udbff' }]) {
      expect(read(json, encode(json, value))).toStrictEqual(value);
    }
  });

  it('R11 stores non-negative safe integers as the digits that nodes count on, and other numbers in the envelope', () => {
    expect(encode(json, 5).toString()).toBe('5');
    expect(encode(json, Number.MAX_SAFE_INTEGER).toString()).toBe('9007199254740991');
    expect(encode(json, -1)[0]).toBe(0xfc);
    expect(encode(json, '5')[0]).toBe(0xfc);
    expect(read(json, Buffer.from('99 '))).toBe(99);
    fc.assert(
      fc.property(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger()), (value) => {
        expect(read(json, encode(json, value))).toStrictEqual(asJson(value));
      }),
    );
  });

  it('G11 refuses a value one byte above the limit, envelope not counted', () => {
    const limited = transcoder({ maxValueBytes: 1_000 });
    expect(encode(limited, 'x'.repeat(1_000))).toHaveLength(1_000 + HEADER_BYTES);
    for (const value of ['x'.repeat(1_001), 'é'.repeat(501), Buffer.alloc(1_001), ['x'.repeat(997)]]) {
      expect(refusal(limited, value).code).toBe('ERR_VALUE_TOO_LARGE');
    }
  });

  it('G11 says so when the JSON is too large even for a string', () => {
    expect(refusal(json, { toJSON: () => 'x'.repeat(2 ** 30) }).code).toBe('ERR_VALUE_TOO_LARGE');
  });

  it.each([
    '{"__proto__":{"polluted":1}}',
    '{"a":[{"__proto__":{"polluted":1}}]}',
    '{"\\u005f_proto__":{"polluted":1}}',
    '{"\\u005F\\u005F\\u0070roto\\u005f_":{"polluted":1}}',
    '{"__proto__":{"__proto__":{"polluted":1}},"b":2}',
    '{"__proto__":null}',
  ])('G18 reads %s without a changed prototype, and copying it pollutes nothing', (text) => {
    const value = read(json, enveloped(text));
    if (typeof value !== 'object' || value === null) throw new Error('no object');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).not.toContain('__proto__');
    const copy = Object.assign({}, value);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Reflect.get(copy, 'polluted')).toBeUndefined();
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('G18 S7 removes prototype from under constructor, and no other key of these names', () => {
    expect(read(json, enveloped('{"constructor":{"prototype":{"polluted":1},"name":"x"}}'))).toEqual({
      constructor: { name: 'x' },
    });
    expect(read(json, enveloped('{"c\\u006fnstructor":{"\\u0070rototype":{}}}'))).toEqual({ constructor: {} });
    const harmless = {
      constructor: 'text',
      prototype: { a: 1 },
      protocol: 'https',
      note: '__proto__',
      c: { prototype: 1 },
    };
    expect(read(json, encode(json, harmless))).toEqual(harmless);
  });

  it('G18 leaves no path to a prototype in any value, however it is nested', () => {
    const name = fc.constantFrom('__proto__', 'constructor', 'prototype', 'a', '\\u005f_proto__');
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('1', '"__proto__"', 'null'),
        fc.array(tie('node'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(name, tie('node')), { maxLength: 4 })
          .map((pairs) => `{${pairs.map(([k, v]) => `"${k}":${v}`).join(',')}}`),
      ),
    }));
    fc.assert(
      fc.property(node, (text) => {
        const pending = [read(json, enveloped(String(text)))];
        for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
          if (typeof value !== 'object' || value === null) continue;
          expect(Object.hasOwn(value, '__proto__')).toBe(false);
          const own = Object.hasOwn(value, 'constructor') ? Reflect.get(value, 'constructor') : undefined;
          if (typeof own === 'object' && own !== null) expect(Object.hasOwn(own, 'prototype')).toBe(false);
          pending.push(...Object.values(value));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('S7 survives 100,000 nested arrays and objects, closed or not, and takes them for corrupt', () => {
    const depth = 100_000;
    for (const text of [
      '['.repeat(depth) + ']'.repeat(depth),
      '['.repeat(depth),
      `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
      `{"__proto__":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    ]) {
      expect(read(json, enveloped(text))).toBe(CORRUPT);
    }
  });

  it('S7 reads large flat values and brackets inside strings, which are not deep', () => {
    const flat = Array.from({ length: 30_000 }, (_, i) => ({ i }));
    expect(read(json, encode(json, flat))).toEqual(flat);
    const brackets = ['\\"'.repeat(3) + '['.repeat(50_000)];
    expect(read(json, encode(json, brackets))).toEqual(brackets);
  });

  it('G19 answers a verdict or the corrupt mark for any bytes, and never throws', () => {
    expect(read(json, Buffer.alloc(0))).toBe('foreign');
    expect(read(json, Buffer.from('{"a":1}'))).toBe('foreign');
    expect(read(json, enveloped('{"a":'))).toBe(CORRUPT);
    expect(read(json, enveloped(''))).toBe(CORRUPT);
    expect(read(json, encode(json, { a: 1 }), 'shop:other')).toBe('wrong-key');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        const outcome = read(json, Buffer.from(random));
        expect(typeof outcome === 'number' || outcome === 'foreign' || outcome === 'corrupt').toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('G19 takes damaged and forged compression for corrupt', () => {
    for (const algorithm of COMPRESSED) {
      const codec = transcoder({ compression: { minBytes: 0, algorithm }, maxValueBytes: 1_000 });
      const inner = encode(codec, 'a'.repeat(1_000));
      const small = transcoder({ maxValueBytes: 999 });
      expect(read(codec, inner)).toBe('a'.repeat(1_000));
      expect(read(small, inner)).toBe(CORRUPT);
    }
  });

  it('G19 takes what a custom codec wrote for corrupt, and the other way round', () => {
    const custom = transcoder({ codec: reversing });
    expect(read(json, encode(custom, 'abc'))).toBe(CORRUPT);
    expect(read(custom, encode(json, 'abc'))).toBe(CORRUPT);
  });
});

describe('codec string', () => {
  it('stores the UTF-8 and nothing else', () => {
    expect(string.isEnveloped).toBe(false);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(encode(string, value).equals(Buffer.from(value))).toBe(true);
        expect(read(string, encode(string, value))).toBe(value);
      }),
    );
  });

  it('G8 G5 refuses what is no string, and lone surrogates', () => {
    for (const value of [undefined, null, 5, true, {}, Buffer.from('a'), '\ud800', 'a\udc00']) {
      expect(refusal(string, value).code).toBe('ERR_INVALID_VALUE');
    }
  });

  it('G9 takes the empty string for a value, and keeps digits text', () => {
    expect(read(string, encode(string, ''))).toBe('');
    expect(read(string, Buffer.from('42'))).toBe('42');
  });

  it('G19 takes bytes that are no UTF-8 for corrupt, but a replacement character that was stored for itself', () => {
    for (const broken of [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0xfc, 1, 0]]) {
      expect(read(string, Buffer.from(broken))).toBe(CORRUPT);
    }
    expect(read(string, encode(string, 'a\ufffdb'))).toBe('a\ufffdb');
  });

  it('G11 counts bytes against the limit', () => {
    const limited = transcoder({ codec: 'string', maxValueBytes: 4 });
    expect(read(limited, encode(limited, 'éé'))).toBe('éé');
    expect(refusal(limited, 'éée').code).toBe('ERR_VALUE_TOO_LARGE');
  });
});

describe('codec bytes', () => {
  it('G10 stores and gives back any bytes exactly, as a Buffer of its own', () => {
    expect(bytes.isEnveloped).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (value) => {
        const encoded = encode(bytes, value);
        expect(encoded.equals(value)).toBe(true);
        expect(read(bytes, encoded)).toEqual(Buffer.from(value));
      }),
    );
  });

  it('copies what it is given, since the caller may reuse the buffer before the bytes leave', () => {
    for (const codec of [bytes, json, transcoder({ codec: { ...identity, raw: true } })]) {
      const mine = Buffer.from('before');
      const encoded = encode(codec, mine);
      mine.fill('x');
      expect(read(codec, encoded)).toEqual(Buffer.from('before'));
    }
  });

  it('G8 refuses what is no Uint8Array', () => {
    for (const value of [undefined, null, 'text', 5, [1, 2], new ArrayBuffer(2), new DataView(new ArrayBuffer(2))]) {
      expect(refusal(bytes, value).code).toBe('ERR_INVALID_VALUE');
    }
  });

  it('G9 takes an empty buffer for a value', () => {
    expect(read(bytes, encode(bytes, Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it('G11 refuses what is above the limit', () => {
    expect(refusal(transcoder({ codec: 'bytes', maxValueBytes: 4 }), Buffer.alloc(5)).code).toBe('ERR_VALUE_TOO_LARGE');
  });
});

describe('a codec of the caller', () => {
  it('is enveloped and told the key', () => {
    const seen: string[] = [];
    const codec = transcoder({
      codec: {
        encode: (value, { key }) => {
          seen.push(key);
          return String(value);
        },
        decode: (encoded, { key }) => {
          seen.push(key);
          return encoded.toString();
        },
      },
    });
    expect(codec.isEnveloped).toBe(true);
    expect(read(codec, encode(codec, 'é'))).toBe('é');
    expect(seen).toEqual([KEY, KEY]);
    expect(stampAt(encode(codec, 'x'), 0)).toBe(STAMP);
  });

  it('writes nothing but its own bytes when raw', () => {
    const codec = transcoder({ codec: { ...reversing, raw: true } });
    expect(codec.isEnveloped).toBe(false);
    expect(encode(codec, 'abc').toString()).toBe('cba');
    expect(read(codec, Buffer.from('cba'))).toBe('abc');
    expect(read(codec, Buffer.from('21'))).toBe('12');
  });

  it('R11 is passed by counters when enveloped', () => {
    expect(read(transcoder({ codec: reversing }), Buffer.from('21'))).toBe(21);
  });

  it('is compressed as the others are', () => {
    const codec = transcoder({ codec: reversing, compression: { minBytes: 100 } });
    expect(encode(codec, 'ab'.repeat(500)).length).toBeLessThan(200);
    expect(read(codec, encode(codec, 'ab'.repeat(500)))).toBe('ab'.repeat(500));
  });

  it('F9 makes a call fail when encoding throws or answers no bytes', () => {
    for (const encodeValue of [
      () => {
        throw new Error('no');
      },
      () => 5,
      () => undefined,
      () => Promise.resolve('later'),
      () => '\ud800',
    ]) {
      const codec: Codec<unknown> = { encode: () => '', decode: () => 1 };
      Reflect.set(codec, 'encode', encodeValue);
      expect(refusal(transcoder({ codec }), 'value').code).toBe('ERR_INVALID_VALUE');
    }
    expect(refusal(transcoder({ codec: reversing }), undefined).code).toBe('ERR_INVALID_VALUE');
  });

  it('G19 makes a miss of what decoding throws at', () => {
    const throwing = transcoder({
      codec: {
        encode: () => 'x',
        decode: () => {
          throw new Error('no');
        },
      },
    });
    expect(read(throwing, encode(throwing, 1))).toBe(CORRUPT);
    const nothing = transcoder({ codec: { encode: () => 'x', decode: () => undefined } });
    expect(read(nothing, encode(nothing, 1))).toBe(CORRUPT);
  });

  it('S9 can bind a ciphertext to its key, so that a swapped one is a miss', () => {
    const codec = transcoder({ codec: { ...sealing(), raw: true } });
    const mine = bytesOf(codec.encode('shop:a', secondHash('shop:a'), 'secret', STAMP, 0));
    expect(mine.includes('secret')).toBe(false);
    expect(read(codec, mine, 'shop:a')).toBe('secret');
    expect(read(codec, mine, 'shop:b')).toBe(CORRUPT);
  });
});

/** An envelope around exactly this text, as somebody with access to a node could write it. */
function enveloped(text: string): Buffer {
  const envelope = Buffer.concat([Buffer.alloc(HEADER_BYTES), Buffer.from(text)]);
  sealEnvelope(
    envelope,
    envelope.length,
    flagsOf(FORM_JSON, Buffer.byteLength(text) === text.length, 0),
    HASH,
    STAMP,
    7,
    0,
  );
  return envelope;
}

const identity: Codec<unknown> = {
  encode: (value) => (value instanceof Uint8Array ? value : Buffer.alloc(0)),
  decode: (encoded) => encoded,
};

const reversing: Codec<unknown> = {
  encode: (value) => [...String(value)].reverse().join(''),
  decode: (encoded) => [...encoded.toString()].reverse().join(''),
};

function sealing(): Codec<unknown> {
  const secret = randomBytes(32);
  return {
    encode(value, { key }) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(key));
      return Buffer.concat([nonce, cipher.update(String(value)), cipher.final(), cipher.getAuthTag()]);
    },
    decode(encoded, { key }) {
      const decipher = createDecipheriv('aes-256-gcm', secret, encoded.subarray(0, 12));
      decipher.setAAD(Buffer.from(key)).setAuthTag(encoded.subarray(-16));
      return Buffer.concat([decipher.update(encoded.subarray(12, -16)), decipher.final()]).toString();
    },
  };
}
