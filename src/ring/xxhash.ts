/**
 * xxh32 and xxh64 (Yann Collet, the XXH specification) in JavaScript, for as long as the WebAssembly of them is not loaded:
 * so that this library is there at once, for `require` too, which knows no modules that wait.
 */

const P32 = [0x9e3779b1 | 0, 0x85ebca77 | 0, 0xc2b2ae3d | 0, 0x27d4eb2f | 0, 0x165667b1 | 0] as const;
const P64 = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const MASK = 0xffff_ffff_ffff_ffffn;

/** As an unsigned 32-bit number, of seed 0. */
export function xxh32Of(bytes: Buffer): number {
  const { length } = bytes;
  let at = 0;
  let hash = P32[4];
  if (length >= 16) {
    const lanes = [(P32[0] + P32[1]) | 0, P32[1], 0, -P32[0] | 0];
    for (; at + 16 <= length; at += 16)
      for (let i = 0; i < 4; i++)
        lanes[i] = Math.imul(
          rotate32(((lanes[i] as number) + Math.imul(bytes.readInt32LE(at + 4 * i), P32[1])) | 0, 13),
          P32[0],
        );
    const [a, b, c, d] = lanes as [number, number, number, number];
    hash = (rotate32(a, 1) + rotate32(b, 7) + rotate32(c, 12) + rotate32(d, 18)) | 0;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4)
    hash = Math.imul(rotate32((hash + Math.imul(bytes.readInt32LE(at), P32[2])) | 0, 17), P32[3]);
  for (; at < length; at++) hash = Math.imul(rotate32((hash + Math.imul(bytes[at] as number, P32[4])) | 0, 11), P32[0]);
  hash = Math.imul(hash ^ (hash >>> 15), P32[1]);
  hash = Math.imul(hash ^ (hash >>> 13), P32[2]);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function xxh64Of(bytes: Buffer, seed: bigint): bigint {
  const [p1, p2, p3, p4, p5] = P64;
  const round = (lane: bigint, word: bigint): bigint => (rotate64((lane + word * p2) & MASK, 31n) * p1) & MASK;
  const { length } = bytes;
  let at = 0;
  let hash = (seed + p5) & MASK;
  if (length >= 32) {
    const lanes = [seed + p1 + p2, seed + p2, seed, seed - p1].map((lane) => lane & MASK);
    for (; at + 32 <= length; at += 32)
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i] as bigint, bytes.readBigUInt64LE(at + 8 * i));
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
    hash = (rotate64(a, 1n) + rotate64(b, 7n) + rotate64(c, 12n) + rotate64(d, 18n)) & MASK;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * p1 + p4) & MASK;
  }
  hash = (hash + BigInt(length)) & MASK;
  for (; at + 8 <= length; at += 8)
    hash = (rotate64(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4) & MASK;
  if (at + 4 <= length) {
    hash = (rotate64(hash ^ ((BigInt(bytes.readUInt32LE(at)) * p1) & MASK), 23n) * p2 + p3) & MASK;
    at += 4;
  }
  for (; at < length; at++) hash = (rotate64(hash ^ ((BigInt(bytes[at] as number) * p5) & MASK), 11n) * p1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * p2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * p3) & MASK;
  return hash ^ (hash >> 32n);
}

function rotate32(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function rotate64(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}
