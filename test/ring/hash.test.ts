import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import xxhash from 'xxhash-wasm';
import { hashKey, tagOf, xxh32 } from '../../src/ring/hash.js';

const wasm = await xxhash();

describe('xxh32', () => {
  it('equals the wasm implementation for texts of every length up to 100', () => {
    for (let length = 0; length <= 100; length++) {
      for (const unit of ['a', 'z{', '\x7f', '\0', 'é', '日', '😀', '\ud800']) {
        const text = unit.repeat(length).slice(0, length);
        expect(xxh32(text)).toBe(wasm.h32(text) >>> 0);
      }
    }
  });

  it('equals the wasm implementation for any text', () => {
    const texts = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 }));
    fc.assert(
      fc.property(texts, (text) => {
        expect(xxh32(text)).toBe(wasm.h32(text) >>> 0);
        expect(hashKey(text)).toBe(wasm.h32(tagOf(text)) >>> 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the published values', () => {
    expect(xxh32('')).toBe(0x02cc5d05);
    expect(xxh32('a')).toBe(0x550d7456);
    expect(xxh32('abc')).toBe(0x32d153ff);
  });
});

describe('the tag of a key', () => {
  it.each([
    ['plain', 'plain'],
    ['{tag}', 'tag'],
    ['a{tag}b', 'tag'],
    ['a{x}{y}', 'x'],
    ['a{{x}}', '{x'],
    ['{}{x}', '{}{x}'],
    ['}{x', '}{x'],
    ['a}b{x}', 'x'],
    ['{open', '{open'],
    ['', ''],
  ])('of %j is %j', (key, tag) => {
    expect(tagOf(key)).toBe(tag);
  });
});
