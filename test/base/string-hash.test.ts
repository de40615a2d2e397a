import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';

/** A string whose UTF-16LE bytes are the given ASCII text; the length must be even. */
function asCodeUnits(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('utf16le');
}

describe('secondHash', () => {
  it('agrees with the published vectors of MurmurHash3_x86_32', () => {
    expect(secondHash('', 0)).toBe(0);
    expect(secondHash('', 1)).toBe(0x514e28b7);
    expect(secondHash('', 0xffffffff)).toBe(0x81f16f39);
    expect(secondHash(asCodeUnits('test'), 0)).toBe(0xba6bd213);
    expect(secondHash(asCodeUnits('test'), 0x9747b28c)).toBe(0x704b81dc);
    expect(secondHash(asCodeUnits('aaaa'), 0x9747b28c)).toBe(0x5a97808a);
    expect(secondHash(asCodeUnits('aa'), 0x9747b28c)).toBe(0x5d211726);
    expect(secondHash(asCodeUnits('abcd'), 0x9747b28c)).toBe(0xf0478627);
    expect(secondHash(asCodeUnits('ab'), 0x9747b28c)).toBe(0x74875592);
  });

  it('is an unsigned 32-bit number for any string, and the same each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        const hash = secondHash(key);
        expect(hash).toBe(hash >>> 0);
        expect(secondHash(`${key}`)).toBe(hash);
      }),
    );
  });

  it('fills 65,536 buckets evenly by its low bits and by its high bits', () => {
    const low = new Uint32Array(65_536);
    const high = new Uint32Array(65_536);
    const count = 655_360;
    for (let i = 0; i < count; i++) {
      const hash = secondHash(`user:profile:${i}`);
      low[hash & 0xffff]!++;
      high[hash >>> 16]!++;
    }
    for (const buckets of [low, high]) {
      const mean = count / 65_536;
      let chiSquare = 0;
      for (const filled of buckets) chiSquare += (filled - mean) ** 2 / mean;
      // 65,535 degrees of freedom: standard deviation 362, so five of them either way.
      expect(Math.abs(chiSquare - 65_535)).toBeLessThan(1_810);
    }
  });

  it('tells apart keys that differ in one character', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
        fc.nat(),
        fc.nat({ max: 0xffff }),
        (key, at, unit) => {
          const index = at % key.length;
          const other = key.slice(0, index) + String.fromCharCode(unit) + key.slice(index + 1);
          expect(secondHash(other) === secondHash(key)).toBe(other === key);
        },
      ),
    );
  });
});
