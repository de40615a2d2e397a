/** SHA-1 (FIPS 180-4) of a key: hashring's `sha1` option and dalli's points. A call of node:crypto costs six times as much. */

import { keyBytes, loadUtf8 } from './key-bytes.js';

const words = new Int32Array(80);
const state = new Int32Array(5);

/** The first `count` (of five) big-endian 32-bit words of the digest. */
export function sha1Words(text: string, count: number): readonly number[] {
  digest(loadUtf8(text));
  return Array.from(state.subarray(0, count), (word) => word >>> 0);
}

/** The first four bytes as a little-endian number, as hashring reads any digest. */
export function sha1Little(key: string): number {
  digest(loadUtf8(key));
  return swapBytes(state[0]!);
}

export function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function digest(length: number): void {
  const { bytes, view } = keyBytes;
  const end = ((length + 72) >>> 6) << 6;
  bytes[length] = 0x80;
  bytes.fill(0, length + 1, end - 8);
  view.setInt32(end - 8, length >>> 29);
  view.setInt32(end - 4, length << 3);
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
  for (let at = 0; at < end; at += 64) compress(view, at);
}

function compress(view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 80; i++) {
    const word = words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!;
    words[i] = (word << 1) | (word >>> 31);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  for (let i = 0; i < 20; i++) {
    const next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + ((e + words[i]! + 0x5a827999) | 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 20; i < 40; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + ((e + words[i]! + 0x6ed9eba1) | 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 40; i < 60; i++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + ((e + words[i]! + 0x8f1bbcdc) | 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 60; i < 80; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + ((e + words[i]! + 0xca62c1d6) | 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
}
