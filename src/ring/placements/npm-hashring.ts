/**
 * npm hashring 3.2, and npm memcached 2.2 which places by it.
 *
 * Per node floor(weight / total × 40 × n) digests, in double throughout (7 and 14 equal nodes get 39 labels, 25 get 40: the
 * other way round than float32 clients); four little-endian words of each digest are points (three with compatibility
 * `hash_ring`). Label "name-k" for a node that was given by name, else "host:port-k" always with the port; npm memcached
 * leaves the port out on 11211, but not behind an IPv6 address. A key's hash is the first word of its digest; the owner is
 * the first point at or after it.
 *
 * - `vnodes`: a node's own number of digests, unless it is 40, which means the formula. Nodes here carry it as `vnodes`;
 *   without any, node i has 20 × (i + 1).
 * - hashring's answer cache misplaces keys called like members of Object.prototype; this does not repeat it.
 * - npm memcached sends keys above 250 characters as their md5 but places them by the key itself.
 *
 * Successors: clockwise, as hashring's own `range`. Source: npm hashring index.js (continuum, find, range), npm memcached
 * lib/memcached.js (Client).
 */

import { ketamaPoints, type LabelCount } from './ketama-points.js';
import { md5, md5Words } from './md5.js';
import { MEMCACHED_PORT, membersOf, nameOf, type PlacementNode, totalWeight, weightOf } from './placement-node.js';
import { PointPlacement } from './point-placement.js';
import { sha1Little, sha1Words, swapBytes } from './sha1.js';

const DIGESTS = 40;

const byWeight: LabelCount = (node, nodes) =>
  Math.floor((weightOf(node) / totalWeight(nodes)) * DIGESTS * nodes.length);

export function npmHashring(nodes: readonly PlacementNode[]): PointPlacement {
  return new PointPlacement('md5', membersOf(nodes), ketamaPoints(nodes, nameOf, byWeight).toPoints(), md5);
}

export function npmHashringVnodes(nodes: readonly PlacementNode[]): PointPlacement {
  const isGiven = nodes.some(({ vnodes }) => vnodes !== undefined);
  const points = ketamaPoints(nodes, nameOf, (node) => {
    const vnodes = isGiven ? node.vnodes || DIGESTS : 20 * (nodes.indexOf(node) + 1);
    return vnodes === DIGESTS ? byWeight(node, nodes) : vnodes;
  });
  return new PointPlacement('md5', membersOf(nodes), points.toPoints(), md5);
}

export function npmHashringHashRingCompat(nodes: readonly PlacementNode[]): PointPlacement {
  const points = ketamaPoints(nodes, nameOf, byWeight, (label) => md5Words(label).slice(0, 3));
  return new PointPlacement('md5', membersOf(nodes), points.toPoints(), md5);
}

export function npmHashringSha1(nodes: readonly PlacementNode[]): PointPlacement {
  const words = (label: string): number[] => sha1Words(label, 4).map(swapBytes);
  const points = ketamaPoints(nodes, nameOf, byWeight, words);
  return new PointPlacement('sha1-little', membersOf(nodes), points.toPoints(), sha1Little);
}

export function npmMemcached(nodes: readonly PlacementNode[]): PointPlacement {
  const points = ketamaPoints(nodes, (node) => withoutDefaultPort(nameOf(node)), byWeight);
  return new PointPlacement('md5', membersOf(nodes), points.toPoints(), md5);
}

/** Host and port are what stands before the first colon and the second, so that an IPv6 address keeps its port. */
function withoutDefaultPort(listed: string): string {
  const [host = '', port] = listed.split(':');
  return Number(port) === MEMCACHED_PORT ? host : listed;
}
