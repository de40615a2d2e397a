/**
 * PointTable: sorted points, arranged so that "first point at or after this hash" costs one jump and a short step.
 *
 * The top bits of a hash choose a bucket; `jump[bucket]` is the first point in it. Of a point only the lower bits are left
 * to compare, so point and node share one 32-bit word and one cache line holds sixteen: a ring of a million points is 4 MB
 * instead of 10.
 *
 *   hash       [ bucket: b | low: 32 - b ]
 *   entry      [ low: 32 - b | node: b ]
 *
 * Two buckets a point or more, 65,536 at most: whoever makes calls has other uses for the cache next to the processor than
 * buckets of three nodes, and with all 65,536 a GET took 4 % more. Nodes are never more than buckets, so they fit.
 *
 * Points lie evenly within a bucket, so the search begins where the low bits say (interpolation search) and mostly ends
 * a step or two from there. With few points to look at the buckets can be few, and `jump` stays in the cache next to
 * the processor: at 1,000 nodes 56 ns a lookup, against 111 with 18 bits and a search from the start of the bucket.
 *
 * Searching the entries of a bucket for the first not below (low, node 0) finds the first point >= hash; if there is
 * none, the entry after the bucket is the next point clockwise, whatever its low bits. One entry more than points
 * repeats the first, for the wrap.
 */

import type { Points } from './virtual-nodes.js';

/** By node index: anything but 0 means "walk past this node". A missing entry means 0. */
export type NodeMask = Uint8Array;

const SHORT_WALK = 64;
const MOST_BUCKET_BITS = 16;

export class PointTable {
  readonly size: number;
  private readonly bucketBits: number;
  private readonly lowBits: number;
  private readonly nodeMask: number;
  private readonly entries: Uint32Array;
  private readonly jump: Uint32Array;
  /** Nodes that have a point: in foreign rings a small weight can round to none. */
  private readonly standing: Uint16Array;
  private readonly zoneOf: Int32Array | undefined;
  private readonly scratch: Int32Array;
  /** Scratch of `countZones`: the walk that last saw a zone. */
  private readonly zoneSeen: Int32Array;
  private walk = 0;

  /** @param zoneOf zone number by node index, where zones matter; numbers are below its length. */
  constructor(points: Points, zoneOf?: Int32Array) {
    const size = points.at.length;
    this.size = size;
    this.standing = new Uint16Array(new Set(points.node)).sort();
    const nodes = (this.standing.at(-1) ?? 0) + 1;
    this.bucketBits = Math.min(MOST_BUCKET_BITS, Math.ceil(Math.log2(Math.max(2 * size, nodes, 2))));
    this.lowBits = 32 - this.bucketBits;
    this.nodeMask = 2 ** this.bucketBits - 1;
    this.entries = new Uint32Array(size + 1);
    this.jump = new Uint32Array(2 ** this.bucketBits + 1);
    let bucket = 0;
    for (let i = 0; i < size; i++) {
      const point = points.at[i]!;
      while (bucket <= point >>> this.lowBits) this.jump[bucket++] = i;
      this.entries[i] = (point << this.bucketBits) | points.node[i]!;
    }
    this.jump.fill(size, bucket);
    this.entries[size] = this.entries[0] ?? 0;
    this.zoneOf = zoneOf;
    this.scratch = new Int32Array(this.standing.length);
    this.zoneSeen = new Int32Array(zoneOf?.length ?? 0);
  }

  /** Node of the first point at or after `hash`, -1 without points. */
  primaryOf(hash: number): number {
    return this.size === 0 ? -1 : this.entries[this.find(hash)]! & this.nodeMask;
  }

