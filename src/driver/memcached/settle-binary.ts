/** What the status of a binary response means to the operation that asked. */

import { CacheError, NodeError, type NodeErrorReason } from '../../errors.js';
import type { CountOperation, Operation } from '../driver.js';
import { type ResponseFrame, valueEnd } from './binary-frames.js';
import { FLAG_BYTES } from './memcached-options.js';

export const OK = 0x00;
export const NOT_FOUND = 0x01;
const EXISTS = 0x02;
const TOO_LARGE = 0x03;
export const NOT_STORED = 0x05;

const REASONS: Readonly<Record<number, NodeErrorReason>> = {
  6: 'wrong-type',
  8: 'auth',
  32: 'auth',
  130: 'full',
  133: 'busy',
  134: 'busy',
};

/** After `TOO_LARGE` the server has dropped the value that was stored before. */
export function errorOfStatus(status: number, key: string): CacheError {
  const context = key === '' ? {} : { key };
  if (status === TOO_LARGE)
    return new CacheError('ERR_VALUE_TOO_LARGE', 'the value is larger than the server takes', context);
  return new NodeError(
    REASONS[status] ?? 'rejected',
    `memcached refused with status 0x${status.toString(16)}`,
    context,
  );
}

/** Settles all kinds but `count`. `isVerbatim`: see `MemcachedOptions`. */
export function settleBinary(operation: Operation, frame: ResponseFrame, bytes: Buffer, isVerbatim: boolean): void {
  const { status } = frame;
  switch (operation.kind) {
    case 'get':
      if (status === OK && isVerbatim) operation.hit(bytes, flagsBefore(bytes, frame), frame.end);
      else if (status === OK) operation.hit(bytes, frame.valueStart, valueEnd(bytes, frame));
      else if (status === NOT_FOUND) operation.miss();
      else operation.fail(errorOfStatus(status, operation.key));
      return;
    case 'store':
      if (status === OK) operation.done(true);
      else if (operation.mode !== 'set' && (status === NOT_FOUND || status === EXISTS || status === NOT_STORED))
        operation.done(false);
      else operation.fail(errorOfStatus(status, operation.key));
      return;
    case 'delete':
    case 'touch':
      if (status === OK || status === NOT_FOUND) operation.done(status === OK);
      else operation.fail(errorOfStatus(status, operation.key));
      return;
    default:
      operation.fail(errorOfStatus(status, operation.key));
  }
}

/** Where the flags of a value begin, which precede it in the frame, or else take the place of a header that has been read. */
function flagsBefore(bytes: Buffer, { extrasStart, valueStart }: ResponseFrame): number {
  const start = valueStart - FLAG_BYTES;
  if (start !== extrasStart) bytes.writeUInt32BE(0, start);
  return start;
}

/** Settles a count; `undo` is called first, if subtracting the delta again restores a counter that went past 2^53 - 1. */
export function settleCount(operation: CountOperation, frame: ResponseFrame, bytes: Buffer, undo: () => void): void {
  const { status, valueStart, end } = frame;
  if (status === NOT_FOUND) operation.done(undefined);
  else if (status !== OK || end - valueStart !== 8) operation.fail(errorOfStatus(status, operation.key));
  else {
    const value = Number(bytes.readBigUInt64BE(valueStart));
    const hasWrapped = operation.initial === undefined && value < operation.delta;
    if (value <= Number.MAX_SAFE_INTEGER && !hasWrapped) {
      operation.done(value);
      return;
    }
    if (!hasWrapped) undo();
    operation.fail(new NodeError('rejected', 'a counter ends at 2^53 - 1', { key: operation.key }));
  }
}
