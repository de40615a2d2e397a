/** Austin Appleby's hashes: MurmurHash2 and 3 (32 bits) and MurmurHash64A, each over the loaded key bytes. */

import { keyBytes, loadUtf8 } from './key-bytes.js';

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

const M64_HIGH = 0xc6a4a793 | 0;
const M64_LOW = 0x5bd1e995;
/** From here on loading the key's bytes first is faster than reading its characters. */
const SHORT = 64;

/**
 * MurmurHash64A of the key's UTF-8 as the GNU C++ library seeds it (0xc70f6907): Envoy's MURMUR_HASH_2. Answers in
 * `into`, upper half first. Of a short ASCII key the characters are the bytes, and no buffer lies between: 43 ns of 59.
 */
export function murmur64(key: string, into: Uint32Array): void {
  const length = key.length;
  let high = timesHigh(0, length);
  let low = 0xc70f6907 ^ Math.imul(length, M64_LOW);
  let wide = length > SHORT ? 0x80 : 0;
  let at = 0;
  for (; wide < 0x80 && at + 8 <= length; at += 8) {
    let c0 = key.charCodeAt(at);
    let c1 = key.charCodeAt(at + 1);
    let c2 = key.charCodeAt(at + 2);
    let c3 = key.charCodeAt(at + 3);
    wide |= c0 | c1 | c2 | c3;
    let wordLow = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24);
    c0 = key.charCodeAt(at + 4);
    c1 = key.charCodeAt(at + 5);
    c2 = key.charCodeAt(at + 6);
    c3 = key.charCodeAt(at + 7);
    wide |= c0 | c1 | c2 | c3;
    let wordHigh = timesHigh(c0 | (c1 << 8) | (c2 << 16) | (c3 << 24), wordLow);
    wordLow = Math.imul(wordLow, M64_LOW) ^ (wordHigh >>> 15);
    wordHigh = timesHigh(wordHigh, wordLow);
    low ^= Math.imul(wordLow, M64_LOW);
    high = timesHigh(high ^ wordHigh, low);
    low = Math.imul(low, M64_LOW);
  }
  // The tail is added without being mixed before.
  if (wide < 0x80 && at < length) {
    let wordLow = 0;
    let wordHigh = 0;
    for (let i = length - 1; i >= at + 4; i--) {
      const code = key.charCodeAt(i);
      wide |= code;
      wordHigh = (wordHigh << 8) | code;
    }
    for (let i = Math.min(length, at + 4) - 1; i >= at; i--) {
      const code = key.charCodeAt(i);
      wide |= code;
      wordLow = (wordLow << 8) | code;
    }
    low ^= wordLow;
    high = timesHigh(high ^ wordHigh, low);
    low = Math.imul(low, M64_LOW);
  }
  if (wide < 0x80) finish(high, low, into);
  else murmur64Loaded(key, into);
}

function murmur64Loaded(key: string, into: Uint32Array): void {
  const length = loadUtf8(key);
  const { view } = keyBytes;
  // seed ^ (length × m)
  let high = timesHigh(0, length);
  let low = 0xc70f6907 ^ Math.imul(length, M64_LOW);
  // The tail is read as a whole word: what follows it must be zeros.
  view.setInt32(length, 0);
  view.setInt32(length + 4, 0);
  for (let at = 0; at < length; at += 8) {
    let wordLow = view.getInt32(at, true);
    let wordHigh = view.getInt32(at + 4, true);
    if (at + 8 <= length) {
      wordHigh = timesHigh(wordHigh, wordLow);
      wordLow = Math.imul(wordLow, M64_LOW) ^ (wordHigh >>> 15);
      wordHigh = timesHigh(wordHigh, wordLow);
      wordLow = Math.imul(wordLow, M64_LOW);
    }
    low ^= wordLow;
    high = timesHigh(high ^ wordHigh, low);
    low = Math.imul(low, M64_LOW);
  }
  finish(high, low, into);
}

function finish(high: number, low: number, into: Uint32Array): void {
  const mixed = low ^ (high >>> 15);
  const top = timesHigh(high, mixed);
  into[0] = top;
  into[1] = Math.imul(mixed, M64_LOW) ^ (top >>> 15);
}

/** Upper half of (high, low) × m. The lower half is `Math.imul(low, M64_LOW)`. */
function timesHigh(high: number, low: number): number {
  const lowest = low & 0xffff;
  const upper = low >>> 16;
  const first = (Math.imul(upper, 0xe995) + (Math.imul(lowest, 0xe995) >>> 16)) | 0;
  const second = (Math.imul(lowest, 0x5bd1) + (first & 0xffff)) | 0;
  const carried = (Math.imul(upper, 0x5bd1) + (first >>> 16) + (second >>> 16)) | 0;
  return (carried + Math.imul(high, M64_LOW) + Math.imul(low, M64_HIGH)) | 0;
}
