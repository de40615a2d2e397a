/**
 * Lists: the owner is the entry at `index(key)` of a list in which a node may stand several times.
 *
 * Entry i of n becomes the point floor(i × 2^32 / n), which a lookup finds exactly; the successors of a key are the next
 * distinct nodes down the list and round again.
 */

import type { RingMember } from '../placement.js';
import { MAX_POINTS } from '../virtual-nodes.js';
import { type PlacementNode, weightOf } from './placement-node.js';
import { PointPlacement } from './point-placement.js';

/** @param index answers a whole number below `list.length`. @param list node indices */
export function listPlacement(
  identity: string,
  members: readonly RingMember[],
  list: readonly number[],
  index: (key: string) => number,
): PointPlacement {
  const at = Uint32Array.from(list, (_, i) => Math.floor((i * 0x1_0000_0000) / list.length));
  const points = { at: at.slice(), node: Uint16Array.from(list) };
  return new PointPlacement(identity, members, points, (key) => at[index(key)] ?? 0);
}

/** `hash % length` over the list. */
export function moduloPlacement(
  identity: string,
  members: readonly RingMember[],
  list: readonly number[],
  hash: (key: string) => number,
): PointPlacement {
  const length = list.length;
  return listPlacement(identity, members, list, (key) => hash(key) % length);
}

/** Each node as often as its weight says, in list order: 2.5 stands three times. */
export function repeatByWeight(nodes: readonly PlacementNode[]): number[] {
  const list: number[] = [];
  nodes.forEach((node, index) => {
    if (list.length + weightOf(node) > MAX_POINTS) throw new RangeError(`weights add up to more than ${MAX_POINTS}`);
    for (let i = 0; i < weightOf(node); i++) list.push(index);
  });
  return list;
}
