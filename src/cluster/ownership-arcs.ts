/** Which arcs each node loses from one snapshot to the next, for the ledger's arc debts. */

import type { CacheNode } from '../node/cache-node.js';
import { type Arc, forEachOwnerChange, HASH_SPACE } from '../ring/arcs.js';
import { Ring } from '../ring/ring.js';
import type { Topology } from './topology.js';

/** Above so many points the whole ring is meant: looking at every arc would keep the event loop for too long. */
const MAX_POINTS = 32_768;
const WHOLE_RING: readonly Arc[] = [{ from: 0, to: HASH_SPACE }];

/** By node: arcs of which it was an owner in `before` and is none in `after`. */
export function arcsLost(before: Topology, after: Topology): Map<CacheNode, readonly Arc[]> {
  const lost = new Map<CacheNode, Arc[]>();
  const { placement: from } = before;
  const { placement: to } = after;
  if (!(from instanceof Ring) || !(to instanceof Ring) || pointsOf(from) + pointsOf(to) > MAX_POINTS) {
    return new Map(before.nodes.map((node) => [node, WHOLE_RING]));
  }
  const options = {
    count: Math.max(before.replication, after.replication),
    ...(after.mask === undefined ? {} : { previousMask: after.mask }),
    ...(before.mask === undefined ? {} : { nextMask: before.mask }),
  };
  // What a node gains on the way back is what it loses on the way there.
  forEachOwnerChange(to, from, options, ({ from: start, to: end, before: then, after: now }) => {
    for (const index of now) {
      const node = before.nodes[index];
      if (node === undefined || then.includes(index)) continue;
      const arcs = lost.get(node) ?? [];
      arcs.push({ from: start, to: end });
      lost.set(node, arcs);
    }
  });
  return lost;
}

function pointsOf(ring: Ring): number {
  return ring.members.reduce((sum, { weight = 1 }) => sum + weight * 1024, 0);
}
