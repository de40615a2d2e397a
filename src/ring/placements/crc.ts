/** CRC-32 (IEEE), CRC-16 (CCITT) and their bent forms in C clients. */

import { keyBytes, loadUtf8 } from './key-bytes.js';

const CRC32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** CRC-32 of the UTF-8 bytes, of no more than the first `limit`: twemproxy's crc32a, Ruby's Zlib.crc32, Go's crc32.ChecksumIEEE. */
export function crc32(key: string, limit = Number.POSITIVE_INFINITY): number {
  const length = Math.min(loadUtf8(key), limit);
  const bytes = keyBytes.bytes;
  let crc = -1;
  for (let i = 0; i < length; i++) crc = CRC32[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Fifteen bits of it: libmemcached's `crc`, twemproxy's `crc32`, spymemcached's CRC_HASH, python-memcached's hash. */
export function crc32Middle(key: string): number {
  return (crc32(key) >>> 16) & 0x7fff;
}

/**
 * twemproxy's `crc16` up to 0.5.0: CCITT, but the accumulator has 32 bits and nobody cuts it, so that all but the last
 * bytes are shifted through its upper half.
 */
export function crc16Untruncated(key: string): number {
  const length = loadUtf8(key);
  const bytes = keyBytes.bytes;
  let crc = 0;
  for (let i = 0; i < length; i++) crc = (crc << 8) ^ CRC16[((crc >>> 8) ^ bytes[i]!) & 0xff]!;
  return crc >>> 0;
}
