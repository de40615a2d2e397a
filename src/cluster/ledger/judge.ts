/**
 * Judge: whether a copy counts (rule R3), given what is known against its node.
 *
 * While the floor f of a key stands it is the exact stamp of the last write here, and decides nearly alone:
 * - a copy stamped by this process counts from f on. What an abandoned connection or a missed delete may have left on the
 *   node does not matter: it carries an older stamp, and what a late delete leaves is a miss. Nor do debts.
 * - a copy stamped by another process counts beyond f + skew, on every node. Not from f on where the node confirmed f:
 *   another process may since have put an older value there, found on a node that still owed our delete, and the stamp
 *   it was written with may lie ahead of f by as much as the clocks differ.
 * - a raw copy counts where the node confirmed f in its present incarnation, or was proven empty after f, and no
 *   abandoned connection may write the key later.
 * Fences from outside and arcs that came back ask for their stamp on top; debts past their bounds do not, since a
 * known floor tells which copies missed it.
 *
 * Without a floor, any of these may hold something that this process wrote over: debts, fences, arcs, and evicted floors.
 */

import type { EvictedFloors } from './evicted-floors.js';
import type { FloorTable } from './floor-table.js';
import type { NodeLedger } from './node-ledger.js';
import { NOT_FOUND } from './record-segment.js';

export type Distrust = 'no' | 'key' | 'connection' | 'fence';

export class Judge {
  private readonly floors: FloorTable;
  private readonly evicted: EvictedFloors;
  private readonly clientId: number;
  private readonly skew: number;
  private readonly isStrict: boolean;

  /** @param skew in stamps: what another process's stamp is taken down by; it passes a bound only beyond it. */
  constructor(floors: FloorTable, evicted: EvictedFloors, clientId: number, skew: number, isStrict: boolean) {
    this.floors = floors;
    this.evicted = evicted;
    this.clientId = clientId;
    this.skew = skew;
    this.isStrict = isStrict;
  }

  trusts(node: NodeLedger, hash: number, key: string, stamp: number, clientId: number, place: number): boolean {
    const isOwn = clientId === this.clientId && stamp >= 0;
    // The last write itself is what is mostly found.
    if (isOwn && node.isClean && this.floors.findStamp(hash, stamp) !== NOT_FOUND) return true;
    const at = this.floors.find(hash, key);
    if (at === NOT_FOUND) {
      if (node.isClean && this.evicted.count === 0) return true;
      return stamp < 0
        ? this.trustsRawUnfloored(node, hash, key, place)
        : this.trustsStampedUnfloored(node, hash, key, stamp, clientId, place);
    }
    const floor = this.floors.stampAt(at);
    if (stamp < 0) return this.trustsRaw(node, at, floor, hash, key, place);
    const reached = isOwn ? stamp : stamp - this.skew;
    if (reached < floor) return false;
    if (node.isClean) return true;
    return reached >= node.fences.at(hash) && (isOwn || reached >= node.arcs.boundAt(place));
  }

  distrust(node: NodeLedger, hash: number, key: string, place: number): Distrust {
    if (!node.isClean && node.connections.has(hash, key)) return 'connection';
    const at = this.floors.find(hash, key);
    if (at === NOT_FOUND) {
      if (!node.isClean) {
        if (node.debts.has(hash, key)) return 'key';
        if (boundAt(node, hash, place) > 0 || node.forgotten.at(hash) > 0) return 'fence';
      }
      return this.evicted.isEndangered(hash, node.incident) ? 'fence' : 'no';
    }
    const floor = this.floors.stampAt(at);
    if (this.floors.isRenouncedAt(at)) return 'key';
    // What was sent and not answered yet runs before whatever is sent now, or is lost before it.
    if (this.floors.columnOf(at, node.witness) < 0) {
      if (node.debts.has(hash, key) || node.forgotten.at(hash) >= floor) return 'key';
      if (!this.floors.isUnlistedAt(at) && floor > node.emptiedAt) return 'key';
    } else if (!node.isClean) {
      // A debt entered since the write was stamped, which its confirmation does not pay.
      const barrier = node.debts.barrierOf(hash, key);
      if (barrier >= floor && barrier !== Number.POSITIVE_INFINITY) return 'key';
    }
    return node.isClean || floor > boundAt(node, hash, place) ? 'no' : 'fence';
  }

  private trustsRaw(node: NodeLedger, at: number, floor: number, hash: number, key: string, place: number): boolean {
    if (this.floors.isRenouncedAt(at)) return false;
    // Whoever confirmed the last write owes nothing: it struck the debt, or a later debt struck the confirmation.
    if (!this.floors.isConfirmedBy(at, node.witness) && (floor > node.emptiedAt || node.debts.has(hash, key)))
      return false;
    return node.isClean || (!node.connections.has(hash, key) && floor > boundAt(node, hash, place));
  }

  private trustsRawUnfloored(node: NodeLedger, hash: number, key: string, place: number): boolean {
    if (!node.isClean) {
      if (boundAt(node, hash, place) > 0 || node.forgotten.at(hash) > 0) return false;
      if (node.debts.has(hash, key) || node.connections.has(hash, key)) return false;
    }
    return !this.evicted.isEndangered(hash, node.incident) && !this.evicted.isUnproven(hash);
  }

  private trustsStampedUnfloored(
    node: NodeLedger,
    hash: number,
    key: string,
    stamp: number,
    clientId: number,
    place: number,
  ): boolean {
    const { evicted } = this;
    const newest = evicted.newestOf(hash);
    const reached = clientId === this.clientId ? stamp : stamp - this.skew;
    let isInDanger = this.isStrict || evicted.isEndangered(hash, node.incident) || evicted.isUnproven(hash);
    if (!node.isClean) {
      if (reached < node.forgotten.at(hash) || reached < boundAt(node, hash, place)) return false;
      if (node.debts.has(hash, key) || node.connections.has(hash, key)) {
        // A debt for a write of which nothing is left, not even an evicted floor, tells no stamp to ask for.
        if (newest === 0) return false;
        isInDanger = true;
      }
    }
    return !isInDanger || reached >= newest;
  }
}

/** The stamp that copies of this key must have reached on this node whatever its floor; 0 if there is none. */
function boundAt(node: NodeLedger, hash: number, place: number): number {
  return Math.max(node.fences.at(hash), node.arcs.boundAt(place));
}
