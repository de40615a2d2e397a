/**
 * Compression of payloads, and decompression that a crafted payload cannot turn against the process.
 *
 * What grows by more than 256 times is refused, when read as corrupt and when written by storing it plain, so whatever was
 * written can be read. Output is bounded by the value limit as well; zlib stops at the bound, so a bomb costs no more
 * memory than a legal value.
 */

import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
} from 'node:zlib';

export type CompressionAlgorithm = 'gzip' | 'deflate-raw' | 'brotli';

export interface CompressionOptions {
  /** Payloads of at least this many bytes are compressed, if that makes them smaller. Below some 200 it seldom does. */
  readonly minBytes: number;
  /**
   * `deflate-raw` is the fastest, `gzip` the same with a checksum of its own, `brotli` the smallest and slowest.
   * Values of either are read whatever is set here.
   * @default 'deflate-raw'
   */
  readonly algorithm?: CompressionAlgorithm | undefined;
}

interface Algorithm {
  compress(bytes: Uint8Array): Buffer;
  decompress(bytes: Uint8Array, maxOutputLength: number): Buffer;
}

const MAX_RATIO = 256;

const ALGORITHMS: Readonly<Record<CompressionAlgorithm, Algorithm>> = {
  gzip: {
    compress: (bytes) => gzipSync(bytes, { level: constants.Z_BEST_SPEED }),
    decompress: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  },
  'deflate-raw': {
    compress: (bytes) => deflateRawSync(bytes, { level: constants.Z_BEST_SPEED }),
    decompress: (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
  },
  brotli: {
    compress: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
    decompress: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength }),
  },
};

/** An algorithm's number in the envelope is its place here, 0 being none. */
const NUMBERED: readonly CompressionAlgorithm[] = ['gzip', 'deflate-raw', 'brotli'];

export function numberOf(algorithm: CompressionAlgorithm): number {
  return NUMBERED.indexOf(algorithm) + 1;
}

/** The compressed bytes; `undefined` if that saves nothing or could not be told from a bomb. */
export function compress(algorithm: CompressionAlgorithm, bytes: Uint8Array): Buffer | undefined {
  const compressed = ALGORITHMS[algorithm].compress(bytes);
  if (compressed.length >= bytes.length || bytes.length > compressed.length * MAX_RATIO) return undefined;
  return compressed;
}

/** The bytes again; `undefined` if they are cut, changed, too many or of no known algorithm. Never throws. */
export function decompress(number: number, bytes: Uint8Array, maxBytes: number): Buffer | undefined {
  const name = NUMBERED[number - 1];
  if (name === undefined || bytes.length === 0) return undefined;
  try {
    return ALGORITHMS[name].decompress(bytes, Math.min(maxBytes, bytes.length * MAX_RATIO));
  } catch {
    return undefined;
  }
}
