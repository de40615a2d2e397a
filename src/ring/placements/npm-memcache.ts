/**
 * npm memcache 1.7.
 *
 * - `npm-memcache` (KetamaHash, its default): round(50 × weight) points per node, FNV-1a of the node's id, NUL and i, for i
 *   from that number down to 1; id is "host:port", an IPv6 host in brackets, the host alone on port 0. Points are signed:
 *   they sort from -2^31 up, which the position function here shifts to 0. The owner is the first point at or after the key's.
 * - `npm-memcache-modula` (ModulaHash): FNV-1a % length over the list in which each node stands as often as its weight.
 *
 * Its FNV-1a runs over UTF-16 units and multiplies in double: products above 2^53 lose their last bits before they are cut
 * to 32, so it is nobody else's. Successors: clockwise, for `modula` the next in the list.
 * Source: npm memcache dist/index.mjs (HashRing, KetamaHash, ModulaHash, MemcacheNode.id).
 */

import { moduloPlacement, repeatByWeight } from './list-placement.js';
import { membersOf, type PlacementNode, weightOf } from './placement-node.js';
import { PointList, PointPlacement } from './point-placement.js';

const POINTS_PER_WEIGHT = 50;

export function npmMemcache(nodes: readonly PlacementNode[]): PointPlacement {
  const points = new PointList();
  nodes.forEach((node, index) => {
    const id = idOf(node);
    for (let i = Math.round(weightOf(node) * POINTS_PER_WEIGHT); i > 0; i--) points.add(index, position(`${id}\0${i}`));
  });
  return new PointPlacement('fnv1a-double-signed', membersOf(nodes), points.toPoints(), position);
}

export function npmMemcacheModula(nodes: readonly PlacementNode[]): PointPlacement {
  return moduloPlacement('fnv1a-double', membersOf(nodes), repeatByWeight(nodes), fnv1aDouble);
}

function idOf({ host, port }: PlacementNode): string {
  if (port === 0) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Order of signed numbers kept. The empty key, whose hash is never cut to 32 bits, lies above all points: at the first. */
function position(key: string): number {
  return key === '' ? 0 : (fnv1aDouble(key) ^ 0x80000000) >>> 0;
}

function fnv1aDouble(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = ((hash ^ key.charCodeAt(i)) * 16777619) | 0;
  return hash >>> 0;
}
