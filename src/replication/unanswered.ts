/** What becomes of a read that no owner answered: what is remembered, a miss, or an error. */

import { CacheError } from '../errors.js';
import type { ReadContext } from './contexts.js';

export interface Unanswered {
  readonly key: string;
  /** Whether it is an error even where the cache answers it by a miss. */
  readonly isStrict: boolean;
  /** Why the last owner asked did not answer. */
  readonly error: CacheError;
}

export function settleUnanswered(
  context: ReadContext,
  { key, isStrict, error }: Unanswered,
  resolve: (value: unknown) => void,
  reject: (error: CacheError) => void,
): void {
  if (context.isOver()) {
    reject(new CacheError('ERR_CLOSED', 'the cache was closed', { key }));
    return;
  }
  const remembered = context.fallbackValue(key, error);
  if (remembered !== undefined) resolve(remembered.value);
  else if (context.degrades && !isStrict) resolve(undefined);
  else {
    const code = error.code === 'ERR_TIMEOUT' ? 'ERR_TIMEOUT' : 'ERR_UNAVAILABLE';
    const message = `no owner of the key answered: ${error.message}`;
    reject(new CacheError(code, message, { node: error.node, key, cause: error }));
  }
}
