/**
 * What an `add` is sent as (see placeholder.ts): the store itself, whose reply is only noted, and in the same write the look
 * that tells what the reply was worth.
 */

import type { CacheError } from '../../errors.js';
import type { InspectOperation, StoreOperation } from '../driver.js';
import type { Look } from './look.js';

/** The first of the two. */
export interface NotedStore extends StoreOperation {
  readonly isNoted: true;
}

/** The second. */
export interface AddLook extends Look {
  /** The add that the two are sent for. */
  readonly operation: StoreOperation;
  /** Whether the store was refused: by an entry, or by a placeholder. */
  isRefused(): boolean;
  /** Tells the add what was noted. */
  settle(): void;
}

export interface AddPairEvents {
  /** The store has been replied to. */
  noted(): void;
  /** The store was refused, and by no entry. */
  misled(token: string | undefined): void;
}

export function isAddLook(operation: InspectOperation): operation is AddLook {
  return 'isRefused' in operation;
}

export function isNotedStore(operation: StoreOperation): operation is NotedStore {
  return 'isNoted' in operation;
}

export function addPair(operation: StoreOperation, events: AddPairEvents): readonly [NotedStore, AddLook] {
  let outcome: boolean | CacheError = false;
  const note = (result: boolean | CacheError): void => {
    outcome = result;
    events.noted();
  };
  const isRefused = (): boolean => outcome === false;
  const settle = (): void => {
    if (typeof outcome === 'boolean') operation.done(outcome);
    else operation.fail(outcome);
  };
  const missing = (token?: string): void => {
    if (isRefused()) events.misled(token);
    else settle();
  };
  const { kind, key, mode, bytes, ttlMs } = operation;
  return [
    { kind, key, mode, bytes, ttlMs, isNoted: true, done: note, fail: note },
    {
      kind: 'inspect',
      key,
      withValue: false,
      operation,
      isRefused,
      settle,
      found: settle,
      miss: () => missing(),
      placeholder: missing,
      fail: (error) => operation.fail(error),
    },
  ];
}
