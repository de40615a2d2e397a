/** Ketama's points: each digest of a label gives several, and clients differ in how many digests a node has. */

import { md5Words } from './md5.js';
import { type PlacementNode, totalWeight, weightOf } from './placement-node.js';
import { PointList } from './point-placement.js';

/** How many labels a node has, given its share of the total weight and the number of nodes. */
export type LabelCount = (node: PlacementNode, nodes: readonly PlacementNode[]) => number;

/** md5(label-k) for k = 0, 1, …: its four little-endian words, or the first `perDigest` of them, are points. */
export function ketamaPoints(
  nodes: readonly PlacementNode[],
  labelOf: (node: PlacementNode) => string,
  countOf: LabelCount,
  words: (label: string) => readonly number[] = md5Words,
): PointList {
  const points = new PointList();
  nodes.forEach((node, index) => {
    const label = labelOf(node);
    const count = countOf(node, nodes);
    for (let k = 0; k < count; k++) points.add(index, ...words(`${label}-${k}`));
  });
  return points;
}

/**
 * floor(share × 160 / 4 × n) in float32 throughout: libmemcached and, but for the constant that is added as a double
 * there, twemproxy and spymemcached. With 25 equal nodes this gives 39 labels, in double it would be 40.
 */
export function float32LabelCount(epsilon: number): LabelCount {
  const f = Math.fround;
  return (node, nodes) => {
    const share = f(f(weightOf(node)) / f(totalWeight(nodes)));
    return Math.floor(f(f(f(f(share * 160) / 4) * nodes.length) + epsilon));
  };
}
