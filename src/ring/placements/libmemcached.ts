/**
 * libmemcached, and with it PHP's memcached extension, pylibmc and others built on it.
 *
 * - `ketama-weighted` (MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED; PHP OPT_LIBKETAMA_COMPATIBLE; pylibmc ketama_weighted): label
 *   "host-k" on port 11211, "host:port-k" on others; floor(share × 160 / 4 × n + 1e-10) labels, all in float32; four md5
 *   points each; key hash md5. The names of nodes play no part.
 * - `ketama`, `ketama-HASH` (DISTRIBUTION_CONSISTENT, with BEHAVIOR_HASH): 100 labels of one point, point and key hashed
 *   alike, one-at-a-time by default. Any weight above 1 turns the points into those of `ketama-weighted`; the key hash stays.
 * - `spy` (DISTRIBUTION_CONSISTENT_KETAMA_SPY): as `ketama-weighted` with label "/host:port-k".
 * - `modula-HASH` (DISTRIBUTION_MODULA): hash % n in list order, weights ignored.
 *
 * Ties go to the node listed first. Successors: clockwise, for `modula` the next in the list (libmemcached itself
 * rebuilds without the dead node when it ejects).
 * Source: awesomized/libmemcached src/libmemcached/hosts.cc (update_continuum), hash.cc (dispatch_host), behavior.cc.
 */

import { crc32Middle } from './crc.js';
import { FNV_32, FNV_64_LOW, fnv1aSigned, fnv1Signed } from './fnv.js';
import { lookup3, oneAtATime } from './jenkins.js';
import { float32LabelCount, ketamaPoints } from './ketama-points.js';
import { moduloPlacement } from './list-placement.js';
import { md5 } from './md5.js';
import { murmur2, murmur3SeededByLength } from './murmur.js';
import { hostPort, hostUnlessDefaultPort, membersOf, type PlacementNode, weightOf } from './placement-node.js';
import { PointPlacement } from './point-placement.js';

/** libhashkit's hashes by the names of hashkit_hash_algorithm_t. */
export const LIBMEMCACHED_HASHES = {
  default: oneAtATime,
  md5,
  crc: crc32Middle,
  fnv1_64: fnv1Signed(FNV_64_LOW),
  fnv1a_64: fnv1aSigned(FNV_64_LOW),
  fnv1_32: fnv1Signed(FNV_32),
  fnv1a_32: fnv1aSigned(FNV_32),
  murmur: murmur2,
  murmur3: murmur3SeededByLength,
  jenkins: lookup3,
} as const;

export type LibmemcachedHash = keyof typeof LIBMEMCACHED_HASHES;

const POINTS_PER_NODE = 100;
const weightedCount = float32LabelCount(Math.fround(1e-10));

export function libmemcachedKetamaWeighted(nodes: readonly PlacementNode[]): PointPlacement {
  const points = ketamaPoints(nodes, hostUnlessDefaultPort, weightedCount);
  return new PointPlacement('md5', membersOf(nodes), points.toPoints(), md5);
}

export function libmemcachedSpy(nodes: readonly PlacementNode[]): PointPlacement {
  const points = ketamaPoints(nodes, (node) => `/${hostPort(node)}`, weightedCount);
  return new PointPlacement('md5', membersOf(nodes), points.toPoints(), md5);
}

export function libmemcachedKetama(nodes: readonly PlacementNode[], hash: LibmemcachedHash): PointPlacement {
  const isWeighted = nodes.some((node) => weightOf(node) > 1);
  const hashOf = hash === 'crc' && !isWeighted ? crcSpread : LIBMEMCACHED_HASHES[hash];
  const points = isWeighted
    ? ketamaPoints(nodes, hostUnlessDefaultPort, weightedCount)
    : ketamaPoints(
        nodes,
        hostUnlessDefaultPort,
        () => POINTS_PER_NODE,
        (label) => [hashOf(label)],
      );
  return new PointPlacement(hash, membersOf(nodes), points.toPoints(), hashOf);
}

/** Fifteen bits over the whole ring, points and keys alike: who follows whom stays, and points that lie apart are found at once. */
function crcSpread(key: string): number {
  return (crc32Middle(key) << 17) >>> 0;
}

export function libmemcachedModula(nodes: readonly PlacementNode[], hash: LibmemcachedHash): PointPlacement {
  const list = nodes.map((_, index) => index);
  return moduloPlacement(hash, membersOf(nodes), list, LIBMEMCACHED_HASHES[hash]);
}
