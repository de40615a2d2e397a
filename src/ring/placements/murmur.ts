/** Austin Appleby's hashes: MurmurHash2 and 3 (32 bits) and MurmurHash64A, each over the loaded key bytes. */

import { keyBytes, loadUtf8 } from './key-bytes.js';
import { productHigh } from './uint64.js';

/** libhashkit murmur.cc, nc_murmur.c: seed 0xdeadbeef × length, xor length. */
export function murmur2(key: string): number {
  const length = loadUtf8(key);
  const { bytes, view } = keyBytes;
  const m = 0x5bd1e995;
  let hash = Math.imul(0xdeadbeef, length) ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(view.getInt32(at, true), m);
    word = Math.imul(word ^ (word >>> 24), m);
    hash = Math.imul(hash, m) ^ word;
  }
  if (at < length) {
    let tail = 0;
    for (let i = length - 1; i >= at; i--) tail = (tail << 8) | bytes[i]!;
    hash = Math.imul(hash ^ tail, m);
  }
  hash = Math.imul(hash ^ (hash >>> 13), m);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** libhashkit murmur3_api.cc: MurmurHash3_x86_32 with seed 0xdeadbeef × length. */
export function murmur3SeededByLength(key: string): number {
  const length = loadUtf8(key);
  return murmur3(0, length, Math.imul(0xdeadbeef, length), length);
}

/**
 * MurmurHash3_x86_32 of the loaded bytes from `at` to `end`, as the last ones of `length` bytes of which `murmur3Words` has
 * brought those before to the state `hash`; with nothing before, `hash` is the seed.
 */
export function murmur3(at: number, end: number, hash: number, length: number): number {
  const bytes = keyBytes.bytes;
  const whole = at + ((end - at) & ~3);
  let state = murmur3Words(at, whole, hash);
  if (whole < end) {
    let tail = 0;
    for (let i = end - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]!;
    state ^= scramble(tail);
  }
  state ^= length;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** The state after the words between `at` and `end`, a multiple of four bytes apart. */
export function murmur3Words(at: number, end: number, hash: number): number {
  const view = keyBytes.view;
  let state = hash;
  for (let i = at; i < end; i += 4) {
    state ^= scramble(view.getInt32(i, true));
    state = (state << 13) | (state >>> 19);
    state = (Math.imul(state, 5) + 0xe6546b64) | 0;
  }
  return state;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

const M64_HIGH = 0xc6a4a793;
const M64_LOW = 0x5bd1e995;

/**
 * MurmurHash64A of the key's UTF-8 as the GNU C++ library seeds it (0xc70f6907): Envoy's MURMUR_HASH_2. Answers in
 * `into`, upper half first.
 */
export function murmur64(key: string, into: Uint32Array): void {
  const length = loadUtf8(key);
  const { bytes, view } = keyBytes;
  // seed ^ (length × m)
  let high = productHigh(0, length, M64_HIGH, M64_LOW);
  let low = 0xc70f6907 ^ Math.imul(length, M64_LOW);
  // The tail is read as a whole word: what follows it must be zeros.
  bytes.fill(0, length, length + 8);
  for (let at = 0; at < length; at += 8) {
    let wordLow = view.getInt32(at, true);
    let wordHigh = view.getInt32(at + 4, true);
    // Whole words are mixed before they are added, the tail is not.
    if (at + 8 <= length) {
      wordHigh = productHigh(wordHigh, wordLow, M64_HIGH, M64_LOW);
      wordLow = Math.imul(wordLow, M64_LOW) ^ (wordHigh >>> 15);
      wordHigh = productHigh(wordHigh, wordLow, M64_HIGH, M64_LOW);
      wordLow = Math.imul(wordLow, M64_LOW);
    }
    high ^= wordHigh;
    low ^= wordLow;
    high = productHigh(high, low, M64_HIGH, M64_LOW);
    low = Math.imul(low, M64_LOW);
  }
  low ^= high >>> 15;
  high = productHigh(high, low, M64_HIGH, M64_LOW);
  low = Math.imul(low, M64_LOW);
  into[0] = high;
  into[1] = low ^ (high >>> 15);
}
