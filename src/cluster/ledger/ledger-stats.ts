/** What the ledger holds, as a plain snapshot. */

import type { NodeLedger } from './node-ledger.js';

export interface NodeLedgerStats {
  readonly node: number;
  /** Keys whose copies there must not be trusted. */
  readonly keyDebts: number;
  /** Of them, those waiting for payment by key. */
  readonly payable: number;
  /** Of them, those that only enumeration can pay. */
  readonly forgotten: number;
  /** Connections given up with writes on them, and not known to be gone. */
  readonly connectionDebts: number;
  readonly connectionKeys: number;
  /** Of these connections, held ones whose node has answered for longer than the settling time. */
  readonly overdueConnections: number;
  readonly arcDebts: number;
  readonly fencedBuckets: number;
  readonly isFenced: boolean;
  /** Age of the oldest debt; undefined without any. */
  readonly oldestDebtMs: number | undefined;
}

export interface LedgerStats {
  readonly floors: number;
  readonly evictedFloors: number;
  readonly keyDebts: number;
  readonly connectionDebts: number;
  readonly arcDebts: number;
  readonly fencedBuckets: number;
  readonly fencedNodes: number;
  readonly oldestDebtMs: number | undefined;
  /** Nodes against which anything is known. */
  readonly nodes: readonly NodeLedgerStats[];
}

export function ledgerStats(
  floors: number,
  evictedFloors: number,
  ledgers: readonly NodeLedger[],
  now: number,
  settlingMs: number,
): LedgerStats {
  const nodes = ledgers.filter(({ isClean }) => !isClean).map((ledger) => nodeStats(ledger, now, settlingMs));
  const sum = (of: (node: NodeLedgerStats) => number): number => nodes.reduce((total, node) => total + of(node), 0);
  const ages = nodes.map(({ oldestDebtMs }) => oldestDebtMs).filter((age) => age !== undefined);
  return {
    floors,
    evictedFloors,
    keyDebts: sum((node) => node.keyDebts),
    connectionDebts: sum((node) => node.connectionDebts),
    arcDebts: sum((node) => node.arcDebts),
    fencedBuckets: sum((node) => node.fencedBuckets),
    fencedNodes: sum((node) => (node.isFenced ? 1 : 0)),
    oldestDebtMs: ages.length === 0 ? undefined : Math.max(...ages),
    nodes,
  };
}

function nodeStats(ledger: NodeLedger, now: number, settlingMs: number): NodeLedgerStats {
  const connections = ledger.connections.stats(now, settlingMs);
  const oldest = ledger.oldest(connections.oldest);
  return {
    node: ledger.node,
    keyDebts: ledger.debts.size,
    payable: ledger.queue.size,
    forgotten: ledger.debts.forgotten,
    connectionDebts: connections.connections,
    connectionKeys: connections.keys,
    overdueConnections: connections.overdue,
    arcDebts: ledger.arcs.size,
    fencedBuckets: ledger.fences.size + ledger.forgotten.size,
    isFenced: ledger.fences.isWhole,
    oldestDebtMs: oldest === undefined ? undefined : Math.max(0, now - oldest),
  };
}
