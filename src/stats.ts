/** What a cache tells of itself: plain snapshots, made when asked for. */

import type { GroupView } from './failover/failover-group.js';
import type { Counters } from './replication/contexts.js';

export type NodeState = 'unknown' | 'healthy' | 'degraded' | 'ejected' | 'syncing' | 'warming' | 'maintenance';

export interface NodeView {
  readonly name: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly state: NodeState;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly isConnected: boolean;
  readonly inFlight: number;
  readonly queued: number;
  readonly hits: number;
  readonly misses: number;
  readonly failures: number;
  /** Why it cannot be reached, if it cannot. */
  readonly lastError: string | undefined;
  /** Of a group: which of its nodes is active, and how the others are. */
  readonly group: GroupView | undefined;
}

export interface CacheStats {
  readonly epoch: number;
  readonly hits: number;
  readonly misses: number;
  readonly failures: number;
  readonly calls: Readonly<Counters>;
  readonly fallback: { readonly entries: number; readonly bytes: number };
  readonly near: { readonly entries: number; readonly bytes: number };
  readonly ledger: unknown;
  /** Sweeps of deadlines that came late because this process was busy. */
  readonly lateSweeps: number;
  readonly nodes: readonly NodeView[];
}

/** What `close` could not do. */
export interface CloseReport {
  /** Invalidations still owed to nodes: their copies may be out of date for other processes. */
  readonly unpaidDebts: number;
}
