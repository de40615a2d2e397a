/** What a meta reply means to the operation that asked. */

import { type CountOperation, type InspectOperation, NO_EXPIRY, type Operation } from '../driver.js';
import { isLook } from './look.js';
import { guardOf } from './placeholder.js';
import { decimal, EN, EX, HD, NF, NS, type ReplyHeader, VA } from './reply-header.js';

/** What this driver learns of an entry beyond the port's `Inspection`. */
export interface MetaInspection {
  readonly bytes: Buffer;
  readonly ttlMs: number;
  readonly token: string;
  /** Set by another client to say how the value is encoded; kept when a counter is rewritten. */
  readonly clientFlags: number;
}

const NO_BYTES = Buffer.alloc(0);
/** Largest value of an unsigned 64-bit counter in digits. */
const MAX_COUNTER_DIGITS = 20;

/**
 * Settles all kinds but `count` and `raw`. The value, if any, stands at [start, stop) of `bytes`, which also hold the
 * header. `false`: this is no possible answer, and nothing was settled.
 */
export function settleMeta(
  operation: Operation,
  header: ReplyHeader,
  bytes: Buffer,
  start: number,
  stop: number,
): boolean {
  const { code } = header;
  switch (operation.kind) {
    case 'get':
      if (code === EN || (code === VA && header.isPlaceholder)) operation.miss();
      else if (code === VA) operation.hit(bytes, start, stop);
      else return false;
      return true;
    case 'store':
      if (code === HD) operation.done(true);
      else if (operation.mode !== 'set' && (code === NS || code === EX || code === NF)) operation.done(false);
      else return false;
      return true;
    case 'delete':
      if (code !== HD && code !== NF && (code !== EX || guardOf(operation) === undefined)) return false;
      operation.done(code === HD);
      return true;
    case 'lease':
      if (code !== HD || header.tokenStart === header.tokenEnd) return false;
      if (header.isWon) operation.done({ token: tokenOf(header, bytes) });
      else operation.done(header.isPlaceholder ? 'held' : 'present');
      return true;
    case 'touch':
      if (code !== HD && code !== EN) return false;
      operation.done(code === HD && !header.isPlaceholder);
      return true;
    case 'inspect':
      return settleInspection(operation, header, bytes, start, stop);
    default:
      return false;
  }
}

function settleInspection(
  operation: InspectOperation,
  header: ReplyHeader,
  bytes: Buffer,
  start: number,
  stop: number,
): boolean {
  if (header.code === EN || ((header.code === VA || header.code === HD) && header.isPlaceholder)) {
    if (header.code !== EN && isLook(operation)) operation.placeholder(tokenOf(header, bytes));
    else operation.miss();
    return true;
  }
  if (header.code !== (operation.withValue ? VA : HD) || header.tokenStart === header.tokenEnd) return false;
  const entry: MetaInspection = {
    bytes: operation.withValue ? Buffer.from(bytes.subarray(start, stop)) : NO_BYTES,
    // 0 is the last second of an entry that does expire, and must not read as "none".
    ttlMs: header.ttlSeconds < 0 ? NO_EXPIRY : Math.max(1, header.ttlSeconds * 1000),
    token: tokenOf(header, bytes),
    clientFlags: header.clientFlags,
  };
  operation.found(entry);
  return true;
}

/** The CAS value told. */
export function tokenOf(header: ReplyHeader, bytes: Buffer): string {
  return bytes.latin1Slice(header.tokenStart, header.tokenEnd);
}

/** Past `Number.MAX_SAFE_INTEGER` (the number is then only near), or wrapped at 2^64. */
export interface Overflow {
  readonly isOverflow: true;
  /** Whether subtracting the delta again restores the counter. */
  readonly isUndoable: boolean;
}

/** The counter's new value, `undefined` if there was none, an `Overflow`, or `false` for no possible answer. */
export function readCount(
  operation: CountOperation,
  header: ReplyHeader,
  bytes: Buffer,
  start: number,
  stop: number,
): number | undefined | Overflow | false {
  if (header.code === NF) return undefined;
  if (header.code !== VA || stop - start > MAX_COUNTER_DIGITS) return false;
  const value = decimal(bytes, start, stop);
  if (Number.isNaN(value)) return false;
  if (value > Number.MAX_SAFE_INTEGER) return { isOverflow: true, isUndoable: true };
  // A sum below the summand has wrapped. With `initial` it may also be a fresh counter.
  if (operation.initial === undefined && value < operation.delta) return { isOverflow: true, isUndoable: false };
  return value;
}
