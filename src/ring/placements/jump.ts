/**
 * Jump consistent hash over the list of nodes; weights and names play no part. String keys are first hashed to 64 bits: by
 * `crc32` (IEEE, upper half 0), `crc64` (ECMA), `fnv1` or `fnv1a` (64 bits, over UTF-8).
 *
 * Successors: the next in the list, since jump itself knows none.
 * Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm"; lithammer/go-jump-consistent-hash jump.go.
 */

import { crc32 } from './crc.js';
import { keyBytes, loadUtf8 } from './key-bytes.js';
import { listPlacement } from './list-placement.js';
import { membersOf, type PlacementNode } from './placement-node.js';
import type { PointPlacement } from './point-placement.js';
import { multiplyHigh, productHigh } from './uint64.js';

/** Hashes to (upper, lower) half in `into`. */
export const JUMP_HASHES = {
  crc32: (key: string, into: Uint32Array) => {
    into[0] = 0;
    into[1] = crc32(key);
  },
  crc64,
  fnv1: (key: string, into: Uint32Array) => fnv64(key, into, false),
  fnv1a: (key: string, into: Uint32Array) => fnv64(key, into, true),
} as const;

export type JumpHash = keyof typeof JUMP_HASHES;

export function jump(nodes: readonly PlacementNode[], hash: JumpHash): PointPlacement {
  const halves = new Uint32Array(2);
  const hashInto = JUMP_HASHES[hash];
  const index = (key: string): number => {
    hashInto(key, halves);
    return jumpBucket(halves[0]!, halves[1]!, nodes.length);
  };
  return listPlacement(
    `jump-${hash}`,
    membersOf(nodes),
    nodes.map((_, i) => i),
    index,
  );
}

/** The bucket, below `buckets` (at least 1), of a 64-bit key given in halves. */
export function jumpBucket(high: number, low: number, buckets: number): number {
  let bucket = 0;
  for (let next = 0; next < buckets; ) {
    bucket = next;
    // key × 2862933555777941757 + 1
    high = productHigh(high, low, 0x27bb2ee6, 0x87b0b0fd);
    low = (Math.imul(low, 0x87b0b0fd) + 1) >>> 0;
    if (low === 0) high = (high + 1) >>> 0;
    next = Math.floor((bucket + 1) * (0x80000000 / ((high >>> 1) + 1)));
  }
  return bucket;
}

function fnv64(key: string, into: Uint32Array, addsFirst: boolean): void {
  const length = loadUtf8(key);
  const bytes = keyBytes.bytes;
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let i = 0; i < length; i++) {
    if (addsFirst) low = (low ^ bytes[i]!) >>> 0;
    // × (2^40 + 0x1b3)
    high = (Math.imul(high, 0x1b3) + multiplyHigh(low, 0x1b3) + (low << 8)) | 0;
    low = Math.imul(low, 0x1b3) >>> 0;
    if (!addsFirst) low = (low ^ bytes[i]!) >>> 0;
  }
  into[0] = high;
  into[1] = low;
}

const CRC64_HIGH = new Uint32Array(256);
const CRC64_LOW = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = (low & 1) === 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) {
      high ^= 0xc96c5795;
      low ^= 0xd7870f42;
    }
  }
  CRC64_HIGH[byte] = high;
  CRC64_LOW[byte] = low;
}

function crc64(key: string, into: Uint32Array): void {
  const length = loadUtf8(key);
  const bytes = keyBytes.bytes;
  let high = -1;
  let low = -1;
  for (let i = 0; i < length; i++) {
    const entry = (low ^ bytes[i]!) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ CRC64_LOW[entry]!;
    high = (high >>> 8) ^ CRC64_HIGH[entry]!;
  }
  into[0] = ~high;
  into[1] = ~low;
}
