/**
 * Whether an error speaks against what was called, for guards used alone, where most errors are not ours.
 *
 * Errors of this library are sorted by `faultOf`: `link` and `node` count. Foreign errors all count, except that the
 * caller gave up (`AbortError`). Inside the cache every error is ours and `faultOf` is asked directly.
 */

import { CacheError, faultOf } from '../errors.js';

export function discredits(error: unknown): boolean {
  if (error instanceof CacheError) {
    const fault = faultOf(error);
    return fault === 'link' || fault === 'node';
  }
  return !(error instanceof Error && error.name === 'AbortError');
}
