/**
 * Expiry as memcached has it: seconds from now, 0 for ever, above 30 days a date in seconds since 1970.
 */

import { OptionError } from '../../errors.js';

const MAX_RELATIVE_SECONDS = 30 * 24 * 60 * 60;
const MAX_SECONDS = 2 ** 32 - 1;

/** How long an entry lives; `past` for a date that has been. */
export type Life = 'none' | 'past' | { readonly ttlMs: number };

/**
 * Whole seconds, of what a caller gave, else `otherwise`. 0, NaN and nothing at all are not given. Less than a second is one,
 * since 0 would be for ever.
 *
 * @throws OptionError for what is no such number
 */
export function secondsOf(expires: unknown, otherwise: number): number {
  const seconds = Number(expires || otherwise);
  if (!(seconds >= 0 && seconds <= MAX_SECONDS))
    throw new OptionError('expires', `must be a number of seconds from 0 to 2^32 - 1, got ${String(expires)}`);
  return seconds > 0 ? Math.max(1, Math.trunc(seconds)) : 0;
}

/** @param wallMs the calendar now */
export function lifeOf(seconds: number, wallMs: number): Life {
  if (seconds === 0) return 'none';
  if (seconds <= MAX_RELATIVE_SECONDS) return { ttlMs: seconds * 1000 };
  const ttlMs = Math.round(seconds * 1000 - wallMs);
  return ttlMs <= 0 ? 'past' : { ttlMs };
}
