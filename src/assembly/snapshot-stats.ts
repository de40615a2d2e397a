/** Makes the snapshots of `stats` and `nodes` from the parts. */

import type { CacheParts } from '../cache-parts.js';
import type { Ledger } from '../cluster/ledger/ledger.js';
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
    ledger: ledger.stats(),
    lateSweeps: sweep.lateCount,
    nodes,
  };
}

export function viewNode(node: CacheNode, state: NodeState): NodeView {
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
  };
}
