/**
 * libketama, the original by Richard Jones.
 *
 * Per node floorf(share × 40 × n) md5 digests (share a float, the product a double cut to float), four points each: the
 * little-endian words of the digest of "address-k", the address exactly as listed (here the name, else host:port). A key's
 * hash is the first word of its md5; the owner is the first point at or after it. Successors: clockwise.
 *
 * Source: RJ/ketama libketama/ketama.c, ketama_create_continuum and ketama_get_server.
 */

import { ketamaPoints } from './ketama-points.js';
import { md5 } from './md5.js';
import { membersOf, nameOf, type PlacementNode, totalWeight, weightOf } from './placement-node.js';
import { PointPlacement } from './point-placement.js';

export function libketama(nodes: readonly PlacementNode[]): PointPlacement {
  const total = Math.fround(totalWeight(nodes));
  const points = ketamaPoints(nodes, nameOf, (node) => {
    const share = Math.fround(Math.fround(weightOf(node)) / total);
    return Math.floor(Math.fround(share * 40 * nodes.length));
  });
  return new PointPlacement('md5', membersOf(nodes), points.toPoints(), md5);
}
