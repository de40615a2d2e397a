/**
 * Counters as they lie on every node: bare decimal digits, 0 … 2^53 − 1, with no header, since the nodes themselves count
 * on them. Memcached pads with spaces when a counter loses a digit.
 */

const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
/** Digits of 2^53 − 1. */
const MAX_COUNTER_DIGITS = 16;

/** Whether `bytes[start, end)` is a counter: no sign, no leading zero, at most 2^53 − 1. */
export function isCounter(bytes: Buffer, start: number, end: number): boolean {
  let stop = start;
  while (stop < end && bytes[stop]! >= ZERO && bytes[stop]! <= NINE) stop++;
  const digits = stop - start;
  if (digits === 0 || digits > MAX_COUNTER_DIGITS || (digits > 1 && bytes[start] === ZERO)) return false;
  for (let i = stop; i < end; i++) if (bytes[i] !== SPACE) return false;
  return digits < MAX_COUNTER_DIGITS || readCounter(bytes, start, end) <= Number.MAX_SAFE_INTEGER;
}

/** The value of bytes that `isCounter` approved. */
export function readCounter(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end && bytes[i] !== SPACE; i++) value = value * 10 + (bytes[i]! - ZERO);
  return value;
}

export function isCounterValue(value: number): boolean {
  return value >= 0 && Number.isSafeInteger(value);
}

/** The digits of a value that `isCounterValue` approved; −0 is 0. */
export function writeCounter(value: number): Buffer {
  return Buffer.from(String(value), 'latin1');
}
