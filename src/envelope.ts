/**
 * The header in front of every enveloped value, and what bytes from a node may be taken for.
 *
 * | offset | bytes | field                                                                                          |
 * |-------:|------:|------------------------------------------------------------------------------------------------|
 * |      0 |     1 | magic 0xFC, a byte that no UTF-8 text holds                                                     |
 * |      1 |     1 | version 1                                                                                      |
 * |      2 |     1 | flags: form of the payload (bits 0-2), ASCII (bit 3), compression (bits 4-5), 0                |
 * |      3 |     4 | key check: `secondHash` of the wire key                                                        |
 * |      7 |     4 | seal: checksum of all that follows, seeded with flags and key check                            |
 * |     11 |     7 | stamp of the write (`base/hybrid-clock`)                                                       |
 * |     18 |     4 | id of the client that wrote                                                                    |
 * |     22 |     6 | expiry, calendar milliseconds; 0 for none                                                      |
 * |     28 |       | payload                                                                                        |
 *
 * Numbers are big-endian. The key check catches replies that went to the wrong key, the seal bytes lost or changed.
 *
 * Expiry. The node drops an entry by its own clock, coarse but never late by more than its resolution; the expiry in the
 * header only makes that exact, on nodes where `ttlResolutionMs` is not 1. Hence: an entry is expired while
 * `expiry <= calendar < expiry + 10 s`. A node that still holds it later contradicts the calendar, and then some clock is
 * wrong, here or where it was written, and the node decides. Together with `Calendar`, which does not follow a jump of
 * the wall clock, a jump expires nothing and revives nothing; and a clock that is wrong for good costs misses only in the
 * ten seconds' worth of lifetimes for which nobody could tell. For nodes that keep exact time, pass 0 as the calendar:
 * there `touch` moves the node's expiry alone.
 */

import { checksum } from './base/checksum.js';
import { isCounter } from './base/counter.js';

export const HEADER_BYTES = 28;
const MAGIC = 0xfc;
const VERSION = 1;
/** Where the flags are. */
export const FLAGS_AT = 2;
const SEAL_AT = 7;
const STAMP_AT = 11;
const CLIENT_AT = 18;
const EXPIRY_AT = 22;

/** What the payload is: JSON text, a string, bytes, or whatever a caller's codec made. */
export const FORM_JSON = 0;
export const FORM_STRING = 1;
export const FORM_BYTES = 2;
export const FORM_CODEC = 3;
const FORM_MASK = 0b0000_0111;
/** The payload, once decompressed, is text of 7-bit characters. */
export const FLAG_ASCII = 0b0000_1000;
const COMPRESSION_SHIFT = 4;
const COMPRESSION_MASK = 0b0011_0000;
const UNKNOWN_FLAGS = 0b1100_0000;

export type PayloadForm = typeof FORM_JSON | typeof FORM_STRING | typeof FORM_BYTES | typeof FORM_CODEC;

export function formOf(flags: number): number {
  return flags & FORM_MASK;
}

/** 0 for none, else the number of the algorithm (`compression`). */
export function compressionOf(flags: number): number {
  return (flags & COMPRESSION_MASK) >> COMPRESSION_SHIFT;
}

export function flagsOf(form: PayloadForm, isAscii: boolean, compression: number): number {
  return form | (isAscii ? FLAG_ASCII : 0) | (compression << COMPRESSION_SHIFT);
}

const TWO_32 = 2 ** 32;
const MAX_STAMP_HIGH = 0x1fffff;
const EXPIRED_FOR_MS = 10_000;

/** Writes the header at the start of `out`, in which the payload from `HEADER_BYTES` to `end` is already in place. */
export function sealEnvelope(
  out: Buffer,
  end: number,
  flags: number,
  keyHash: number,
  stamp: number,
  clientId: number,
  expiresAt: number,
): void {
  out[0] = MAGIC;
  out[1] = VERSION;
  out[FLAGS_AT] = flags;
  writeUint32(out, 3, keyHash);
  const stampHigh = Math.floor(stamp / TWO_32);
  out[STAMP_AT] = stampHigh >>> 16;
  out[STAMP_AT + 1] = stampHigh >>> 8;
  out[STAMP_AT + 2] = stampHigh;
  writeUint32(out, STAMP_AT + 3, stamp >>> 0);
  writeUint32(out, CLIENT_AT, clientId);
  writeExpiry(out, 0, expiresAt);
  writeUint32(out, SEAL_AT, checksum(out, STAMP_AT, end, flags ^ keyHash));
}

