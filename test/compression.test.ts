import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CompressionAlgorithm, compress, decompress, numberOf } from '../src/compression.js';

const ALGORITHMS: readonly CompressionAlgorithm[] = ['gzip', 'deflate-raw', 'brotli'];
const LIMIT = 1_024 * 1_024;
const GIBIBYTE = 1_024 ** 3;

describe.each(ALGORITHMS)('compression by %s', (algorithm) => {
  it('gives back the same bytes, or declines', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 1, max: 40 }), (unit, times) => {
        const bytes = Buffer.concat(Array<Uint8Array>(times).fill(unit));
        const compressed = compress(algorithm, bytes);
        if (compressed === undefined) return;
        expect(compressed.length).toBeLessThan(bytes.length);
        expect(decompress(numberOf(algorithm), compressed, LIMIT)?.equals(bytes)).toBe(true);
      }),
    );
    expect(compress(algorithm, Buffer.from('abc'.repeat(100)))).toBeDefined();
  });

  it('declines what does not shrink', () => {
    expect(compress(algorithm, randomBytes(500))).toBeUndefined();
  });

  it('S8 reads back the most compressible value, or declined to write it', () => {
    const compressed = compress(algorithm, Buffer.alloc(LIMIT));
    if (compressed === undefined) expect(algorithm).toBe('brotli');
    else expect(decompress(numberOf(algorithm), compressed, LIMIT)?.equals(Buffer.alloc(LIMIT))).toBe(true);
  });

  it('G19 answers undefined for bytes that were cut or are of something else', () => {
    const compressed = compress(algorithm, Buffer.from('abcdefgh'.repeat(50))) ?? Buffer.alloc(0);
    expect(compressed.length).toBeGreaterThan(4);
    for (let end = 0; end < compressed.length; end++) {
      expect(decompress(numberOf(algorithm), compressed.subarray(0, end), LIMIT)).toBeUndefined();
    }
    expect(decompress(numberOf(algorithm), Buffer.from('no such stream'), LIMIT)).toBeUndefined();
  });

  it('keeps to the limit on values', () => {
    const compressed = compress(algorithm, Buffer.from('abcdefgh'.repeat(50))) ?? Buffer.alloc(0);
    expect(decompress(numberOf(algorithm), compressed, 400)).toHaveLength(400);
    expect(decompress(numberOf(algorithm), compressed, 399)).toBeUndefined();
  });
});

describe('decompression', () => {
  it('S8 stops a bomb of a kilobyte that would grow to a gibibyte, without the memory for it', () => {
    const megabyte = Buffer.alloc(LIMIT);
    const bombs = [
      [1, gzipSync(megabyte, { level: 9 })],
      [2, deflateRawSync(megabyte, { level: 9 })],
      [3, brotliCompressSync(Buffer.alloc(16 * LIMIT))],
    ] as const;
    const before = process.memoryUsage().rss;
    for (const [number, bomb] of bombs) {
      expect(bomb.length).toBeLessThan(1_100);
      expect(decompress(number, bomb, GIBIBYTE)).toBeUndefined();
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * LIMIT);
  });

  it('G19 answers undefined for an algorithm it does not know', () => {
    expect(decompress(0, Buffer.from('x'), LIMIT)).toBeUndefined();
    expect(decompress(4, Buffer.from('x'), LIMIT)).toBeUndefined();
  });
});
