/**
 * How long an entry lives, from what either Keyv says: Keyv 5 a duration, Keyv 6 a point in time, both in milliseconds and as
 * the same argument. They are told apart by size. A number of at least 2^40 that is not more than a year past is a point in
 * time: as a duration it would be half a century. Where the clock itself is wrong by decades, Keyv's own check decides.
 */

import { MAX_TTL_MS } from '../../calls/call-options.js';

const EARLIEST = 2 ** 40;
const YEAR_MS = 31_557_600_000;

/** Milliseconds; `'none'`: for ever; `'over'`: it has ended already; `undefined`: as the cache has it by default. */
export type Lifetime = number | 'none' | 'over' | undefined;

export interface Lasting {
  /** Duration in milliseconds. */
  readonly ttl?: number | undefined;
  /** Unix time in milliseconds. */
  readonly expires?: number | undefined;
}

/** Of an argument that may be either. */
export function lifetimeOf(ttlOrExpires: number | undefined, now: number): Lifetime {
  if (!isNumber(ttlOrExpires)) return undefined;
  const isTime = ttlOrExpires >= EARLIEST && ttlOrExpires > now - YEAR_MS;
  return lifetimeIn(isTime ? { expires: ttlOrExpires } : { ttl: ttlOrExpires }, now);
}

/** Of an entry, which names what it says. Without a number in either it lives as the cache has it; a ttl of 0 is none, as in Keyv. */
export function lifetimeIn({ ttl, expires }: Lasting, now: number): Lifetime {
  if (isNumber(expires)) return lasting(expires - now);
  if (!isNumber(ttl)) return undefined;
  return ttl === 0 ? 'none' : lasting(ttl);
}

function isNumber(value: number | undefined): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

function lasting(ms: number): Lifetime {
  if (ms <= 0) return 'over';
  return ms <= MAX_TTL_MS ? ms : 'none';
}
