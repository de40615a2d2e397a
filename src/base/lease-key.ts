/**
 * Companion keys: where a node keeps leases beside the entries, the lease of a key stands under two keys of its own, made of
 * the key and a suffix that no key of a caller ends in (`KeySpace` digests those that would). They begin as the key does, so
 * a walk over a namespace meets them, and they keep its `{tag}`.
 *
 * Two, because removing key and companions by one command then tells all that was there in one number: the key counts one,
 * the lease two.
 */

import { charCodeAt } from './string-calls.js';

const SUFFIX = '~lease~';
const SECOND_SUFFIX = '~lease~~';
/** Both suffixes end in it. */
const LAST_UNIT = SUFFIX.charCodeAt(SUFFIX.length - 1);

/** What is put behind a key, ASCII. */
export const LEASE_SUFFIXES = [SUFFIX, SECOND_SUFFIX] as const;

/** Whether a key has the form of a companion key. */
export function isLeaseKey(key: string): boolean {
  if (charCodeAt(key, key.length - 1) !== LAST_UNIT) return false;
  return key.endsWith(SUFFIX) || key.endsWith(SECOND_SUFFIX);
}

/** The key that a companion belongs to, or the key itself. */
export function withoutLeaseSuffix(key: string): string {
  if (!isLeaseKey(key)) return key;
  return key.slice(0, -(key.endsWith(SUFFIX) ? SUFFIX : SECOND_SUFFIX).length);
}
