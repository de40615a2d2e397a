/**
 * Bob Jenkins' hashes as libmemcached and twemproxy have them: one-at-a-time (their `default`, `one_at_a_time`; libhashkit
 * one_at_a_time.cc) and lookup3 with initial value 13 (`jenkins`; libhashkit jenkins.cc).
 */

import { keyBytes, loadUtf8 } from './key-bytes.js';

/** Bytes count as signed chars, as on x86-64. */
export function oneAtATime(key: string): number {
  const length = loadUtf8(key);
  const bytes = keyBytes.bytes;
  let hash = 0;
  for (let i = 0; i < length; i++) {
    hash = (hash + ((bytes[i]! << 24) >> 24)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  return (hash + (hash << 15)) >>> 0;
}

export function lookup3(key: string): number {
  const length = loadUtf8(key);
  const { view } = keyBytes;
  // A word that reaches past the end must read as if zeros followed.
  for (let i = 0; i < 12; i += 4) view.setInt32(length + i, 0);
  let a = (0xdeadbeef + length + 13) | 0;
  let b = a;
  let c = a;
  if (length === 0) return c >>> 0;
  let at = 0;
  for (; length - at > 12; at += 12) {
    a = (a + view.getInt32(at, true)) | 0;
    b = (b + view.getInt32(at + 4, true)) | 0;
    c = (c + view.getInt32(at + 8, true)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  a = (a + view.getInt32(at, true)) | 0;
  b = (b + view.getInt32(at + 4, true)) | 0;
  c = (c + view.getInt32(at + 8, true)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  return ((c ^ b) - rotate(b, 24)) >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
