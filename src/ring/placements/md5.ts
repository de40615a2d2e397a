/**
 * MD5 (RFC 1321) of the loaded key bytes: what ketama places by.
 *
 * Written out step by step, because one call of node:crypto costs 1 µs and this 0.1: the 64 steps depend on one another,
 * 4 to 5 cycles each, which no implementation gets below. Each step adds the parts that do not depend on the step before
 * first, to keep that chain short.
 */

import { keyBytes, loadUtf8 } from './key-bytes.js';

const state = new Int32Array(4);

/** The first four bytes of the digest as a little-endian number: libketama's key hash. */
export function md5(key: string): number {
  digest(loadUtf8(key));
  return state[0]! >>> 0;
}

/** All four little-endian numbers of the digest of a label: libketama's points. */
export function md5Words(label: string): readonly number[] {
  digest(loadUtf8(label));
  return Array.from(state, (word) => word >>> 0);
}

function digest(length: number): void {
  const { bytes, view } = keyBytes;
  const end = ((length + 72) >>> 6) << 6;
  let at = length;
  bytes[at++] = 0x80;
  while ((at & 3) !== 0) bytes[at++] = 0;
  for (; at < end - 8; at += 4) view.setInt32(at, 0);
  view.setInt32(end - 8, length << 3, true);
  view.setInt32(end - 4, length >>> 29, true);
  compress(view, end);
}

