/** An operation whose outcome must wait: it tells the outcome instead of calling back, values copied out of the receive buffer. */

import type { CacheError } from '../../errors.js';
import type { Inspection, Lease, Operation } from '../driver.js';
import { isLook } from './look.js';
import { type KnownOutcome, known, knownFailure } from './owed.js';

export function recorded(operation: Operation, tell: (outcome: KnownOutcome) => void): Operation {
  const later = (settle: () => void): void => tell(known(operation, settle));
  const fail = (error: CacheError): void => tell(knownFailure(operation, error));
  switch (operation.kind) {
    case 'get': {
      const hit = (bytes: Buffer, start: number, end: number): void => {
        const copy = Buffer.from(bytes.subarray(start, end));
        later(() => operation.hit(copy, 0, copy.length));
      };
      return { kind: 'get', key: operation.key, hit, miss: () => later(() => operation.miss()), fail };
    }
    case 'inspect':
      return {
        ...operation,
        found: (entry: Inspection) => later(() => operation.found(entry)),
        miss: () => later(() => operation.miss()),
        ...(isLook(operation) ? { placeholder: (token: string) => later(() => operation.placeholder(token)) } : {}),
        fail,
      };
    case 'lease':
      return { ...operation, done: (lease: Lease) => later(() => operation.done(lease)), fail };
    case 'count':
      return { ...operation, done: (value: number | undefined) => later(() => operation.done(value)), fail };
    case 'raw':
      return { ...operation, done: (reply: unknown) => later(() => operation.done(reply)), fail };
    case 'store': {
      // An attempt has its kind and mode from its class, where no spread finds them.
      const { kind, mode } = operation;
      return { ...operation, kind, mode, done: (isStored: boolean) => later(() => operation.done(isStored)), fail };
    }
    default:
      return { ...operation, done: (isDone: boolean) => later(() => operation.done(isDone)), fail };
  }
}

/** Calls `stored` first if it is a store and takes effect: one whose condition did not hold has changed nothing. */
export function whenStored(operation: Operation, stored: () => void): Operation {
  if (operation.kind !== 'store') return operation;
  const done = (isStored: boolean): void => {
    if (isStored) stored();
    operation.done(isStored);
  };
  return { ...operation, done };
}
