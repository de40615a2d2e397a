/** Makes the snapshots of `stats` and `nodes` from the parts. */

import type { CacheParts } from '../cache-parts.js';
import type { Ledger } from '../cluster/ledger/ledger.js';
import type { LedgerStats } from '../cluster/ledger/ledger-stats.js';
import type { GroupView } from '../failover/failover-group.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Sweep } from '../node/sweep.js';
import type { CacheStats, NodeState, NodeView } from '../stats.js';

export function snapshotStats(parts: CacheParts, ledger: Ledger, sweep: Sweep): CacheStats {
  const nodes = parts.nodeViews();
  const total = (of: (node: NodeView) => number): number => nodes.reduce((sum, node) => sum + of(node), 0);
  const { counters } = parts.read;
  return {
    epoch: parts.topology.epoch,
    hits: total((node) => node.hits),
    misses: total((node) => node.misses),
    failures: total((node) => node.failures),
    calls: { ...counters },
    fallback: { entries: parts.fallback?.entries ?? 0, bytes: parts.fallback?.bytes ?? 0 },
    near: { entries: parts.near?.entries ?? 0, bytes: parts.near?.bytes ?? 0 },
    ledger: named(ledger.stats(), parts.topology.nodes),
    lateSweeps: sweep.lateCount,
    nodes,
  };
}

/** The ledger knows nodes by number, which tells a reader nothing. */
function named(stats: LedgerStats, nodes: readonly CacheNode[]): unknown {
  const nameOf = (slot: number): string | undefined => nodes.find((node) => node.slot === slot)?.name;
  return { ...stats, nodes: stats.nodes.map(({ node, ...owed }) => ({ name: nameOf(node), ...owed })) };
}

export function viewNode(node: CacheNode, state: NodeState, group: GroupView | undefined): NodeView {
  const breaker = node.breaker.state;
  return {
    name: node.name,
    weight: node.weight,
    zone: node.zone,
    state,
    breaker,
    isConnected: node.isConnected,
    inFlight: node.inFlight,
    queued: node.queued,
    hits: node.hits,
    misses: node.misses,
    failures: node.failures,
    lastError: node.isConnected ? undefined : node.lastError?.message,
    group,
  };
}
