import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../src/base/checksum.js';

const bytes = fc.uint8Array({ minLength: 0, maxLength: 80 }).map((array) => Buffer.from(array));
const sized = [
  bytes,
  fc.uint8Array({ minLength: 1_000, maxLength: 1_100 }).map((array) => Buffer.from(array)),
] as const;

describe('checksum', () => {
  it('depends on the bytes and not on where they lie', () => {
    fc.assert(
      fc.property(fc.oneof(...sized), fc.nat({ max: 20 }), fc.nat(), (content, offset, seed) => {
        const elsewhere = Buffer.concat([Buffer.alloc(offset, 1), content, Buffer.alloc(7, 2)]);
        const sum = checksum(content, 0, content.length, seed);
        expect(sum).toBe(sum >>> 0);
        expect(checksum(elsewhere, offset, offset + content.length, seed)).toBe(sum);
      }),
    );
  });

  it('shows every change of a single byte', () => {
    fc.assert(
      fc.property(fc.oneof(...sized), fc.nat(), fc.integer({ min: 1, max: 255 }), (content, at, flip) => {
        fc.pre(content.length > 0);
        const changed = Buffer.from(content);
        const index = at % content.length;
        changed[index] = changed[index]! ^ flip;
        expect(checksum(changed, 0, changed.length, 1)).not.toBe(checksum(content, 0, content.length, 1));
      }),
    );
  });

  it('shows cut, swapped and repeated bytes', () => {
    const text = Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789');
    const sums = new Set<number>();
    for (let end = 0; end <= text.length; end++) sums.add(checksum(text, 0, end, 0));
    for (let end = 0; end <= 40; end++) sums.add(checksum(Buffer.alloc(end), 0, end, 0));
    for (let at = 0; at + 8 <= text.length; at++) {
      const swapped = Buffer.from(text);
      text.copy(swapped, at, at + 4, at + 8);
      text.copy(swapped, at + 4, at, at + 4);
      sums.add(checksum(swapped, 0, swapped.length, 0));
    }
    // The empty input is in two of the series.
    expect(sums.size).toBe(37 + 41 - 1 + 29);
  });

  it('differs by its seed', () => {
    const text = Buffer.from('value');
    expect(new Set([0, 1, 2, 0x80000000, 0xffffffff].map((seed) => checksum(text, 0, 5, seed))).size).toBe(5);
  });
});
