/**
 * Rule R13: what a stand-in holds dies young, so that two processes that disagree on owners soon agree again.
 *
 * The node is told the short life, the envelope keeps the end that the value was given: whoever copies it from there, or
 * renews it, goes by the envelope. For what has none (counters, values of raw codecs) the short life is all that is known.
 */

import type { Topology } from '../cluster/topology.js';
import type { CacheNode } from '../node/cache-node.js';

/** How long an entry that is to live `ttlMs` (0 for ever) may live on this owner of its key, which hashes to `place`. */
export function lifeOn(
  { standInTtlMs }: { readonly standInTtlMs: number },
  topology: Topology,
  node: CacheNode,
  place: number,
  key: string,
  ttlMs: number,
): number {
  if (!topology.isMasked || standInTtlMs === Number.POSITIVE_INFINITY || !topology.isStandIn(node, place, key))
    return ttlMs;
  return shortLife(standInTtlMs, ttlMs);
}

/** The life on a stand-in of what is to live `ttlMs`, 0 for ever. */
export function shortLife(standInTtlMs: number, ttlMs: number): number {
  return ttlMs === 0 ? standInTtlMs : Math.min(ttlMs, standInTtlMs);
}

/**
 * Whether `node` has got what it holds of the key as a stand-in, now or before the running hand-off: it owns the key in a
 * snapshot, and in none in its own right. What it was given in its own right may have been touched there without its
 * envelope, which then says nothing.
 */
export function stoodIn(
  { standInTtlMs }: { readonly standInTtlMs: number },
  topology: Topology,
  node: CacheNode,
  key: string,
): boolean {
  if (standInTtlMs === Number.POSITIVE_INFINITY) return false;
  let stood = false;
  for (let at: Topology | undefined = topology; at !== undefined; at = at.previous) {
    const place = at.placement.hash(key);
    if (!at.owners(place, key).includes(node)) continue;
    if (!at.isStandIn(node, place, key)) return false;
    stood = true;
  }
  return stood;
}
