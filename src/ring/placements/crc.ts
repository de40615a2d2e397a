/** CRC-32 (IEEE), CRC-16 (CCITT) and their bent forms in C clients. */

import { keyBytes, loadUtf8 } from './key-bytes.js';

/** Entry 256 × k + b: what byte b does to the register when k zero bytes follow it. */
const CRC32 = new Uint32Array(1024);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  CRC32[byte] = crc;
}
for (let i = 256; i < 1024; i++) CRC32[i] = CRC32[CRC32[i - 256]! & 0xff]! ^ (CRC32[i - 256]! >>> 8);

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** CRC-32 of the UTF-8 bytes, of no more than the first `limit`: twemproxy's crc32a, Ruby's Zlib.crc32, Go's crc32.ChecksumIEEE. */
export function crc32(key: string, limit = Number.POSITIVE_INFINITY): number {
  const length = Math.min(loadUtf8(key), limit);
  const { bytes, view } = keyBytes;
  let crc = -1;
  let at = 0;
  // Four bytes at once: a table look-up waits for the one before it, so fewer in a row are faster.
  for (; at + 4 <= length; at += 4) {
    crc ^= view.getInt32(at, true);
    crc =
      CRC32[768 + (crc & 0xff)]! ^
      CRC32[512 + ((crc >>> 8) & 0xff)]! ^
      CRC32[256 + ((crc >>> 16) & 0xff)]! ^
      CRC32[crc >>> 24]!;
  }
  for (; at < length; at++) crc = CRC32[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
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
