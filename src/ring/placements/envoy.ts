/**
 * Envoy's redis_proxy over its two consistent load balancers. The key hash is MurmurHash64A of the UTF-8 in both; hosts are
 * labelled "ip:port", names play no part.
 *
 * - `ring-xxhash` (RING_HASH, XX_HASH, the default) and `ring-murmur2`: points hash("ip:port_i") of 64 bits. With weights as
 *   shares w of their sum, scale = min(ceil(min w × 1024) / min w, 8 M), and hosts in list order get points until the running
 *   count reaches the running sum of scale × w. The owner is the first point at or after the key's.
 * - `maglev`: a table of 65,537 entries; entry hash % 65537 owns. Hosts sorted by label take turns to fill it along
 *   (offset + n × skip) % 65537 with offset = xxh64(label) % 65537 and skip = xxh64(label, seed 1) % 65536 + 1; a host sits
 *   out turns in proportion to what its weight lacks to the greatest.
 *
 * Successors: clockwise, for maglev down the table (Envoy itself rebuilds without the host).
 * Source: envoyproxy/envoy ring_hash_lb.cc, maglev_lb.cc, common/hash.cc, clusters/redis/redis_cluster_lb.cc.
 */

import { xxh64 } from '../hash.js';
import { listPlacement } from './list-placement.js';
import { murmur64 } from './murmur.js';
import { hostPort, membersOf, type PlacementNode, totalWeight, weightOf } from './placement-node.js';
import { PointPlacement } from './point-placement.js';
import { remainder } from './uint64.js';

const MIN_RING_SIZE = 1024;
const MAX_RING_SIZE = 8 * 1024 * 1024;
const MAGLEV_TABLE_SIZE = 65537;

export const ENVOY_RING_HASHES = {
  xxhash: (label: string) => xxh64(label),
  murmur2: (label: string) => {
    const halves = new Uint32Array(2);
    murmur64(label, halves);
    return (BigInt(halves[0]!) << 32n) | BigInt(halves[1]!);
  },
} as const;

export type EnvoyRingHash = keyof typeof ENVOY_RING_HASHES;

export interface EnvoyPoint {
  readonly at: bigint;
  readonly node: number;
}

/** The ring as Envoy holds it: points of 64 bits in order. */
export function envoyRingPoints(
  nodes: readonly PlacementNode[],
  hash: EnvoyRingHash,
  minRingSize = MIN_RING_SIZE,
): EnvoyPoint[] {
  const total = totalWeight(nodes);
  const least = Math.min(...nodes.map((node) => weightOf(node) / total));
  const scale = Math.min(Math.ceil(least * minRingSize) / least, MAX_RING_SIZE);
  const points: EnvoyPoint[] = [];
  let target = 0;
  nodes.forEach((node, index) => {
    target += scale * (weightOf(node) / total);
    for (let i = 0; points.length < target; i++) {
      points.push({ at: ENVOY_RING_HASHES[hash](`${hostPort(node)}_${i}`), node: index });
    }
  });
  return points.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/**
 * A position has 32 bits, points and keys have 64. The upper halves alone decide, but for keys that share theirs with a point:
 * such a key stands one further where its lower half is past the point's. Where two points share their upper halves, the
 * points become a list instead.
 */
export function envoyRing(nodes: readonly PlacementNode[], hash: EnvoyRingHash): PointPlacement {
  const points = nodes.length === 0 ? [] : envoyRingPoints(nodes, hash);
  const high = Uint32Array.from(points, ({ at }) => Number(at >> 32n));
  const low = Uint32Array.from(points, ({ at }) => Number(at & 0xffffffffn));
  const identity = `envoy-ring-${points.map(({ at }) => at.toString(16)).join()}`;
  const lowOf = new Map(Array.from(high, (upper, i) => [upper, low[i]!]));
  if (lowOf.size < points.length) return listed(identity, nodes, points, high, low);
  // Marks the lower 16 bits of upper halves that points have: few keys go on to the map.
  const shared = new Uint8Array(0x10000);
  for (const upper of high) shared[upper & 0xffff] = 1;
  const halves = new Uint32Array(2);
  const position = (key: string): number => {
    murmur64(key, halves);
    const upper = halves[0]!;
    return shared[upper & 0xffff] === 1 && halves[1]! > (lowOf.get(upper) ?? Number.POSITIVE_INFINITY)
      ? (upper + 1) >>> 0
      : upper;
  };
  const at = { at: high, node: Uint16Array.from(points, ({ node }) => node) };
  return new PointPlacement(identity, membersOf(nodes), at, position);
}

/** A lookup among 64-bit points finds the entry of a list, successors follow it. */
function listed(
  identity: string,
  nodes: readonly PlacementNode[],
  points: readonly EnvoyPoint[],
  high: Uint32Array,
  low: Uint32Array,
): PointPlacement {
  const halves = new Uint32Array(2);
  // jump[b] is the first point whose top bits are not below b.
  const bits = Math.max(1, Math.ceil(Math.log2(points.length + 1)));
  const jump = Uint32Array.from({ length: 2 ** bits }, (_, bucket) => countBelow(high, bucket * 2 ** (32 - bits)));
  const index = (key: string): number => {
    murmur64(key, halves);
    const keyHigh = halves[0]!;
    let i = jump[keyHigh >>> (32 - bits)]!;
    while (i < high.length && (high[i]! < keyHigh || (high[i]! === keyHigh && low[i]! < halves[1]!))) i++;
    return i === high.length ? 0 : i;
  };
  return listPlacement(
    identity,
    membersOf(nodes),
    points.map(({ node }) => node),
    index,
  );
}

export function envoyMaglev(nodes: readonly PlacementNode[]): PointPlacement {
  const halves = new Uint32Array(2);
  const index = (key: string): number => {
    murmur64(key, halves);
    return remainder(halves[0]!, halves[1]!, MAGLEV_TABLE_SIZE);
  };
  const table = nodes.length === 0 ? [] : envoyMaglevTable(nodes, MAGLEV_TABLE_SIZE);
  return listPlacement('envoy-maglev', membersOf(nodes), table, index);
}

/** Node index of each entry. @param size a prime */
export function envoyMaglevTable(nodes: readonly PlacementNode[], size: number): number[] {
  const total = totalWeight(nodes);
  const hosts = nodes.map((node, index) => {
    const label = hostPort(node);
    const offset = Number(xxh64(label) % BigInt(size));
    const skip = Number(xxh64(label, 1n) % BigInt(size - 1)) + 1;
    return { index, label, skip, entry: offset, weight: weightOf(node) / total, dueWeight: 0 };
  });
  hosts.sort((a, b) => (a.label < b.label ? -1 : 1));
  const most = Math.max(...hosts.map(({ weight }) => weight));
  const table = new Array<number>(size).fill(-1);
  let filled = 0;
  for (let turn = 1; filled < size; turn++) {
    for (const host of hosts) {
      if (filled === size) break;
      if (turn * host.weight < host.dueWeight) continue;
      host.dueWeight += most;
      while (table[host.entry] !== -1) host.entry = (host.entry + host.skip) % size;
      table[host.entry] = host.index;
      filled++;
    }
  }
  return table;
}

/** How many of the ascending numbers are below the limit. */
function countBelow(numbers: Uint32Array, limit: number): number {
  let from = 0;
  let to = numbers.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (numbers[middle]! < limit) from = middle + 1;
    else to = middle;
  }
  return from;
}
