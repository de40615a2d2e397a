/**
 * Rule R13: what a stand-in holds dies young, so that two processes that disagree on owners soon agree again.
 */

import type { Topology } from '../cluster/topology.js';
import type { CacheNode } from '../node/cache-node.js';
import type { WriteContext } from './contexts.js';

/** How long an entry that is to live `ttlMs` (0 for ever) may live on this owner of its key, which hashes to `place`. */
export function lifeOn(
  { standInTtlMs }: WriteContext,
  topology: Topology,
  node: CacheNode,
  place: number,
  key: string,
  ttlMs: number,
): number {
  if (!topology.isMasked || standInTtlMs === Number.POSITIVE_INFINITY || !topology.isStandIn(node, place, key))
    return ttlMs;
  return ttlMs === 0 ? standInTtlMs : Math.min(ttlMs, standInTtlMs);
}
