import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CacheError, OptionError } from '../src/errors.js';
import { KeySpace, MAX_WIRE_KEY_BYTES } from '../src/key.js';

const plain = KeySpace.create();
const shop = KeySpace.create({ namespace: 'shop' });

function refusal(key: unknown): CacheError {
  try {
    // As a caller without types would.
    Reflect.apply(shop.toWireKey, shop, [key]);
  } catch (error) {
    if (error instanceof CacheError) return error;
  }
  throw new Error('the key was taken');
}

/** Legal keys of every length class, with the marker, tags and separators over-represented. */
const legalKey = fc.oneof(
  fc.string({ minLength: 1, maxLength: 80, unit: 'binary' }),
  fc.string({ minLength: 50, maxLength: 260, unit: 'grapheme-ascii' }),
  fc.string({ minLength: 40, maxLength: 100, unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('a', ':', '{', '}', '~sha256:', '~lease~', 'é', '\u{1f600}', 'x'.repeat(60)), {
      minLength: 1,
    })
    .map((p) => p.join('')),
);
const namespace = fc.option(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), { nil: undefined });

describe('KeySpace.toWireKey', () => {
  it('puts the namespace before the key, or takes the key as it is', () => {
    expect(shop.toWireKey('user:7')).toBe('shop:user:7');
    expect(plain.toWireKey('user:7')).toBe('user:7');
    expect(shop.prefix).toBe('shop:');
    expect(plain.prefix).toBe('');
  });

  it('S5 is injective over keys and namespaces', () => {
    fc.assert(
      fc.property(namespace, namespace, legalKey, legalKey, (left, right, a, b) => {
        const one = KeySpace.create({ namespace: left });
        const other = KeySpace.create({ namespace: right });
        if (left === right) expect(one.toWireKey(a) === other.toWireKey(b)).toBe(a === b);
        // Without a namespace a key is used as it is and may spell out a namespaced one: that space is shared by choice.
        else if (left !== undefined && right !== undefined) expect(one.toWireKey(a)).not.toBe(other.toWireKey(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('S5 keeps namespace and key apart where a plain join would not', () => {
    expect(KeySpace.create({ namespace: 'a' }).toWireKey('b:c')).not.toBe(
      KeySpace.create({ namespace: 'a.b' }).toWireKey('c'),
    );
    expect(() => KeySpace.create({ namespace: 'a:b' })).toThrow(OptionError);
  });

  it('S5 digests with the namespace in the hash input and in the clear', () => {
    const long = 'k'.repeat(300);
    const wire = shop.toWireKey(long);
    expect(wire).toBe(`shop:~sha256:${createHash('sha256').update(`shop:${long}`).digest('base64url')}`);
    expect(KeySpace.create({ namespace: 'mart' }).toWireKey(long).slice(5)).not.toBe(wire.slice(5));
  });

  it('S5 digests a key that imitates a digested one', () => {
    const digested = plain.toWireKey('k'.repeat(300));
    expect(plain.toWireKey(digested)).not.toBe(digested);
    expect(plain.toWireKey(digested)).toMatch(/^~sha256:/);
    expect(plain.toWireKey('~sha25')).toBe('~sha25');
  });

  it('G1 sends 186 bytes as they are and digests 187, namespace included', () => {
    for (const size of [185, 186]) expect(plain.toWireKey('k'.repeat(size))).toBe('k'.repeat(size));
    for (const size of [181]) expect(shop.toWireKey('k'.repeat(size))).toBe(`shop:${'k'.repeat(size)}`);
    expect(shop.toWireKey('k'.repeat(182))).toMatch(/^shop:~sha256:/);
    for (const size of [187, 189, 249, 250, 251, 252, 65_535, 65_536]) {
      expect(plain.toWireKey('k'.repeat(size))).toMatch(/^~sha256:[\w-]{43}$/);
    }
  });

  it('G1 counts bytes, not characters, at the edge', () => {
    const twoByteUnits = 'é'.repeat(93);
    expect(plain.toWireKey(twoByteUnits)).toBe(twoByteUnits);
    expect(plain.toWireKey(`${twoByteUnits}k`)).toMatch(/^~sha256:/);
    const threeByteUnits = '€'.repeat(62);
    expect(plain.toWireKey(threeByteUnits)).toBe(threeByteUnits);
    expect(plain.toWireKey(`${threeByteUnits}k`)).toMatch(/^~sha256:/);
    const fourByteUnits = '\u{1f600}'.repeat(46);
    expect(plain.toWireKey(`${fourByteUnits}kk`)).toBe(`${fourByteUnits}kk`);
    expect(plain.toWireKey(`${fourByteUnits}kkk`)).toMatch(/^~sha256:/);
  });

  it('G1 never makes a wire key above the limit', () => {
    fc.assert(
      fc.property(namespace, legalKey, (name, key) => {
        const wire = KeySpace.create({ namespace: name }).toWireKey(key);
        expect(Buffer.byteLength(wire)).toBeLessThanOrEqual(MAX_WIRE_KEY_BYTES);
      }),
      { numRuns: 1_000 },
    );
  });

  it('G1 keeps the hash tag of a digested key, so that tagged keys stay together', () => {
    const long = 'k'.repeat(300);
    expect(shop.toWireKey(`{cart:7}:${long}`)).toMatch(/^shop:~sha256:[\w-]{43}\{cart:7\}$/);
    expect(shop.toWireKey(`${long}{a{b}c}`)).toMatch(/\{a\{b\}$/);
    expect(shop.toWireKey(`${'{'}${'t'.repeat(64)}}${long}`)).toContain(`{${'t'.repeat(64)}}`);
    for (const untagged of [`{}${long}{x}`, `{${'t'.repeat(65)}}${long}`, `{${'é'.repeat(33)}}${long}`, `}${long}{`]) {
      expect(shop.toWireKey(untagged)).toMatch(/^shop:~sha256:[\w-]{43}$/);
    }
  });

  it('G2 refuses the empty key', () => {
    expect(refusal('').code).toBe('ERR_INVALID_KEY');
  });

  it('G3 takes every byte from 0 to 255, and breaks, as data', () => {
    const wires = new Set<string>();
    for (let unit = 0; unit < 256; unit++) {
      const key = `a${String.fromCharCode(unit)}b`;
      const wire = shop.toWireKey(key);
      expect(wire).toBe(`shop:${key}`);
      expect(shop.fromWireKey(wire)).toBe(key);
      wires.add(wire);
    }
    expect(wires.size).toBe(256);
    expect(shop.toWireKey('k\r\nFLUSHALL\r\n')).toBe('shop:k\r\nFLUSHALL\r\n');
  });

  it('G4 takes Unicode as it is: composed and decomposed forms are two keys', () => {
    const composed = 'caf\u00e9';
    const decomposed = 'cafe\u0301';
    expect(composed.normalize('NFD')).toBe(decomposed);
    expect(shop.toWireKey(composed)).not.toBe(shop.toWireKey(decomposed));
    expect(shop.toWireKey('\u{1f469}\u200d\u{1f680}')).toBe('shop:\u{1f469}\u200d\u{1f680}');
  });

  it('G5 refuses lone surrogates, which UTF-8 would turn into one and the same character', () => {
    for (const key of ['\ud800', '\udfff', 'a\ud83d', '\ude00\ud83d', `${'x'.repeat(500)}\ud800`]) {
      expect(refusal(key).code).toBe('ERR_INVALID_KEY');
    }
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
        (key) => {
          const survives = Buffer.from(key, 'utf8').toString('utf8') === key;
          if (survives) expect(shop.fromWireKey(shop.toWireKey(key))).toBe(key);
          else expect(refusal(key).code).toBe('ERR_INVALID_KEY');
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('G6 refuses binary keys instead of turning them into text', () => {
    for (const key of [Buffer.from('abc'), new Uint8Array([1, 2]), new ArrayBuffer(2)]) {
      expect(refusal(key).message).toContain('got object');
    }
  });

  it('G7 refuses whatever is no string', () => {
    for (const key of [undefined, null, 7, 0, true, Symbol('k'), 7n, {}, [], new String('k'), () => 'k']) {
      expect(refusal(key).code).toBe('ERR_INVALID_KEY');
    }
  });

  it('G17 takes the names of Object.prototype as plain keys', () => {
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty', '{__proto__}:x', 'toString']) {
      expect(shop.fromWireKey(shop.toWireKey(key))).toBe(key);
    }
  });

  it('S13 shows no more than the beginning of a refused key, in printable characters', () => {
    const { message } = refusal(`secret-${'x'.repeat(40)}tail\ud800`);
    expect(message).toContain('"secret-xxx');
    expect(message).not.toContain('tail');
    expect(message).toContain('52 characters');
    expect(refusal('\u001b[31m\u202e\ud800').message).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('KeySpace.fromWireKey', () => {
  it('undoes toWireKey, except for digested keys, which cannot be turned back', () => {
    fc.assert(
      fc.property(namespace, legalKey, (name, key) => {
        const space = KeySpace.create({ namespace: name });
        const wire = space.toWireKey(key);
        expect(space.fromWireKey(wire)).toBe(wire === space.prefix + key ? key : undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  it('S21 answers undefined for keys of another namespace', () => {
    expect(shop.fromWireKey('shopping:a')).toBeUndefined();
    expect(shop.fromWireKey('mart:a')).toBeUndefined();
    expect(shop.fromWireKey('a')).toBeUndefined();
    expect(shop.fromWireKey('shop:')).toBeUndefined();
    expect(shop.fromWireKey(`shop:${'x'.repeat(200)}`)).toBeUndefined();
  });
});

describe('KeySpace.create', () => {
  it('refuses malformed namespaces, naming the option', () => {
    for (const name of ['', 'a:b', 'a b', 'é', '{t}', 'a\n', 'x'.repeat(65)]) {
      expect(() => KeySpace.create({ namespace: name })).toThrow(OptionError);
    }
    expect(() => Reflect.apply(KeySpace.create, KeySpace, [{ namespace: 7 }])).toThrow(/^namespace: .* got number$/);
    expect(KeySpace.create({ namespace: 'A-z_0.9' }).toWireKey('k')).toBe('A-z_0.9:k');
  });
});
