/** Values as text and back, alone or with their key. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heldKey, toText, toValue } from '../../../src/adapters/keyv/stored-text.js';

/** Names that would change a prototype are taken out when they are read. */
const harmless = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('proto'));
const values = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array().map(Buffer.from),
  harmless,
);
const keys = fc.string({ unit: 'binary' });

describe('a stored text', () => {
  it('gives back the value, and the key if it holds one', () => {
    fc.assert(
      fc.property(values, keys, fc.boolean(), (value, key, withKey) => {
        const text = toText(value, key, withKey);
        expect(toValue(text)).toEqual(JSON.parse(JSON.stringify(value), revived));
        expect(heldKey(text)).toBe(withKey ? key : undefined);
      }),
    );
  });

  it('is nobody else’s text, and no number', () => {
    for (const foreign of ['', 'x', 'S', 'S5', 'Sx:', 'j', 'j{', '{"value":1}', 5, undefined, null, { s: 1 }])
      expect(toValue(foreign)).toBeUndefined();
    expect(toText(5, 'k', false)).toBe('j5');
  });

  it('refuses what JSON cannot say', () => {
    for (const value of [undefined, 5n, () => 1, new Map([[1, 2]])])
      expect(() => toText(value, 'k', false)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_VALUE' }));
  });
});

/** -0 is 0 in JSON; Buffers are no JSON and come back as they were. */
function revived(_: string, value: unknown): unknown {
  const isBuffer = typeof value === 'object' && value !== null && Reflect.get(value, 'type') === 'Buffer';
  const data: unknown = isBuffer ? Reflect.get(value, 'data') : undefined;
  return Array.isArray(data) ? Buffer.from(data) : value;
}
