import fc from 'fast-check';
import { expect, it } from 'vitest';
import loadXxhash from 'xxhash-wasm';
import { xxh32Of, xxh64Of } from '../../src/ring/xxhash.js';

const wasm = await loadXxhash();
const text = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 100 }));

it('hashes as the WebAssembly does, at every length and seed', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Buffer.alloc(length, 0xe5).map((byte, i) => byte + i * 7);
    expect(xxh32Of(Buffer.from(bytes))).toBe(wasm.h32Raw(bytes) >>> 0);
    expect(xxh64Of(Buffer.from(bytes), 0n)).toBe(wasm.h64Raw(bytes));
  }
  fc.assert(
    fc.property(text, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value, seed) => {
      const bytes = Buffer.from(value, 'utf8');
      expect(xxh32Of(bytes)).toBe(wasm.h32(value) >>> 0);
      expect(xxh64Of(bytes, seed)).toBe(wasm.h64(value, seed));
    }),
  );
});
