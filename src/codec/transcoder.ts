/**
 * What the cache asks of every codec, built in or a caller's own, enveloped or raw: bytes for a value, and in two steps a
 * value for bytes.
 *
 * A get calls `check` and `keep` while the driver's buffer is valid, and `restore` when it likes. `keep` copies exactly
 * the value out of the receive buffer, so nothing kept ever pins it, and what it answers is immutable: near cache and
 * fallback may hold it, and `restore` it for each caller anew without anyone sharing an object.
 */

import { constants } from 'node:buffer';
import type { Verdict } from '../envelope.js';
import { type Encoded, MAX_LATIN1 } from './encoded.js';

/** Bytes that are no value: cut, changed, or not what this codec writes. A miss, and never an error. */
export const CORRUPT: unique symbol = Symbol('corrupt');

/** `Kept.flags` of a counter, outside the range of an envelope's flags. */
export const COUNTER = 0x100;

/** The object below, without its payload; measured on Node 20. */
const KEPT_OVERHEAD_BYTES = 64;

/** A value out of its buffer and not yet parsed; strings hold text, or bytes one character each. */
export class Kept {
  readonly flags: number;
  readonly payload: string | number;
  /** What it occupies in memory; text beyond 7 bits is counted at the two bytes a character it may take. */
  readonly bytes: number;

  constructor(flags: number, payload: string | number, payloadBytes: number) {
    this.flags = flags;
    this.payload = payload;
    this.bytes = KEPT_OVERHEAD_BYTES + payloadBytes;
  }
}

export interface Transcoder {
  /** Whether values carry a stamp, a key check and an expiry of their own. Counters never do. */
  readonly isEnveloped: boolean;

  /**
   * What to store, owned by nobody else. `key` is the wire key and `keyHash` its `secondHash`; `stamp` is the
   * write's, `expiresAt` in calendar milliseconds, 0 for none. Raw codecs use none of the three numbers.
   * @throws CacheError `ERR_INVALID_VALUE` for what the codec cannot store, `ERR_VALUE_TOO_LARGE` above the limit
   */
  encode(key: string, keyHash: number, value: unknown, stamp: number, expiresAt: number): Encoded;

  /** Judges `bytes[start, end)`; raw codecs approve of all bytes. Only `ok` and `digits` may be kept. */
  check(bytes: Buffer, start: number, end: number, keyHash: number, calendarMs: number): Verdict;

  /** Copies the value out of `bytes[start, end)`, which `check` approved. Never throws. */
  keep(bytes: Buffer, start: number, end: number): Kept | typeof CORRUPT;

  /** As `keep`, of what `encode` made. */
  keepEncoded(encoded: Encoded): Kept | typeof CORRUPT;

  /** The value itself, a fresh one at each call unless it is primitive. Never throws. */
  restore(key: string, kept: Kept): unknown;
}

/** Copies bytes out, one character each: a string lives in the heap, pins no buffer, and cannot be changed. */
export function keepBytes(flags: number, bytes: Buffer, start: number, end: number): Kept | typeof CORRUPT {
  if (end - start > constants.MAX_STRING_LENGTH) return CORRUPT;
  return new Kept(flags, bytes.latin1Slice(start, end), end - start);
}

const scratch = Buffer.allocUnsafeSlow(MAX_LATIN1);

/** A copy of short text, one byte a character: a caller's string may be a slice of a far longer one and keep all of that. */
export function ownLatin1(text: string): string {
  return scratch.latin1Slice(0, scratch.latin1Write(text, 0));
}

/** Copies UTF-8 text out; text that is not 7-bit may take two bytes a character. */
export function keepText(
  flags: number,
  bytes: Buffer,
  start: number,
  end: number,
  isAscii: boolean,
): Kept | typeof CORRUPT {
  if (end - start > constants.MAX_STRING_LENGTH) return CORRUPT;
  if (isAscii) return new Kept(flags, bytes.latin1Slice(start, end), end - start);
  const text = bytes.utf8Slice(start, end);
  return new Kept(flags, text, text.length * 2);
}