/** Gives a whole, valid envelope another expiry, in place: for `touch`, and for copies with the remaining time to live. */
export function resealWithExpiry(bytes: Buffer, expiresAt: number): void {
  writeExpiry(bytes, 0, expiresAt);
  const seed = (bytes[2] ?? 0) ^ readUint32(bytes, 3);
  writeUint32(bytes, SEAL_AT, checksum(bytes, STAMP_AT, bytes.length, seed));
}

/**
 * What bytes from a node are.
 * - `ok`: an envelope for this key, whole and alive
 * - `digits`: a counter, which carries no stamp: 0 … 2^53 − 1 in decimal, perhaps padded with spaces
 * - `expired`: an envelope past its time
 * - `wrong-key`: a whole envelope, of another key: the connection is out of step
 * - `corrupt`: the beginning is ours, the rest was cut or changed
 * - `future-version`: written by a later version of this library
 * - `foreign`: not ours
 */
export type Verdict = 'ok' | 'digits' | 'expired' | 'wrong-key' | 'corrupt' | 'future-version' | 'foreign';

/** Judges `bytes[start, end)`; allocates nothing. `calendarMs` 0 leaves the expiry to the node. */
export function readEnvelope(bytes: Buffer, start: number, end: number, keyHash: number, calendarMs: number): Verdict {
  if (start >= end || bytes[start] !== MAGIC) return isCounter(bytes, start, end) ? 'digits' : 'foreign';
  if (end - start < HEADER_BYTES) return 'corrupt';
  const version = bytes[start + 1]!;
  if (version !== VERSION) return version > VERSION ? 'future-version' : 'corrupt';
  const flags = bytes[start + 2]!;
  const keyCheck = readUint32(bytes, start + 3);
  const seal = checksum(bytes, start + STAMP_AT, end, flags ^ keyCheck);
  if (seal !== readUint32(bytes, start + SEAL_AT)) return 'corrupt';
  if (keyCheck !== keyHash) return 'wrong-key';
  if ((flags & UNKNOWN_FLAGS) !== 0 || formOf(flags) > FORM_CODEC) return 'future-version';
  if (readUint24(bytes, start + STAMP_AT) > MAX_STAMP_HIGH) return 'corrupt';
  if (calendarMs !== 0) {
    const expiresAt = expiresAtAt(bytes, start);
    if (expiresAt !== 0 && calendarMs >= expiresAt && calendarMs - expiresAt < EXPIRED_FOR_MS) return 'expired';
  }
  return 'ok';
}

/** Tells an envelope from a counter, among bytes that `readEnvelope` approved. */
export function isEnvelope(bytes: Buffer, start: number): boolean {
  return bytes[start] === MAGIC;
}

// The fields of an envelope that `readEnvelope` found whole.

export function flagsAt(bytes: Buffer, start: number): number {
  return bytes[start + 2]!;
}

export function stampAt(bytes: Buffer, start: number): number {
  return readUint24(bytes, start + STAMP_AT) * TWO_32 + readUint32(bytes, start + STAMP_AT + 3);
}

export function clientIdAt(bytes: Buffer, start: number): number {
  return readUint32(bytes, start + CLIENT_AT);
}

/** Calendar milliseconds; 0 for none. */
export function expiresAtAt(bytes: Buffer, start: number): number {
  const at = start + EXPIRY_AT;
  return ((bytes[at]! << 8) | bytes[at + 1]!) * TWO_32 + readUint32(bytes, at + 2);
}

function writeExpiry(bytes: Buffer, start: number, expiresAt: number): void {
  const high = Math.floor(expiresAt / TWO_32);
  bytes[start + EXPIRY_AT] = high >>> 8;
  bytes[start + EXPIRY_AT + 1] = high;
  writeUint32(bytes, start + EXPIRY_AT + 2, expiresAt >>> 0);
}

function writeUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function readUint32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function readUint24(bytes: Buffer, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}
