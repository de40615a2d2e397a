/**
 * Arcs: intervals of hashes, and which of them change hands between two rings.
 *
 * A point owns the hashes after the point before it up to and including its own, so written half open an arc is
 * [previous point + 1, point + 1). Between two neighbouring points of both rings taken together nobody's owners change:
 * one look at such an elementary arc answers for all its hashes, and everything here is exact.
 */

import type { NodeMask } from './point-table.js';

/** What is asked of a ring here. */
export interface ArcRing {
  readonly members: readonly { readonly name: string }[];
  ownersInto(hash: number, count: number, into: Int32Array, mask: NodeMask | undefined): number;
  forEachPoint(visit: (point: number, node: number) => void): void;
}

/** Hashes from `from` up to but without `to`; 0 <= from < to <= 2^32. */
export interface Arc {
  readonly from: number;
  readonly to: number;
}

export interface ArcDiffOptions {
  /** Owners per key. A hash has changed hands if some owner after was none before; their order does not count. @default 1 */
  readonly count?: number;
  /** Nodes ejected before and after: a readmission moves arcs between two masks over one ring. */
  readonly previousMask?: NodeMask;
  readonly nextMask?: NodeMask;
}

export const HASH_SPACE = 0x1_0000_0000;

/** The arcs that change hands from one ring to the next: ascending, disjoint, merged where they touch. */
export class ArcDiff {
  /** Share of the key space that changed hands, 0 to 1. */
  readonly share: number;
  readonly #starts: Uint32Array;
  /** Last hash of each arc: the end itself may be 2^32. */
  readonly #lasts: Uint32Array;
  readonly #jump = new Uint32Array(0x1001);

  constructor(arcs: readonly Arc[]) {
    this.#starts = Uint32Array.from(arcs, (arc) => arc.from);
    this.#lasts = Uint32Array.from(arcs, (arc) => arc.to - 1);
    this.share = arcs.reduce((sum, arc) => sum + (arc.to - arc.from), 0) / HASH_SPACE;
    let bucket = 0;
    this.#lasts.forEach((last, i) => {
      while (bucket <= last >>> 20) this.#jump[bucket++] = i;
    });
    this.#jump.fill(arcs.length, bucket);
  }

  get size(): number {
    return this.#starts.length;
  }

  /** Whether the keys of this hash changed hands: a jump and a short scan, no allocation. */
  movedAt(hash: number): boolean {
    let i = this.#jump[hash >>> 20]!;
    while (i < this.#lasts.length && this.#lasts[i]! < hash) i++;
    return i < this.#starts.length && this.#starts[i]! <= hash;
  }

  *[Symbol.iterator](): Generator<Arc> {
    for (let i = 0; i < this.size; i++) yield { from: this.#starts[i]!, to: this.#lasts[i]! + 1 };
  }
}

/** The arcs whose owners, by name, are not the same nodes in `next` as in `previous`. */
export function diffArcs(previous: ArcRing, next: ArcRing, options: ArcDiffOptions = {}): ArcDiff {
  const arcs: Arc[] = [];
  forEachOwnerChange(previous, next, options, ({ from, to }) => {
    const last = arcs.at(-1);
    if (last?.to === from) arcs[arcs.length - 1] = { from: last.from, to };
    else arcs.push({ from, to });
  });
  return new ArcDiff(arcs);
}

/** Owners of an elementary arc, as indices into `next.members`; a node that is no member there has a negative number. */
interface OwnerChange extends Arc {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Calls `visit` for each elementary arc with an owner after that it had not before. */
export function forEachOwnerChange(
  previous: ArcRing,
  next: ArcRing,
  { count = 1, previousMask, nextMask }: ArcDiffOptions,
  visit: (change: OwnerChange) => void,
): void {
  const indexInNext = new Map(next.members.map(({ name }, index) => [name, index]));
  const translate = previous.members.map(({ name }, index) => indexInNext.get(name) ?? -1 - index);
  const had = new Int32Array(previous.members.length);
  const has = new Int32Array(next.members.length);
  let from = 0;
  for (const to of boundaries(previous, next)) {
    const hadCount = previous.ownersInto(from, count, had, previousMask);
    for (let i = 0; i < hadCount; i++) had[i] = translate[had[i]!]!;
    const hasCount = next.ownersInto(from, count, has, nextMask);
    if (hasNew(has, hasCount, had, hadCount)) {
      visit({ from, to, before: [...had.subarray(0, hadCount)], after: [...has.subarray(0, hasCount)] });
    }
    from = to;
  }
}

/** Loops, because two rings of 100 nodes have 200,000 elementary arcs and nearly all of them answer no. */
function hasNew(has: Int32Array, hasCount: number, had: Int32Array, hadCount: number): boolean {
  for (let i = 0; i < hasCount; i++) {
    let k = 0;
    while (k < hadCount && had[k] !== has[i]) k++;
    if (k === hadCount) return true;
  }
  return false;
}

/** Ends of the elementary arcs of both rings, ascending, distinct, the last one 2^32. */
function boundaries(previous: ArcRing, next: ArcRing): Float64Array {
  const ends: number[] = [HASH_SPACE];
  for (const ring of previous === next ? [next] : [previous, next]) ring.forEachPoint((point) => ends.push(point + 1));
  return Float64Array.from(ends)
    .sort()
    .filter((end, i, sorted) => end !== sorted[i - 1]);
}
