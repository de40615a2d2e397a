/** What becomes of a write that fewer owners confirmed than it needs, where that is an error. */

import { CacheError } from '../errors.js';

export interface Unconfirmed {
  readonly key: string;
  readonly confirmed: number;
  readonly needed: number;
  /** An owner was sent the write, and nobody knows what it made of it. */
  readonly mayBeHeld: boolean;
  /** Why the last owner that failed did. */
  readonly error: CacheError;
}

/** `ERR_INDETERMINATE` only if an owner holds the write or may: of what was never sent it is known that nobody does. */
export function unconfirmedError({ key, confirmed, needed, mayBeHeld, error }: Unconfirmed): CacheError {
  const message = `${confirmed} of ${needed} owners confirmed the write: ${error.message}`;
  const notHeld = error.code === 'ERR_TIMEOUT' ? 'ERR_TIMEOUT' : 'ERR_UNAVAILABLE';
  const code = confirmed > 0 || mayBeHeld ? 'ERR_INDETERMINATE' : notHeld;
  return new CacheError(code, message, { node: error.node, key, cause: error });
}
