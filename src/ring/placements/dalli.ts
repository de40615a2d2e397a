/**
 * dalli (Ruby): floor(160 × n × weight / total) points per node, the first 32 bits (big-endian) of SHA1("host:port:i"); key
 * hash CRC-32. The owner is the greatest point at or below the key's, the greatest of all below the first one. Seen from the
 * other end of the circle that is the first point at or after, so positions here are inverted bit by bit. A node is labelled
 * by its address, never by its name. Successors: on down the circle. (dalli itself hashes the key anew, with the number of
 * the try before it, up to twenty times, which need not find every node.)
 *
 * Source: petergoldstein/dalli lib/dalli/ring.rb.
 */

import { crc32 } from './crc.js';
import { hostPort, membersOf, type PlacementNode, totalWeight, weightOf } from './placement-node.js';
import { PointList, PointPlacement } from './point-placement.js';
import { sha1Words } from './sha1.js';

const POINTS_PER_NODE = 160;

export function dalli(nodes: readonly PlacementNode[]): PointPlacement {
  const total = totalWeight(nodes);
  const points = new PointList();
  nodes.forEach((node, index) => {
    const count = Math.floor((nodes.length * POINTS_PER_NODE * weightOf(node)) / total);
    for (let i = 0; i < count; i++) points.add(index, ...sha1Words(`${hostPort(node)}:${i}`, 1).map(invert));
  });
  return new PointPlacement('crc32-down', membersOf(nodes), points.toPoints(), (key) => invert(crc32(key)));
}

function invert(word: number): number {
  return ~word >>> 0;
}