  /**
   * See Placement.ownersInto. How many live nodes and zones there are takes a look at every node, so that is only done
   * when a short walk has not found enough: most walks end within a few points, masks or not.
   */
  ownersInto(hash: number, count: number, into: Int32Array, mask: NodeMask | undefined): number {
    if (this.size === 0 || !(count > 0)) return 0;
    const start = this.find(hash);
    const hoped = Math.min(count, this.standing.length);
    const found = this.collect(start, 0, hoped, SHORT_WALK, into, mask, this.zoneOf);
    if (found >= hoped) return found;
    const wanted = Math.min(count, mask === undefined ? this.standing.length : this.countLive(mask));
    if (this.zoneOf === undefined) return this.collect(start, found, wanted, Infinity, into, mask, undefined);
    const distinct = Math.min(wanted, this.countZones(this.zoneOf, mask));
    const spread = this.collect(start, found, distinct, Infinity, into, mask, this.zoneOf);
    return this.collect(start, spread, wanted, Infinity, into, mask, undefined);
  }

  /** The same as an array. */
  owners(hash: number, count: number, mask: NodeMask | undefined): number[] {
    const into = this.scratch;
    const found = this.ownersInto(hash, count, into, mask);
    const owners: number[] = [];
    for (let i = 0; i < found; i++) owners.push(into[i]!);
    return owners;
  }

  /** Calls `visit` for each point in ring order. */
  forEachPoint(visit: (point: number, node: number) => void): void {
    for (let bucket = 0; bucket < this.jump.length - 1; bucket++) {
      const end = this.jump[bucket + 1]!;
      for (let i = this.jump[bucket]!; i < end; i++) {
        const entry = this.entries[i]!;
        visit(((bucket << this.lowBits) | (entry >>> this.bucketBits)) >>> 0, entry & this.nodeMask);
      }
    }
  }

  /** Index of the first point >= hash, or `size`, where the first point is found again. */
  private find(hash: number): number {
    const { entries, jump, bucketBits, lowBits } = this;
    const bucket = hash >>> lowBits;
    const start = jump[bucket]!;
    const end = jump[bucket + 1]!;
    // With few nodes most buckets are empty.
    if (start === end) return start;
    const sought = (hash << bucketBits) >>> 0;
    let i = start + (((sought >>> bucketBits) * (end - start)) >>> lowBits);
    if (i < end && entries[i]! < sought) {
      do i++;
      while (i < end && entries[i]! < sought);
    } else while (i > start && entries[i - 1]! >= sought) i--;
    return i;
  }

  /**
   * Walks clockwise from `start`, at most `steps` points, and adds nodes to the `found` that are there, up to `wanted`;
   * with `zoneOf` only nodes of zones not there yet. With endless steps the caller has made sure that so many exist.
   */
  private collect(
    start: number,
    found: number,
    wanted: number,
    steps: number,
    into: Int32Array,
    mask: NodeMask | undefined,
    zoneOf: Int32Array | undefined,
  ): number {
    for (let i = start, left = steps; found < wanted && left > 0; i++, left--) {
      if (i >= this.size) i = 0;
      const node = this.entries[i]! & this.nodeMask;
      if (mask?.[node]) continue;
      let isNew = true;
      for (let k = 0; k < found && isNew; k++) {
        const other = into[k]!;
        isNew = zoneOf === undefined ? other !== node : zoneOf[other] !== zoneOf[node];
      }
      if (isNew) into[found++] = node;
    }
    return found;
  }

  private countLive(mask: NodeMask): number {
    let live = 0;
    for (let i = 0; i < this.standing.length; i++) if (!mask[this.standing[i]!]) live++;
    return live;
  }

  private countZones(zoneOf: Int32Array, mask: NodeMask | undefined): number {
    const walk = ++this.walk | 0;
    let zones = 0;
    for (let i = 0; i < this.standing.length; i++) {
      const node = this.standing[i]!;
      const zone = zoneOf[node]!;
      if (mask?.[node] || this.zoneSeen[zone] === walk) continue;
      this.zoneSeen[zone] = walk;
      zones++;
    }
    return zones;
  }
}
