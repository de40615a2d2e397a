/**
 * EvictedFloors: what is left of floors that had to go: per cell of the hash space the newest stamp, per bucket the
 * oldest. Nothing is held until the first floor goes.
 *
 * ## Which copies of a key without a floor may still be trusted
 *
 * Its floor f may have been evicted, then oldest(bucket) <= f <= newest(cell). (Cells are finer than buckets, two for each
 * floor there is room for, because a key pays with its hits for the newest evicted neighbour in its cell.)
 *
 * *Raw copies* (no stamp). A copy at node n is older than f only if n missed that write, or went back behind it:
 *  1. n was sent it and did not confirm: it is owed to n, and debts are kept apart from floors. A floor evicted while the
 *     write is still under way becomes a debt of each witness that has not confirmed. (`unproven` marks the bucket where
 *     owners were not listed, so that nobody knows.)
 *  2. n confirmed and lost it again: it restarted with old data or failed over, at a stamp above f; or an abandoned
 *     connection wrote later, which is a connection debt.
 *  3. n was no owner then: it took over at a stamp above f, or it gave the arc up before, which is an arc debt.
 *  So with i the stamp of n's last incident (restart not proven empty, take-over, first meeting), a raw copy
 *  without debts or fences is refused exactly if oldest(bucket) < i. No incident, no loss, however many floors go.
 *
 * *Stamped copies* must have been written at newest(cell) or later, on any node. The rule above would not do for them:
 * they are copied between nodes (read repair, hand-off), by other processes too, which go by their own ledgers. Say a
 * delete of k was confirmed by n and is still owed to m; another process finds the old copy on m and none on n, and adds
 * it to n, lawfully and under a lease. n had no incident and no debt, and yet it answers a value older than f. While the
 * floor stands its stamp gives the copy away; when it has gone, only newest(cell) does. Nor would it help to look at
 * incidents of all nodes: the other process may have had a view of the ring that ours knows nothing of (W10).
 * Raw copies have no such way to travel: they are never copied (rule R9).
 *
 * The price: a stamped copy is refused if a key in the same cell was written here later and evicted since. With room for
 * F floors and c cells, that befalls a key written w writes of other keys ago, w > F, with chance 1 - e^(-(w - F) / c):
 * 1.4 M floors and cells beyond the bound it is one half. `onEviction: 'incident'` gives that up where no other process
 * writes or copies: then stamped copies are judged like raw ones, and refused below newest(cell) only in danger.
 */

import { BUCKETS, bucketOf } from './fences.js';

const MAX_CELL_BITS = 22;

export class EvictedFloors {
  /** Floors that went, ever. */
  count = 0;
  private readonly shift: number;
  private newest: Float64Array | undefined = undefined;
  private oldest: Float64Array | undefined = undefined;
  private readonly unproven = new Set<number>();

  constructor(maxFloors: number) {
    const bits = Math.ceil(Math.log2(maxFloors * 2));
    this.shift = 32 - Math.min(MAX_CELL_BITS, Math.max(12, bits));
  }

  add(hash: number, stamp: number, isProven: boolean): void {
    this.newest ??= new Float64Array(2 ** (32 - this.shift));
    this.oldest ??= new Float64Array(BUCKETS).fill(Number.POSITIVE_INFINITY);
    const cell = hash >>> this.shift;
    const bucket = bucketOf(hash);
    if (stamp > this.newest[cell]!) this.newest[cell] = stamp;
    if (stamp < this.oldest[bucket]!) this.oldest[bucket] = stamp;
    if (!isProven) this.unproven.add(bucket);
    this.count++;
  }

  /** The stamp that no evicted floor of this hash exceeds; 0 if there is none. */
  newestOf(hash: number): number {
    return this.newest === undefined ? 0 : this.newest[hash >>> this.shift]!;
  }

  /** Whether the node may have missed, or gone back behind, a write whose floor went. */
  isEndangered(hash: number, incident: number): boolean {
    return this.newestOf(hash) > 0 && incident > (this.oldest?.[bucketOf(hash)] ?? Number.POSITIVE_INFINITY);
  }

  /** Whether a write whose floor went may have been under way to nodes that nobody listed. */
  isUnproven(hash: number): boolean {
    return this.unproven.size > 0 && this.newestOf(hash) > 0 && this.unproven.has(bucketOf(hash));
  }
}
