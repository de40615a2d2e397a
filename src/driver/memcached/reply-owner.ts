/** Whom the reader of replies tells what it cannot settle by itself. */

import type { CacheError } from '../../errors.js';
import type { CountOperation, Operation } from '../driver.js';
import type { KnownOutcome } from './owed.js';
import type { Overflow } from './settle-meta.js';

export interface ReplyOwner {
  /** Nothing more can be expected of this connection, because of `error`; the operations it owes fail with `loss`. */
  doubt(error: CacheError, loss?: CacheError): void;
  counted(operation: CountOperation, outcome: number | undefined | Overflow | CacheError): void;
  known(outcome: KnownOutcome): void;
  /** What to settle in place of an operation that has just been replied to. */
  postponed(head: Operation): Operation;
  touchedPlaceholder(key: string, token: string): void;
}
