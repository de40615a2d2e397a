/**
 * memjs 1.3: |h| % n in list order, where h = 31 × h + code over UTF-16 units, cut to a signed 32-bit number each time.
 * Weights and names play no part. Successors: the next in the list, as memjs itself goes on while a node is marked down.
 *
 * Source: npm memjs lib/memjs/utils.js (hashCode), memjs.js (getServer, server).
 */

import { moduloPlacement } from './list-placement.js';
import { membersOf, type PlacementNode } from './placement-node.js';
import type { PointPlacement } from './point-placement.js';

export function npmMemjs(nodes: readonly PlacementNode[]): PointPlacement {
  return moduloPlacement(
    'memjs',
    membersOf(nodes),
    nodes.map((_, index) => index),
    hashCode,
  );
}

/** Up to 2^31: the absolute value of the smallest number. */
function hashCode(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(31, hash) + key.charCodeAt(i)) | 0;
  return Math.abs(hash);
}
