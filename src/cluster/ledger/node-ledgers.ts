/** NodeLedgers: the ledgers of all nodes by their numbers, opened as nodes are first heard of. */

import type { EndedConnection } from './connection-debts.js';
import { type FloorTable, NO_WITNESSES } from './floor-table.js';
import type { LedgerBounds } from './ledger-options.js';
import { NodeLedger } from './node-ledger.js';
import { NO_WITNESS, Witnesses } from './witnesses.js';

export class NodeLedgers {
  /** Highest stamp heard of: whatever is forgotten now was issued no later. */
  latest = 0;
  private readonly byNode: (NodeLedger | undefined)[] = [];
  private readonly floors: FloorTable;
  private readonly witnesses: Witnesses;
  private readonly bounds: LedgerBounds;

  constructor(floors: FloorTable, bounds: LedgerBounds) {
    this.floors = floors;
    this.witnesses = new Witnesses(() => floors.strikeDead());
    floors.isDead = (witness) => this.witnesses.isDead(witness);
    this.bounds = bounds;
  }

  of(node: number): NodeLedger {
    return this.byNode[node] ?? this.meet(node);
  }

  peek(node: number): NodeLedger | undefined {
    return this.byNode[node];
  }

  all(): NodeLedger[] {
    return this.byNode.filter((ledger) => ledger !== undefined);
  }

  hear(stamp: number): void {
    if (stamp > this.latest) this.latest = stamp;
  }

  /** The witnesses of owners `i` and `i + 1`, the first in the low half. */
  witnessesOf(owners: readonly { readonly slot: number }[] | undefined, i: number): number {
    if (owners === undefined || i >= owners.length) return NO_WITNESSES;
    const low = this.of(owners[i]!.slot).witness;
    const high = i + 1 < owners.length ? this.of(owners[i + 1]!.slot).witness : NO_WITNESS;
    return (high << 16) | low;
  }

  /** The ledger of the node whose present incarnation this is. */
  ofWitness(witness: number): NodeLedger | undefined {
    const node = this.witnesses.nodeOf(witness);
    return node === undefined ? undefined : this.byNode[node];
  }

  restart(node: number, isProvenEmpty: boolean, stamp: number, now: number): void {
    const ledger = this.of(node);
    this.hear(stamp);
    this.witnesses.retire(ledger.witness);
    ledger.restart(this.witnesses.enlist(node), isProvenEmpty, stamp, now);
  }

  settle(now: number, settlingMs: number): void {
    for (const ledger of this.all()) {
      if (ledger.connections.isNone) continue;
      this.ended(ledger, ledger.connections.settle(now, settlingMs), now);
      ledger.refresh(now);
    }
  }

  /** See `NodeLedger.ended`. */
  ended(ledger: NodeLedger, connections: readonly EndedConnection[], now: number): void {
    ledger.ended(connections, this.floors, this.latest, now);
  }

  forget(node: number): void {
    const ledger = this.byNode[node];
    if (ledger === undefined) return;
    this.witnesses.retire(ledger.witness);
    this.byNode[node] = undefined;
  }

  /** A node first heard of now may lack whatever was written before. */
  private meet(node: number): NodeLedger {
    const ledger = new NodeLedger(node, this.witnesses.enlist(node), this.latest, this.bounds);
    while (this.byNode.length <= node) this.byNode.push(undefined);
    this.byNode[node] = ledger;
    return ledger;
  }
}
