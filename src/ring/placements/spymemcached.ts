/**
 * spymemcached (Java).
 *
 * - `ketama`: 40 labels of four md5 points per node, weights ignored; key hash md5. `ketama-weighted`: floor(share × 160 /
 *   4 × n + 1e-10) labels, in float32 but for the constant.
 * - Label: what InetSocketAddress.toString() gives without a leading "/": "ip:port-k" for a literal address,
 *   "host/ip:port-k" for a name, where `ip` of the node says what it resolved to ("host/<unresolved>:port" without; as of
 *   JDK 14). With `-libmemcached` (KetamaNodeKeyFormatter.Format.LIBMEMCACHED): getHostName(), with ":port" unless that is
 *   11211. For a literal that is a reverse lookup on the Java side: give the name it finds as `host`.
 * - `mod-HASH` (ArrayModNodeLocator): hash % n in list order; `native_hash`, String.hashCode(), is Java's default.
 *
 * Points live in a TreeMap: where two coincide the node listed last owns the position. Successors: clockwise, for `mod` the
 * next in the list. (Java's ketama hashes the key anew instead, up to seven times, which need not find every node.)
 * Source: dustin/java-memcached-client KetamaNodeLocator, KetamaNodeKeyFormatter, ArrayModNodeLocator, DefaultHashAlgorithm.
 */

import { isIP } from 'node:net';
import { crc32Middle } from './crc.js';
import { FNV_32, FNV_64_LOW, fnv1aUtf16, fnv1Utf16 } from './fnv.js';
import { float32LabelCount, ketamaPoints, type LabelCount } from './ketama-points.js';
import { moduloPlacement } from './list-placement.js';
import { md5 } from './md5.js';
import { hostUnlessDefaultPort, membersOf, type PlacementNode } from './placement-node.js';
import { PointPlacement } from './point-placement.js';

/** DefaultHashAlgorithm, in lower case. */
export const SPYMEMCACHED_HASHES = {
  native_hash: javaHashCode,
  crc_hash: crc32Middle,
  fnv1_64_hash: fnv1Utf16(FNV_64_LOW),
  fnv1a_64_hash: fnv1aUtf16(FNV_64_LOW),
  fnv1_32_hash: fnv1Utf16(FNV_32),
  fnv1a_32_hash: fnv1aUtf16(FNV_32),
  ketama_hash: md5,
} as const;

export type SpymemcachedHash = keyof typeof SPYMEMCACHED_HASHES;

export interface SpymemcachedOptions {
  readonly isWeighted: boolean;
  readonly format: 'spymemcached' | 'libmemcached';
}

export function spymemcachedKetama(
  nodes: readonly PlacementNode[],
  { isWeighted, format }: SpymemcachedOptions,
): PointPlacement {
  const countOf: LabelCount = isWeighted ? float32LabelCount(1e-10) : () => 40;
  const points = ketamaPoints(nodes, format === 'libmemcached' ? hostUnlessDefaultPort : socketAddress, countOf);
  return new PointPlacement('md5', membersOf(nodes), points.toPointsLastWins(), md5);
}

export function spymemcachedMod(nodes: readonly PlacementNode[], hash: SpymemcachedHash): PointPlacement {
  const list = nodes.map((_, index) => index);
  return moduloPlacement(hash, membersOf(nodes), list, SPYMEMCACHED_HASHES[hash]);
}

/** InetSocketAddress.toString() of JDK 14 and later, less the "/" before a literal. */
function socketAddress(node: PlacementNode): string {
  const { host, port, ip = '<unresolved>' } = node;
  return isIP(host) > 0 ? `${literal(host)}:${port}` : `${host}/${literal(ip)}:${port}`;
}

/** An address as Java writes it: IPv6 with all eight groups, no leading zeros; IPv4 behind ::ffff: as IPv4. */
function literal(address: string): string {
  const mapped = address.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i)?.[1];
  if (mapped !== undefined || isIP(address) !== 6) return mapped ?? address;
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => '0');
  const groups = [...front, ...zeros, ...back].map((group) => Number.parseInt(group, 16).toString(16));
  return `[${groups.join(':')}]`;
}

function javaHashCode(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return hash >>> 0;
}
