/**
 * What a lease does to the other operations on memcached, and how they get past it.
 *
 * `mg k N2` on a missing key makes an item without a value, which says `W` to the one that asked, `Z` to all others, and
 * counts as an entry for every command that does not look (seen on 1.6.18): `ms … ME` is refused, `ms … MR` stores, `ma`
 * finds no number, `mg … T` prolongs it. But a lease is nothing to anybody. So:
 * - an `add` is followed by a look in the same write, since a refusal does not tell what refused it;
 * - a `replace` begins with a look, and then stores by CAS value;
 * - a count that found no number looks why;
 * - a touch that hit a placeholder removes it.
 * Whoever finds a placeholder in the way removes it, guarded by its CAS value, and tries again: its lease is lost, which
 * costs nobody more than a copy. A stale item of another client (`X`) is treated alike: it has no value to serve.
 */

import { type CacheError, NodeError } from '../../errors.js';
import type { CountOperation, DeleteOperation, Operation, StoreOperation } from '../driver.js';
import { isAffix } from './affix.js';
import type { Look } from './look.js';
import { type KnownOutcome, known, knownFailure } from './owed.js';
import { recorded } from './recorded.js';

/** Each further one means that somebody else was there in between. */
const ATTEMPTS = 10;

/** A delete that only removes what still has this CAS value. */
export interface GuardedDelete extends DeleteOperation {
  readonly token: string;
}

/**
 * A count or a conditional store that a placeholder led astray, a replace that has looked, or a read of the same key behind
 * one of them, which came too early.
 */
export interface Misled {
  readonly operation: Operation;
  /** CAS value of what was found there, if known. */
  readonly token: string | undefined;
}

export function guardOf(operation: DeleteOperation | GuardedDelete): string | undefined {
  return 'token' in operation ? operation.token : undefined;
}

export function removePlaceholder(key: string, token: string): GuardedDelete {
  return { kind: 'delete', key, token, done: () => undefined, fail: () => undefined };
}

/**
 * Carries a misled operation out after all; calls `end` once with its outcome. Nothing else is sent meanwhile. `isPast`: the
 * key was set or deleted behind the operation, so that it must not take effect any more, and tells what it would have done.
 */
export function carryOut(
  { operation, token }: Misled,
  isPast: boolean,
  send: (operation: Operation) => void,
  end: (outcome: KnownOutcome) => void,
): void {
  let attempts = 0;
  const fail = (error: CacheError): void => end(knownFailure(operation, error));
  const look = (found: (token: string) => void, missing: (placeholder?: string) => void): void => {
    if (attempts++ === ATTEMPTS) {
      fail(new NodeError('rejected', 'others write the key faster than it can be looked at', { key: operation.key }));
      return;
    }
    const { key } = operation;
    const inspection: Look = {
      kind: 'inspect',
      key,
      withValue: false,
      found: (entry) => found(entry.token),
      miss: () => missing(),
      placeholder: missing,
      fail,
    };
    send(inspection);
  };
  if (operation.kind === 'count') recount(operation, isPast, { look, send, end, fail });
  else if (operation.kind !== 'store') send(recorded(operation, end));
  else if (operation.mode === 'add') addAgain(operation, token, isPast, { look, send, end, fail });
  else replaceByToken(operation, token, { look, send, end, fail });
}

interface Steps {
  look(found: (token: string) => void, missing: (placeholder?: string) => void): void;
  send(operation: Operation): void;
  end(outcome: KnownOutcome): void;
  fail(error: CacheError): void;
}

/** What is there may be a number by now, of a count before this one. */
function recount(operation: CountOperation, isPast: boolean, { look, send, end, fail }: Steps): void {
  const told = (value: number | undefined): void => end(known(operation, () => operation.done(value)));
  const again = (): void => send({ ...fieldsOf(operation), done: told, fail });
  const missing = (placeholder?: string): void => {
    if (placeholder !== undefined) send(removePlaceholder(operation.key, placeholder));
    again();
  };
  if (isPast) told(operation.initial);
  else look(again, missing);
}

function addAgain(
  operation: StoreOperation,
  token: string | undefined,
  isPast: boolean,
  { look, send, end, fail }: Steps,
): void {
  const told = (isStored: boolean): void => end(known(operation, () => operation.done(isStored)));
  const again = (placeholder?: string): void => {
    if (placeholder !== undefined) send(removePlaceholder(operation.key, placeholder));
    const done = (isStored: boolean): void => (isStored ? told(true) : look(() => told(false), again));
    send({ ...storeFieldsOf(operation), done, fail });
  };
  // Seen without a placeholder, it may have been refused by an entry that is gone by now.
  if (isPast) told(token !== undefined);
  else again(token);
}

function replaceByToken(operation: StoreOperation, token: string | undefined, { look, send, end, fail }: Steps): void {
  const told = (isStored: boolean): void => end(known(operation, () => operation.done(isStored)));
  const missing = (): void => told(false);
  const store = (found: string): void => {
    const done = (isStored: boolean): void => (isStored ? told(true) : look(store, missing));
    send({ ...storeFieldsOf(operation), mode: 'compare', token: found, done, fail });
  };
  if (token === undefined) look(store, missing);
  else store(token);
}

function fieldsOf({ kind, key, delta, initial, ttlMs }: CountOperation) {
  return { kind, key, delta, initial, ttlMs };
}

function storeFieldsOf(operation: StoreOperation) {
  const { kind, key, mode, bytes, ttlMs } = operation;
  return isAffix(operation)
    ? { kind, key, mode, bytes, ttlMs, affix: operation.affix }
    : { kind, key, mode, bytes, ttlMs };
}
