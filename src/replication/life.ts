/**
 * How long copies live. A node with a coarse clock is told one tick more where the envelope's own expiry makes the end
 * exact: memcached's second may be all but over when an entry is stored, and without the tick a life of one second ends
 * after anything from none to one. Bare values get no tick, since nothing would end them in time.
 */

import { type Encoded, hasExpiry } from '../codec/encoded.js';
import { NO_EXPIRY } from '../driver/driver.js';
import { isEnvelope } from '../envelope.js';
import type { CacheNode } from '../node/cache-node.js';

/** What to tell `node` for a copy that is to live `ttlMs`; `isEnveloped` says whether the codec writes envelopes. */
export function toldLife(node: CacheNode, value: Encoded, isEnveloped: boolean, ttlMs: number): number {
  if (node.keepsTime || ttlMs === NO_EXPIRY) return ttlMs;
  // A string is an envelope: bare counters are bytes.
  const isExact = isEnveloped && (typeof value === 'string' || isEnvelope(value, 0)) && hasExpiry(value);
  return isExact ? ttlMs + node.driver.capabilities.ttlResolutionMs : ttlMs;
}

/**
 * What an entry has left to live of what it was given, where it stands on a node that was told a shorter life (rule R13).
 * The node's word counts where it is the longer: then it is the calendar that is ahead. A coarse node was told a tick more.
 */
export function lifeGiven({ keepsTime }: CacheNode, ttlMs: number, expiresAt: number, calendarMs: number): number {
  return expiresAt === 0 ? NO_EXPIRY : Math.max(1, keepsTime ? ttlMs : 1, expiresAt - calendarMs);
}

/**
 * What an entry on `node` has left to live, of what the node tells and what its envelope tells (`undefined` for none).
 * Where the node counts whole seconds the envelope knows better, within the node's own: the two are never far apart. Where
 * the node keeps time it alone knows, since `touch` leaves the envelope there as it is.
 */
export function lifeLeft(
  node: CacheNode,
  ttlMs: number | undefined,
  expiresAt: number | undefined,
  calendarMs: number,
): number | undefined {
  if (expiresAt === undefined || node.keepsTime) return ttlMs;
  const left = expiresAt === 0 ? NO_EXPIRY : Math.max(1, expiresAt - calendarMs);
  if (ttlMs === undefined) return left;
  return ttlMs === NO_EXPIRY || left === NO_EXPIRY ? ttlMs : Math.min(ttlMs, left);
}
