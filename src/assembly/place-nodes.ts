/** From nodes to a placement over them, and the nodes in the order in which the placement counts them. */

import type { CacheNode } from '../node/cache-node.js';
import type { Placement, RingMember } from '../ring/placement.js';
import { Ring } from '../ring/ring.js';

export interface PlacedNodes {
  readonly placement: Placement;
  /** By node index of the placement. */
  readonly nodes: readonly CacheNode[];
}

export function placeNodes(nodes: readonly CacheNode[]): PlacedNodes {
  const placement = Ring.build(nodes.map(memberOf));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return { placement, nodes: placement.members.map(({ name }) => byName.get(name) as CacheNode) };
}

function memberOf({ name, weight, zone }: CacheNode): RingMember {
  return zone === undefined ? { name, weight } : { name, weight, zone };
}
