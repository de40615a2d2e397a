/** Ends the attempts whose time is up, the duplicates that hang on them included. */

import type { CacheError } from '../errors.js';
import type { NodeOperation } from './attempts.js';

/** Made once a sweep and list, since making an error costs more than all the rest. */
export type ExpiryError = (timeoutMs: number) => CacheError;

/** Expires what of `operations[from …]`, begun at `startedAt`, is due at `now`; answers whether anything was. */
export function expireDue(
  operations: readonly NodeOperation[],
  from: number,
  startedAt: number,
  now: number,
  makeError: ExpiryError,
): boolean {
  const elapsedMs = now - startedAt;
  let error: CacheError | undefined;
  for (let i = from; i < operations.length; i++) {
    let operation: NodeOperation | undefined = operations[i];
    while (operation !== undefined) {
      if (!operation.isOver && elapsedMs >= operation.timeoutMs) {
        error ??= makeError(operation.timeoutMs);
        operation.expire(error);
      }
      operation = operation.kind === 'get' ? operation.twin : undefined;
    }
  }
  return error !== undefined;
}

/** Ends all of `operations[from …]`. */
export function expireAll(operations: readonly NodeOperation[], from: number, makeError: () => CacheError): void {
  let error: CacheError | undefined;
  for (let i = from; i < operations.length; i++) {
    const operation = operations[i];
    if (operation?.isOver === false) operation.expire((error ??= makeError()));
  }
}
