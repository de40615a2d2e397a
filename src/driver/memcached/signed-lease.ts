/**
 * Leases carry the incarnation they were granted in: CAS values count from 1 again when a server restarts, and the one of a
 * lease could then be that of somebody's new entry.
 */

import type { LeaseOperation, StoreOperation } from '../driver.js';

export function signed(operation: LeaseOperation, era: string): LeaseOperation {
  const { kind, key, ttlMs } = operation;
  return {
    kind,
    key,
    ttlMs,
    done: (lease) => operation.done(typeof lease === 'string' ? lease : { token: `${lease.token}@${era}` }),
    fail: (error) => operation.fail(error),
  };
}

/** With the bare CAS value for a token, or with one that matches nothing. */
export function unsigned(operation: StoreOperation, era: string): StoreOperation {
  const { kind, key, mode, bytes, ttlMs, token = '' } = operation;
  const end = `@${era}`;
  return {
    kind,
    key,
    mode,
    bytes,
    ttlMs,
    token: token.endsWith(end) ? token.slice(0, -end.length) : '',
    done: (isStored) => operation.done(isStored),
    fail: (error) => operation.fail(error),
  };
}
