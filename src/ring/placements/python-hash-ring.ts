/**
 * Python hash_ring: floor(40 × n × weight / total) md5 digests per node, the first three little-endian words of each are
 * points; label "name-k", the name as listed (here the name, else host:port). The owner is the first point after the key's
 * (not at it). Points live in a dict: where two coincide the node listed last owns the position. Successors: clockwise.
 *
 * Source: Amir Salihefendic's hash_ring, hash_ring/ring.py (_generate_circle, get_node_pos).
 */

import { ketamaPoints } from './ketama-points.js';
import { md5, md5Words } from './md5.js';
import { membersOf, nameOf, type PlacementNode, totalWeight, weightOf } from './placement-node.js';
import { PointPlacement } from './point-placement.js';

export function pythonHashRing(nodes: readonly PlacementNode[]): PointPlacement {
  const total = totalWeight(nodes);
  const points = ketamaPoints(
    nodes,
    nameOf,
    (node) => Math.floor((40 * nodes.length * weightOf(node)) / total),
    (label) => md5Words(label).slice(0, 3),
  );
  // First point after h is first point at or after h + 1; past the highest hash it wraps to the first of all.
  return new PointPlacement('md5-after', membersOf(nodes), points.toPointsLastWins(), (key) => (md5(key) + 1) >>> 0);
}
