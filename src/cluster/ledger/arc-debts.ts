/**
 * ArcDebts: arcs that one node ceased to own with its copies still in them (rule R4, W3, W4). Should they come back
 * before a deleting migration paid them, copies from before the return do not count.
 *
 * Arcs are meant in the placement's hash space, which may hash less than the whole key (its tag). Bounded: past 16
 * changes the oldest two are held together, and past 65,536 arcs in one of them the whole ring is meant.
 */

import { type Arc, ArcDiff, HASH_SPACE } from '../../ring/arcs.js';

const MAX_CHANGES = 16;
const MAX_ARCS = 65_536;
/** Changes that one entry keeps apart; past them only an empty life of the node ends it. */
const MAX_EPOCHS = 4_096;

interface LostArcs {
  /** Changes of topology that must all be paid. */
  readonly epochs: Set<number>;
  /** Set when epochs were dropped: `pay` can no longer end it. */
  readonly hasLostEpochs: boolean;
  readonly arcs: ArcDiff;
  readonly since: number;
  /** Stamp of the return; no copy is above it while they are away. */
  backAt: number;
}

export class ArcDebts {
  private lost: LostArcs[] = [];

  get isNone(): boolean {
    return this.lost.length === 0;
  }

  /** Arcs held; neighbours count as one. */
  get size(): number {
    return this.lost.reduce((sum, { arcs }) => sum + arcs.size, 0);
  }

  get oldest(): number | undefined {
    return this.lost.length === 0 ? undefined : Math.min(...this.lost.map(({ since }) => since));
  }

  /** The stamp that copies at this place must have reached; 0 if it was never lost. */
  boundAt(place: number): number {
    if (this.lost.length === 0) return 0;
    let bound = 0;
    for (const { arcs, backAt } of this.lost) if (backAt > bound && arcs.movedAt(place)) bound = backAt;
    return bound;
  }

  add(epoch: number, arcs: Iterable<Arc>, now: number): void {
    const merged = merge([...arcs]);
    if (merged.length === 0) return;
    this.lost.push({
      epochs: new Set([epoch]),
      hasLostEpochs: false,
      arcs: new ArcDiff(merged),
      since: now,
      backAt: Number.POSITIVE_INFINITY,
    });
    if (this.lost.length > MAX_CHANGES) this.mergeOldest();
  }

  /** Arcs of this node came back at `stamp`; those that stayed away are asked by nobody. */
  cameBack(stamp: number): void {
    for (const lost of this.lost) if (lost.backAt === Number.POSITIVE_INFINITY) lost.backAt = stamp;
  }

  /** The copies left behind by this change of topology have been deleted. */
  pay(epoch: number): void {
    this.lost = this.lost.filter(
      ({ epochs, hasLostEpochs }) => !(epochs.delete(epoch) && epochs.size === 0 && !hasLostEpochs),
    );
  }

  clear(): void {
    this.lost = [];
  }

  private mergeOldest(): void {
    const [first, second, ...rest] = this.lost;
    if (first === undefined || second === undefined) return;
    const epochs = [...first.epochs, ...second.epochs];
    const both: LostArcs = {
      epochs: new Set(epochs.slice(0, MAX_EPOCHS)),
      hasLostEpochs: first.hasLostEpochs || second.hasLostEpochs || epochs.length > MAX_EPOCHS,
      arcs: new ArcDiff(merge([...first.arcs, ...second.arcs])),
      since: first.since,
      backAt: Math.max(first.backAt, second.backAt),
    };
    this.lost = [both, ...rest];
  }
}

/** Ascending, disjoint, one arc where they touch. */
function merge(arcs: Arc[]): Arc[] {
  const merged: Arc[] = [];
  for (const { from, to } of arcs.sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else merged.push({ from, to });
  }
  return merged.length > MAX_ARCS ? [{ from: 0, to: HASH_SPACE }] : merged;
}
