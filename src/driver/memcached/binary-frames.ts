/**
 * Frames of memcached's binary protocol, by memjs's codec. What memjs's own reader leaves unchecked is checked here: the
 * magic byte, a length that holds its own parts, and a bound on it.
 */

import { Header, Utils } from 'memjs';
import type { CountOperation, Operation, StoreOperation } from '../driver.js';
import { FLAG_BYTES } from './memcached-options.js';

export const OPCODE = {
  get: 0x00,
  set: 0x01,
  add: 0x02,
  replace: 0x03,
  delete: 0x04,
  increment: 0x05,
  decrement: 0x06,
  flush: 0x08,
  version: 0x0b,
  append: 0x0e,
  prepend: 0x0f,
  stat: 0x10,
  touch: 0x1c,
  listMechanisms: 0x20,
  authenticate: 0x21,
} as const;

export const HEADER_BYTES = 24;
export const RESPONSE_MAGIC = 0x81;

export interface ResponseFrame {
  readonly opcode: number;
  readonly status: number;
  readonly opaque: number;
  /** Offsets into the bytes the frame was read from. */
  readonly extrasStart: number;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly end: number;
}

/** `undefined`: the header is not all there. `'malformed'`: no answer of a memcached. The body may still be to come. */
export function readFrame(
  bytes: Buffer,
  at: number,
  to: number,
  maxBody: number,
): ResponseFrame | 'malformed' | undefined {
  if (at < to && bytes[at] !== RESPONSE_MAGIC) return 'malformed';
  if (to - at < HEADER_BYTES) return undefined;
  const header = Header.fromBuffer(bytes.subarray(at, at + HEADER_BYTES));
  const { opcode, status, opaque, totalBodyLength } = header;
  const extrasStart = at + HEADER_BYTES;
  const keyStart = extrasStart + header.extrasLength;
  const valueStart = keyStart + header.keyLength;
  const end = extrasStart + totalBodyLength;
  if (valueStart > end || totalBodyLength > maxBody) return 'malformed';
  return { opcode, status, opaque, extrasStart, keyStart, valueStart, end };
}

export function requestFrame(opcode: number, key: string, extras: Buffer, value: Buffer, opaque: number): Buffer {
  return Utils.makeRequestBuffer(opcode, key, extras, value, opaque);
}

const NOTHING = Buffer.alloc(0);

/** `undefined` for what this protocol cannot do. */
export function opcodeOf(operation: Operation): number | undefined {
  switch (operation.kind) {
    case 'get':
      return OPCODE.get;
    case 'delete':
      return OPCODE.delete;
    case 'touch':
      return OPCODE.touch;
    case 'count':
      return operation.delta < 0 ? OPCODE.decrement : OPCODE.increment;
    case 'store':
      return operation.mode === 'compare' || operation.mode === 'leased' ? undefined : OPCODE[operation.mode];
    default:
      return undefined;
  }
}

/** `isVerbatim`: see `MemcachedOptions`. */
export function operationFrame(
  operation: Operation,
  opcode: number,
  expiry: number,
  opaque: number,
  isVerbatim = false,
): Buffer {
  const { key } = operation;
  switch (operation.kind) {
    case 'store': {
      const { bytes } = operation;
      return isVerbatim
        ? requestFrame(opcode, key, flagsAnd(expiry, bytes), bytes.subarray(FLAG_BYTES), opaque)
        : requestFrame(opcode, key, storeExtras(operation, expiry), bytes, opaque);
    }
    case 'count':
      return requestFrame(opcode, key, countExtras(operation, expiry), NOTHING, opaque);
    case 'touch':
      return requestFrame(opcode, key, Utils.makeExpiration(expiry), NOTHING, opaque);
    default:
      return requestFrame(opcode, key, NOTHING, NOTHING, opaque);
  }
}

/** Marks a stored value that looks like a padded counter and is none. */
const EXACT_BYTES = 0x72_66_00_01;
/** Expiry that asks for no new counter where there is none. */
const NO_VIVIFY = 0xffff_ffff;
const MAX_COUNTER_DIGITS = 20;

function storeExtras({ bytes }: StoreOperation, expiry: number): Buffer {
  const extras = Buffer.alloc(8);
  if (paddingOf(bytes, 0, bytes.length) > 0) extras.writeUInt32BE(EXACT_BYTES, 0);
  extras.writeUInt32BE(expiry, 4);
  return extras;
}

/** The flags in front of a verbatim value, and the expiry. */
function flagsAnd(expiry: number, bytes: Buffer): Buffer {
  const extras = Buffer.alloc(8);
  bytes.copy(extras, 0, 0, FLAG_BYTES);
  extras.writeUInt32BE(expiry, 4);
  return extras;
}

/** memjs writes delta and initial value in 32 bits; both take 64. */
function countExtras({ delta, initial }: CountOperation, expiry: number): Buffer {
  const extras = Buffer.alloc(20);
  extras.writeBigUInt64BE(BigInt(Math.abs(delta)), 0);
  extras.writeBigUInt64BE(BigInt(initial ?? 0), 8);
  extras.writeUInt32BE(initial === undefined ? NO_VIVIFY : expiry, 16);
  return extras;
}

/**
 * Where the value of a get ends. A counter that lost a digit is stored padded ("99 "), and this protocol tells no time to
 * live to rewrite it with, so the padding is taken off here; a value of that shape which somebody stored through this
 * driver bears a mark and is left alone.
 */
export function valueEnd(bytes: Buffer, { extrasStart, keyStart, valueStart, end }: ResponseFrame): number {
  const padding = paddingOf(bytes, valueStart, end);
  if (padding === 0) return end;
  const flags = keyStart - extrasStart === 4 ? bytes.readUInt32BE(extrasStart) : 0;
  return flags === EXACT_BYTES ? end : end - padding;
}

/** Blanks at the end of what is digits otherwise, and no longer than a counter. */
function paddingOf(bytes: Buffer, start: number, end: number): number {
  if (end - start > MAX_COUNTER_DIGITS || bytes[end - 1] !== 0x20) return 0;
  return /^\d+( +)$/.exec(bytes.latin1Slice(start, end))?.[1]?.length ?? 0;
}
