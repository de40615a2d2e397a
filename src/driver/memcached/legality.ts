/** What must not leave because the server would refuse it, or understand something else; told as the operation's outcome. */

import { CacheError, NodeError } from '../../errors.js';
import type { CountOperation, Operation, StoreOperation } from '../driver.js';
import { MAX_KEY_BYTES } from './key-token.js';
import { largestValue } from './node-facts.js';
import { type KnownOutcome, knownFailure } from './owed.js';
import { isTtl } from './server-time.js';

export function illegalStore(operation: StoreOperation, itemBytes: number): KnownOutcome | undefined {
  const { key, ttlMs } = operation;
  if (!isTtl(ttlMs)) return illegalTtl(operation);
  // Where there is a string, asking for `bytes` would make a buffer for nothing but its length.
  const { length } = operation.latin1 ?? operation.bytes;
  if (length <= largestValue(itemBytes, MAX_KEY_BYTES)) return undefined;
  const most = largestValue(itemBytes, Buffer.byteLength(key));
  if (length <= most) return undefined;
  const text = `the value takes ${length} bytes, ${most} fit beside its key`;
  return knownFailure(operation, new CacheError('ERR_VALUE_TOO_LARGE', text, { key }));
}

export function illegalCount(operation: CountOperation): KnownOutcome | undefined {
  const { delta, initial, ttlMs } = operation;
  if (!isTtl(ttlMs)) return illegalTtl(operation);
  if (!Number.isSafeInteger(delta))
    return refused(operation, `a count by ${delta}, which is no whole number within 2^53`);
  if (initial !== undefined && !(Number.isSafeInteger(initial) && initial >= 0))
    return refused(operation, `a counter cannot start at ${initial}`);
  return undefined;
}

export function illegalTtl(operation: Operation): KnownOutcome {
  return refused(operation, 'a time to live is a number of milliseconds, not below 0');
}

export function illegalKey(operation: Operation, maxKeyBytes = MAX_KEY_BYTES): KnownOutcome {
  const text = `memcached takes keys of 1 to ${maxKeyBytes} bytes, of 186 if they hold blanks or control characters`;
  return knownFailure(operation, new CacheError('ERR_INVALID_KEY', text, { key: operation.key }));
}

export function refused(operation: Operation, why: string): KnownOutcome {
  return knownFailure(operation, new NodeError('rejected', why, operation.key === '' ? {} : { key: operation.key }));
}