function compress(view: DataView, end: number): void {
  let a0 = 0x67452301;
  let b0 = 0xefcdab89 | 0;
  let c0 = 0x98badcfe | 0;
  let d0 = 0x10325476;
  for (let at = 0; at < end; at += 64) {
    const m0 = view.getInt32(at + 0, true);
    const m1 = view.getInt32(at + 4, true);
    const m2 = view.getInt32(at + 8, true);
    const m3 = view.getInt32(at + 12, true);
    const m4 = view.getInt32(at + 16, true);
    const m5 = view.getInt32(at + 20, true);
    const m6 = view.getInt32(at + 24, true);
    const m7 = view.getInt32(at + 28, true);
    const m8 = view.getInt32(at + 32, true);
    const m9 = view.getInt32(at + 36, true);
    const ma = view.getInt32(at + 40, true);
    const mb = view.getInt32(at + 44, true);
    const mc = view.getInt32(at + 48, true);
    const md = view.getInt32(at + 52, true);
    const me = view.getInt32(at + 56, true);
    const mf = view.getInt32(at + 60, true);
    let a = a0;
    let b = b0;
    let c = c0;
    let d = d0;
    a = ((d ^ (b & (c ^ d))) + ((a + m0 + 0xd76aa478) | 0)) | 0;
    a = (((a << 7) | (a >>> 25)) + b) | 0;
    d = ((c ^ (a & (b ^ c))) + ((d + m1 + 0xe8c7b756) | 0)) | 0;
    d = (((d << 12) | (d >>> 20)) + a) | 0;
    c = ((b ^ (d & (a ^ b))) + ((c + m2 + 0x242070db) | 0)) | 0;
    c = (((c << 17) | (c >>> 15)) + d) | 0;
    b = ((a ^ (c & (d ^ a))) + ((b + m3 + 0xc1bdceee) | 0)) | 0;
    b = (((b << 22) | (b >>> 10)) + c) | 0;
    a = ((d ^ (b & (c ^ d))) + ((a + m4 + 0xf57c0faf) | 0)) | 0;
    a = (((a << 7) | (a >>> 25)) + b) | 0;
    d = ((c ^ (a & (b ^ c))) + ((d + m5 + 0x4787c62a) | 0)) | 0;
    d = (((d << 12) | (d >>> 20)) + a) | 0;
    c = ((b ^ (d & (a ^ b))) + ((c + m6 + 0xa8304613) | 0)) | 0;
    c = (((c << 17) | (c >>> 15)) + d) | 0;
    b = ((a ^ (c & (d ^ a))) + ((b + m7 + 0xfd469501) | 0)) | 0;
    b = (((b << 22) | (b >>> 10)) + c) | 0;
    a = ((d ^ (b & (c ^ d))) + ((a + m8 + 0x698098d8) | 0)) | 0;
    a = (((a << 7) | (a >>> 25)) + b) | 0;
    d = ((c ^ (a & (b ^ c))) + ((d + m9 + 0x8b44f7af) | 0)) | 0;
    d = (((d << 12) | (d >>> 20)) + a) | 0;
    c = ((b ^ (d & (a ^ b))) + ((c + ma + 0xffff5bb1) | 0)) | 0;
    c = (((c << 17) | (c >>> 15)) + d) | 0;
    b = ((a ^ (c & (d ^ a))) + ((b + mb + 0x895cd7be) | 0)) | 0;
    b = (((b << 22) | (b >>> 10)) + c) | 0;
    a = ((d ^ (b & (c ^ d))) + ((a + mc + 0x6b901122) | 0)) | 0;
    a = (((a << 7) | (a >>> 25)) + b) | 0;
    d = ((c ^ (a & (b ^ c))) + ((d + md + 0xfd987193) | 0)) | 0;
    d = (((d << 12) | (d >>> 20)) + a) | 0;
    c = ((b ^ (d & (a ^ b))) + ((c + me + 0xa679438e) | 0)) | 0;
    c = (((c << 17) | (c >>> 15)) + d) | 0;
    b = ((a ^ (c & (d ^ a))) + ((b + mf + 0x49b40821) | 0)) | 0;
    b = (((b << 22) | (b >>> 10)) + c) | 0;
    a = ((c & ~d) + (b & d) + ((a + m1 + 0xf61e2562) | 0)) | 0;
    a = (((a << 5) | (a >>> 27)) + b) | 0;
    d = ((b & ~c) + (a & c) + ((d + m6 + 0xc040b340) | 0)) | 0;
    d = (((d << 9) | (d >>> 23)) + a) | 0;
    c = ((a & ~b) + (d & b) + ((c + mb + 0x265e5a51) | 0)) | 0;
    c = (((c << 14) | (c >>> 18)) + d) | 0;
    b = ((d & ~a) + (c & a) + ((b + m0 + 0xe9b6c7aa) | 0)) | 0;
    b = (((b << 20) | (b >>> 12)) + c) | 0;
    a = ((c & ~d) + (b & d) + ((a + m5 + 0xd62f105d) | 0)) | 0;
    a = (((a << 5) | (a >>> 27)) + b) | 0;
    d = ((b & ~c) + (a & c) + ((d + ma + 0x02441453) | 0)) | 0;
    d = (((d << 9) | (d >>> 23)) + a) | 0;
    c = ((a & ~b) + (d & b) + ((c + mf + 0xd8a1e681) | 0)) | 0;
    c = (((c << 14) | (c >>> 18)) + d) | 0;
    b = ((d & ~a) + (c & a) + ((b + m4 + 0xe7d3fbc8) | 0)) | 0;
    b = (((b << 20) | (b >>> 12)) + c) | 0;
    a = ((c & ~d) + (b & d) + ((a + m9 + 0x21e1cde6) | 0)) | 0;
    a = (((a << 5) | (a >>> 27)) + b) | 0;
    d = ((b & ~c) + (a & c) + ((d + me + 0xc33707d6) | 0)) | 0;
    d = (((d << 9) | (d >>> 23)) + a) | 0;
    c = ((a & ~b) + (d & b) + ((c + m3 + 0xf4d50d87) | 0)) | 0;
    c = (((c << 14) | (c >>> 18)) + d) | 0;
    b = ((d & ~a) + (c & a) + ((b + m8 + 0x455a14ed) | 0)) | 0;
    b = (((b << 20) | (b >>> 12)) + c) | 0;
    a = ((c & ~d) + (b & d) + ((a + md + 0xa9e3e905) | 0)) | 0;
    a = (((a << 5) | (a >>> 27)) + b) | 0;
    d = ((b & ~c) + (a & c) + ((d + m2 + 0xfcefa3f8) | 0)) | 0;
    d = (((d << 9) | (d >>> 23)) + a) | 0;
    c = ((a & ~b) + (d & b) + ((c + m7 + 0x676f02d9) | 0)) | 0;
    c = (((c << 14) | (c >>> 18)) + d) | 0;
    b = ((d & ~a) + (c & a) + ((b + mc + 0x8d2a4c8a) | 0)) | 0;
    b = (((b << 20) | (b >>> 12)) + c) | 0;
    a = ((c ^ d ^ b) + ((a + m5 + 0xfffa3942) | 0)) | 0;
    a = (((a << 4) | (a >>> 28)) + b) | 0;
    d = ((b ^ c ^ a) + ((d + m8 + 0x8771f681) | 0)) | 0;
    d = (((d << 11) | (d >>> 21)) + a) | 0;
    c = ((a ^ b ^ d) + ((c + mb + 0x6d9d6122) | 0)) | 0;
    c = (((c << 16) | (c >>> 16)) + d) | 0;
    b = ((d ^ a ^ c) + ((b + me + 0xfde5380c) | 0)) | 0;
    b = (((b << 23) | (b >>> 9)) + c) | 0;
    a = ((c ^ d ^ b) + ((a + m1 + 0xa4beea44) | 0)) | 0;
    a = (((a << 4) | (a >>> 28)) + b) | 0;
    d = ((b ^ c ^ a) + ((d + m4 + 0x4bdecfa9) | 0)) | 0;
    d = (((d << 11) | (d >>> 21)) + a) | 0;
    c = ((a ^ b ^ d) + ((c + m7 + 0xf6bb4b60) | 0)) | 0;
    c = (((c << 16) | (c >>> 16)) + d) | 0;
    b = ((d ^ a ^ c) + ((b + ma + 0xbebfbc70) | 0)) | 0;
    b = (((b << 23) | (b >>> 9)) + c) | 0;
    a = ((c ^ d ^ b) + ((a + md + 0x289b7ec6) | 0)) | 0;
    a = (((a << 4) | (a >>> 28)) + b) | 0;
    d = ((b ^ c ^ a) + ((d + m0 + 0xeaa127fa) | 0)) | 0;
    d = (((d << 11) | (d >>> 21)) + a) | 0;
    c = ((a ^ b ^ d) + ((c + m3 + 0xd4ef3085) | 0)) | 0;
    c = (((c << 16) | (c >>> 16)) + d) | 0;
    b = ((d ^ a ^ c) + ((b + m6 + 0x04881d05) | 0)) | 0;
    b = (((b << 23) | (b >>> 9)) + c) | 0;
    a = ((c ^ d ^ b) + ((a + m9 + 0xd9d4d039) | 0)) | 0;
    a = (((a << 4) | (a >>> 28)) + b) | 0;
    d = ((b ^ c ^ a) + ((d + mc + 0xe6db99e5) | 0)) | 0;
    d = (((d << 11) | (d >>> 21)) + a) | 0;
    c = ((a ^ b ^ d) + ((c + mf + 0x1fa27cf8) | 0)) | 0;
    c = (((c << 16) | (c >>> 16)) + d) | 0;
    b = ((d ^ a ^ c) + ((b + m2 + 0xc4ac5665) | 0)) | 0;
    b = (((b << 23) | (b >>> 9)) + c) | 0;
    a = ((c ^ (b | ~d)) + ((a + m0 + 0xf4292244) | 0)) | 0;
    a = (((a << 6) | (a >>> 26)) + b) | 0;
    d = ((b ^ (a | ~c)) + ((d + m7 + 0x432aff97) | 0)) | 0;
    d = (((d << 10) | (d >>> 22)) + a) | 0;
    c = ((a ^ (d | ~b)) + ((c + me + 0xab9423a7) | 0)) | 0;
    c = (((c << 15) | (c >>> 17)) + d) | 0;
    b = ((d ^ (c | ~a)) + ((b + m5 + 0xfc93a039) | 0)) | 0;
    b = (((b << 21) | (b >>> 11)) + c) | 0;
    a = ((c ^ (b | ~d)) + ((a + mc + 0x655b59c3) | 0)) | 0;
    a = (((a << 6) | (a >>> 26)) + b) | 0;
    d = ((b ^ (a | ~c)) + ((d + m3 + 0x8f0ccc92) | 0)) | 0;
    d = (((d << 10) | (d >>> 22)) + a) | 0;
    c = ((a ^ (d | ~b)) + ((c + ma + 0xffeff47d) | 0)) | 0;
    c = (((c << 15) | (c >>> 17)) + d) | 0;
    b = ((d ^ (c | ~a)) + ((b + m1 + 0x85845dd1) | 0)) | 0;
    b = (((b << 21) | (b >>> 11)) + c) | 0;
    a = ((c ^ (b | ~d)) + ((a + m8 + 0x6fa87e4f) | 0)) | 0;
    a = (((a << 6) | (a >>> 26)) + b) | 0;
    d = ((b ^ (a | ~c)) + ((d + mf + 0xfe2ce6e0) | 0)) | 0;
    d = (((d << 10) | (d >>> 22)) + a) | 0;
    c = ((a ^ (d | ~b)) + ((c + m6 + 0xa3014314) | 0)) | 0;
    c = (((c << 15) | (c >>> 17)) + d) | 0;
    b = ((d ^ (c | ~a)) + ((b + md + 0x4e0811a1) | 0)) | 0;
    b = (((b << 21) | (b >>> 11)) + c) | 0;
    a = ((c ^ (b | ~d)) + ((a + m4 + 0xf7537e82) | 0)) | 0;
    a = (((a << 6) | (a >>> 26)) + b) | 0;
    d = ((b ^ (a | ~c)) + ((d + mb + 0xbd3af235) | 0)) | 0;
    d = (((d << 10) | (d >>> 22)) + a) | 0;
    c = ((a ^ (d | ~b)) + ((c + m2 + 0x2ad7d2bb) | 0)) | 0;
    c = (((c << 15) | (c >>> 17)) + d) | 0;
    b = ((d ^ (c | ~a)) + ((b + m9 + 0xeb86d391) | 0)) | 0;
    b = (((b << 21) | (b >>> 11)) + c) | 0;
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  state[0] = a0;
  state[1] = b0;
  state[2] = c0;
  state[3] = d0;
}
