/**
 * python-memcached: ((CRC-32 >> 16) & 0x7fff), 1 where that is 0, % length over the list in which each node stands as often
 * as its weight. Names play no part. Successors: the next in the list. (The client itself hashes anew, the hash with the
 * number of the try behind it, while a node is down.)
 *
 * Source: python-memcached memcache.py (cmemcache_hash, _get_server).
 */

import { crc32Middle } from './crc.js';
import { moduloPlacement, repeatByWeight } from './list-placement.js';
import { membersOf, type PlacementNode } from './placement-node.js';
import type { PointPlacement } from './point-placement.js';

export function pythonMemcached(nodes: readonly PlacementNode[]): PointPlacement {
  return moduloPlacement('crc32-middle-or-1', membersOf(nodes), repeatByWeight(nodes), (key) => crc32Middle(key) || 1);
}
