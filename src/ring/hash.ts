/**
 * xxh32 and xxh64 (seed 0, UTF-8), and the hash that places a key: of its `{tag}` if it has one, of the whole key otherwise.
 *
 * Short ASCII keys are hashed in JavaScript: 15 to 35 ns against the 55 ns that copying a string into wasm memory costs before
 * any hashing. From about 36 characters on wasm is ahead; until it is loaded, some milliseconds after this module, and where
 * there is none, JavaScript does that as well. The results are identical.
 */

import loadXxhash, { type XXHashAPI } from 'xxhash-wasm';
import { charCodeAt } from '../base/string-calls.js';
import { xxh32Of, xxh64Of } from './xxhash.js';

let wasm: XXHashAPI | undefined;
loadXxhash().then(
  (loaded) => {
    wasm = loaded;
  },
  () => undefined,
);

const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f | 0;
const P5 = 0x165667b1 | 0;
const LONGEST_IN_JS = 36;

/** xxh32 of the UTF-8 bytes, as an unsigned 32-bit number. A lone surrogate counts as U+FFFD. */
export function xxh32(text: string): number {
  const hash = hashShort(text);
  return hash >= 0 ? hash : xxh32Long(text);
}

function xxh32Long(text: string): number {
  return wasm === undefined ? xxh32Of(Buffer.from(text, 'utf8')) : wasm.h32(text) >>> 0;
}

/** xxh64 of the UTF-8 bytes. */
export function xxh64(text: string, seed = 0n): bigint {
  return wasm === undefined ? xxh64Of(Buffer.from(text, 'utf8'), seed) : wasm.h64(text, seed);
}

/**
 * Where a key lies on the ring. Keys that share a tag share a place; the tag is found as Redis Cluster finds it: between
 * the first `{` and the next `}`, if there is something between them.
 */
export function hashKey(key: string): number {
  const hash = hashShort(key);
  return hash >= 0 ? hash : hashTag(key);
}

/** The part of a key that decides its place. */
export function tagOf(key: string): string {
  const open = key.indexOf('{');
  if (open < 0) return key;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

function hashTag(key: string): number {
  const tag = tagOf(key);
  return tag === key ? xxh32Long(key) : xxh32(tag);
}

/**
 * xxh32 of a short text of bytes below 0x7b, -1 for any other. The limit leaves out not only what UTF-8 would encode
 * but also `{`: a hash that comes back is of a key without a tag, so looking for one costs an addition per four bytes
 * (adding 5 sets a byte's top bit exactly if it is 0x7b or more).
 */
function hashShort(text: string): number {
  const length = text.length;
  if (length > LONGEST_IN_JS) return -1;
  let at = 0;
  let wide = 0;
  let high = 0;
  let hash = P5;
  if (length >= 16) {
    let a = (P1 + P2) | 0;
    let b = P2;
    let c = 0;
    let d = -P1 | 0;
    const last = length - 16;
    do {
      let c0 = charCodeAt(text, at);
      let c1 = charCodeAt(text, at + 1);
      let c2 = charCodeAt(text, at + 2);
      let c3 = charCodeAt(text, at + 3);
      wide |= c0 | c1 | c2 | c3;
      let word = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24);
      high |= word + 0x05050505;
      a = (a + Math.imul(word, P2)) | 0;
      a = Math.imul((a << 13) | (a >>> 19), P1);
      c0 = charCodeAt(text, at + 4);
      c1 = charCodeAt(text, at + 5);
      c2 = charCodeAt(text, at + 6);
      c3 = charCodeAt(text, at + 7);
      wide |= c0 | c1 | c2 | c3;
      word = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24);
      high |= word + 0x05050505;
      b = (b + Math.imul(word, P2)) | 0;
      b = Math.imul((b << 13) | (b >>> 19), P1);
      c0 = charCodeAt(text, at + 8);
      c1 = charCodeAt(text, at + 9);
      c2 = charCodeAt(text, at + 10);
      c3 = charCodeAt(text, at + 11);
      wide |= c0 | c1 | c2 | c3;
      word = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24);
      high |= word + 0x05050505;
      c = (c + Math.imul(word, P2)) | 0;
      c = Math.imul((c << 13) | (c >>> 19), P1);
      c0 = charCodeAt(text, at + 12);
      c1 = charCodeAt(text, at + 13);
      c2 = charCodeAt(text, at + 14);
      c3 = charCodeAt(text, at + 15);
      wide |= c0 | c1 | c2 | c3;
      word = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24);
      high |= word + 0x05050505;
      d = (d + Math.imul(word, P2)) | 0;
      d = Math.imul((d << 13) | (d >>> 19), P1);
      at += 16;
    } while (at <= last);
    hash =
      (((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25)) + ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14))) | 0;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4) {
    const c0 = charCodeAt(text, at);
    const c1 = charCodeAt(text, at + 1);
    const c2 = charCodeAt(text, at + 2);
    const c3 = charCodeAt(text, at + 3);
    wide |= c0 | c1 | c2 | c3;
    const word = c0 | (c1 << 8) | (c2 << 16) | (c3 << 24);
    high |= word + 0x05050505;
    hash = (hash + Math.imul(word, P3)) | 0;
    hash = Math.imul((hash << 17) | (hash >>> 15), P4);
  }
  for (; at < length; at++) {
    const code = charCodeAt(text, at);
    wide |= code;
    high |= code + 5;
    hash = (hash + Math.imul(code, P5)) | 0;
    hash = Math.imul((hash << 11) | (hash >>> 21), P1);
  }
  if (wide > 0x7f || (high & 0x80808080) !== 0) return -1;
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
