/**
 * gomemcache (Go): CRC-32 (IEEE) of the key's first 256 bytes % n, in list order; weights and names play no part.
 * Successors: the next in the list.
 *
 * Source: bradfitz/gomemcache memcache/selector.go (PickServer).
 */

import { crc32 } from './crc.js';
import { moduloPlacement } from './list-placement.js';
import { membersOf, type PlacementNode } from './placement-node.js';
import type { PointPlacement } from './point-placement.js';

const HASHED_BYTES = 256;

export function gomemcache(nodes: readonly PlacementNode[]): PointPlacement {
  const list = nodes.map((_, index) => index);
  return moduloPlacement('crc32-256', membersOf(nodes), list, (key) => crc32(key, HASHED_BYTES));
}
