/**
 * Payments: deletes that make a node's copies of distrusted keys harmless (rule R5).
 *
 * A payment remembers what stood when its delete was decided on: the debt's number, the key's floor and the node's
 * incarnation. Once the delete has landed it clears that very debt and no later one; and if the floor is still the same,
 * the node holds nothing older than the last write, which is all that a confirmation says.
 */

import { NO_DEBT } from './debt-table.js';
import type { FloorTable } from './floor-table.js';
import type { NodeLedger } from './node-ledger.js';
import { NOT_FOUND } from './record-segment.js';

export interface Payment {
  readonly node: number;
  readonly key: string;
  readonly hash: number;
  /** The debt it pays; 0 if there was none. */
  readonly debt: number;
  /** Stamp of the key's floor when it was taken; -1 if there was none. */
  readonly floor: number;
  readonly witness: number;
  /** Monotonic time since which the key waits. */
  readonly since: number;
}

/** A delete of `key` at this node that the caller is about to send. */
export function paymentOf(ledger: NodeLedger, floors: FloorTable, hash: number, key: string, since: number): Payment {
  const at = floors.find(hash, key);
  return {
    node: ledger.node,
    key,
    hash,
    debt: ledger.debts.numberOf(hash, key),
    floor: at === NOT_FOUND ? -1 : floors.stampAt(at),
    witness: ledger.witness,
    since,
  };
}

/** Up to `max` keys that wait longest. Each must come back by `paid` or `unpaid`. */
export function takePayments(ledger: NodeLedger, floors: FloorTable, max: number): Payment[] {
  const payments: Payment[] = [];
  while (payments.length < max) {
    const queued = ledger.queue.take();
    if (queued === undefined) break;
    payments.push(paymentOf(ledger, floors, queued.hash, queued.key, queued.since));
  }
  return payments;
}

/** The delete has landed. */
export function paid(ledger: NodeLedger, floors: FloorTable, payment: Payment, now: number): void {
  const { hash, key, debt, floor, witness } = payment;
  const current = ledger.debts.numberOf(hash, key);
  if (witness !== ledger.witness || current !== debt) {
    unpaid(ledger, payment, now);
    return;
  }
  if (current !== NO_DEBT) ledger.clearDebt(hash, key, Number.POSITIVE_INFINITY, now);
  const at = floors.find(hash, key);
  if (at !== NOT_FOUND && floors.stampAt(at) === floor) floors.confirm(at, ledger.witness, false);
}

/** The delete did not land, or nobody knows: the key waits again. */
export function unpaid(ledger: NodeLedger, payment: Payment, now: number): void {
  const { hash, key, since } = payment;
  if (!ledger.debts.has(hash, key)) return;
  if (!ledger.queue.put(key, hash, since)) ledger.debts.forget(hash, key);
  ledger.refresh(now);
}
