/** What a connection owes: operations on the wire, and outcomes known without asking, which wait for their turn in the order. */

import type { CacheError } from '../../errors.js';
import type { Operation } from '../driver.js';

/** The outcome of an operation that needs no further reply. */
export interface KnownOutcome {
  readonly kind: 'known';
  readonly operation: Operation;
  settle(): void;
}

export type Owed = Operation | KnownOutcome;

export function known(operation: Operation, settle: () => void): KnownOutcome {
  return { kind: 'known', operation, settle };
}

export function knownFailure(operation: Operation, error: CacheError): KnownOutcome {
  return known(operation, () => operation.fail(error));
}

/** The connection is no more. */
export function abandon(owed: Owed, error: CacheError): void {
  (owed.kind === 'known' ? owed.operation : owed).fail(error);
}
