/**
 * Unsigned 64-bit arithmetic on two 32-bit halves, and the 64-bit hashes built on it: a bigint would cost an allocation
 * and some 50 ns per operation.
 */

/** Upper half of the product of two unsigned 32-bit numbers. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = Math.imul(aHigh, bLow);
  const second = Math.imul(aLow, bHigh);
  const carry = (Math.imul(aLow, bLow) >>> 16) + (first & 0xffff) + (second & 0xffff);
  return (Math.imul(aHigh, bHigh) + (first >>> 16) + (second >>> 16) + (carry >>> 16)) >>> 0;
}

/** Upper half of the 64-bit product a × b, modulo 2^64. The lower half is Math.imul(aLow, bLow) >>> 0. */
export function productHigh(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  return (multiplyHigh(aLow, bLow) + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) >>> 0;
}

/** (high, low) modulo a number below 2^20. */
export function remainder(high: number, low: number, divisor: number): number {
  return ((high % divisor) * 0x1_0000_0000 + low) % divisor;
}

/** Halves of a bigint below 2^64, upper first. */
export function halvesOf(value: bigint): readonly [number, number] {
  return [Number(value >> 32n), Number(value & 0xffffffffn)];
}
