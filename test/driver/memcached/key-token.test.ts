import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyToken, MAX_KEY_BYTES, writePlainKey } from '../../../src/driver/memcached/key-token.js';

function plain(key: string): string | undefined {
  const bytes = Buffer.alloc(300);
  const end = writePlainKey(bytes, 3, key);
  return end === -1 ? undefined : bytes.latin1Slice(3, end);
}

describe('keys on the wire', () => {
  it('go as they are where every character is from 0x21 to 0x7e', () => {
    for (let code = 0; code < 0x180; code++) {
      const key = `a${String.fromCharCode(code)}b`;
      expect(plain(key)).toBe(code > 0x20 && code < 0x7f ? key : undefined);
    }
  });

  it('go in base64 otherwise, which decodes to their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (key) => {
        if (plain(key) !== undefined) return;
        const token = keyToken(key);
        expect(token?.isBase64).toBe(true);
        expect(Buffer.from(token?.text ?? '', 'base64')).toEqual(Buffer.from(key));
      }),
    );
  });

  it('are never written in more than the 250 characters that memcached takes, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 150, maxLength: 200 }), (key) => {
        const text = plain(key) ?? keyToken(key)?.text;
        if (text === undefined) return;
        expect(text.length).toBeLessThanOrEqual(250);
        expect(text).not.toMatch(/[\x00-\x20\x7f]/);
      }),
    );
  });

  it('G2, G1: are refused if empty or longer than 187 bytes', () => {
    expect(MAX_KEY_BYTES).toBe(187);
    for (const key of ['', 'k'.repeat(188), 'é'.repeat(94)]) {
      expect(plain(key)).toBeUndefined();
      expect(keyToken(key)).toBeUndefined();
    }
    expect(plain('k'.repeat(187))).toBe('k'.repeat(187));
  });

  it('of 187 bytes go as bare bytes, since base64 would take 252 characters, unless a byte would end a word', () => {
    const wide = `x${'é'.repeat(93)}`;
    expect(keyToken(wide)).toEqual({ text: Buffer.from(wide).latin1Slice(), isBase64: false });
    for (const byte of ['\0', '\n', '\r', ' ', '\x7f']) expect(keyToken(`${byte}${'é'.repeat(93)}`)).toBeUndefined();
    expect(keyToken(` ${'k'.repeat(185)}`)?.isBase64).toBe(true);
  });
});
