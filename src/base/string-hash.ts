/**
 * The second hash of a key: 32 bits that are independent of the ring's xxh32, for ledger tables, generation buckets and
 * the key check of the envelope. It is MurmurHash3_x86_32 (Austin Appleby, public domain) over the UTF-16 code units in
 * little-endian order, two units a step, in plain JavaScript: no crossing into WebAssembly, nothing allocated, and the
 * same answer in every process, which the envelope relies on.
 */

import { charCodeAt } from './string-calls.js';

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** An unsigned 32-bit hash of `key`. */
export function secondHash(key: string, seed = 0): number {
  const length = key.length;
  const paired = length & ~1;
  let hash = seed | 0;
  for (let i = 0; i < paired; i += 2) {
    let block = Math.imul(charCodeAt(key, i) | (charCodeAt(key, i + 1) << 16), C1);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, C2);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (paired !== length) {
    let block = Math.imul(charCodeAt(key, paired), C1);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, C2);
  }
  // The length is counted in bytes, as in the original.
  hash ^= length << 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
