/**
 * twemproxy (nutcracker), for memcached and for Redis alike.
 *
 * - `ketama-HASH`: label "name-k", the name if the configuration gives one, else "host" on port 11211, else "host:port";
 *   floorf(share × 160 / 4 × n + 1e-10) labels, in float32 but for the constant, four md5 points each. The key is hashed by
 *   the configured hash (fnv1a_64 unless set), not by md5: with `crc32`, which has 15 bits, all keys meet one node.
 * - `modula-HASH`: hash % length over the list in which each node stands as often as its weight.
 * - The order of the configuration plays no part: twemproxy sorts nodes by name, the shorter first, equal lengths by bytes.
 *
 * Successors: clockwise, for `modula` the next in the list (twemproxy itself rebuilds without the dead node when
 * auto_eject_hosts is on). A `hash_tag` is not looked for.
 * Source: twitter/twemproxy src/hashkit/nc_ketama.c, nc_modula.c, nc_*.c; src/nc_conf.c conf_add_server.
 */

import { crc16Untruncated, crc32, crc32Middle } from './crc.js';
import { FNV_32, FNV_64_LOW, fnv1aSigned, fnv1Signed } from './fnv.js';
import { hsieh } from './hsieh.js';
import { lookup3, oneAtATime } from './jenkins.js';
import { float32LabelCount, ketamaPoints } from './ketama-points.js';
import { moduloPlacement, repeatByWeight } from './list-placement.js';
import { md5 } from './md5.js';
import { murmur2 } from './murmur.js';
import { hostUnlessDefaultPort, membersOf, type PlacementNode } from './placement-node.js';
import { PointPlacement } from './point-placement.js';

/** By the names of the `hash` setting. */
export const TWEMPROXY_HASHES = {
  one_at_a_time: oneAtATime,
  md5,
  crc16: crc16Untruncated,
  crc32: crc32Middle,
  crc32a: (key: string) => crc32(key),
  fnv1_64: fnv1Signed(FNV_64_LOW),
  fnv1a_64: fnv1aSigned(FNV_64_LOW),
  fnv1_32: fnv1Signed(FNV_32),
  fnv1a_32: fnv1aSigned(FNV_32),
  hsieh,
  murmur: murmur2,
  jenkins: lookup3,
} as const;

export type TwemproxyHash = keyof typeof TWEMPROXY_HASHES;

export function twemproxyKetama(nodes: readonly PlacementNode[], hash: TwemproxyHash): PointPlacement {
  const sorted = sortByName(nodes);
  const points = ketamaPoints(sorted, labelOf, float32LabelCount(1e-10)).toPoints();
  const placed = { at: points.at, node: points.node.map((place) => nodes.indexOf(sorted[place]!)) };
  return new PointPlacement(hash, membersOf(nodes), placed, TWEMPROXY_HASHES[hash]);
}

export function twemproxyModula(nodes: readonly PlacementNode[], hash: TwemproxyHash): PointPlacement {
  const sorted = sortByName(nodes);
  const list = repeatByWeight(sorted).map((place) => nodes.indexOf(sorted[place]!));
  return moduloPlacement(hash, membersOf(nodes), list, TWEMPROXY_HASHES[hash]);
}

function labelOf(node: PlacementNode): string {
  return node.name ?? hostUnlessDefaultPort(node);
}

/** string_compare of nc_string.c. */
function sortByName(nodes: readonly PlacementNode[]): readonly PlacementNode[] {
  const named = nodes.map((node) => ({ node, bytes: Buffer.from(labelOf(node)) }));
  named.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return named.map(({ node }) => node);
}
