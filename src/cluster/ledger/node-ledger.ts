/**
 * NodeLedger: all that is known against one node: its debts of three kinds, its fences, and what its restarts did to
 * what it confirmed. `isClean` is kept true while there is nothing of it, so that a read asks one field.
 */

import { secondHash } from '../../base/string-hash.js';
import { ArcDebts } from './arc-debts.js';
import { ConnectionDebts, type EndedConnection } from './connection-debts.js';
import { DebtTable, NO_BARRIER } from './debt-table.js';
import { bucketOf, Fences } from './fences.js';
import type { FloorTable } from './floor-table.js';
import type { LedgerBounds } from './ledger-options.js';
import { PayQueue } from './pay-queue.js';
import { NOT_FOUND } from './record-segment.js';

/** Keys kept by name for abandoned connections. */
const MAX_CONNECTION_KEYS = 65_536;

/** No stamp is below it. */
const NEVER = 0;

export class NodeLedger {
  readonly node: number;
  readonly debts: DebtTable;
  readonly queue: PayQueue;
  readonly connections: ConnectionDebts;
  readonly arcs = new ArcDebts();
  /** Set from outside: no older copy counts, of any key. */
  readonly fences = new Fences();
  /** Debts that were too many to name: no older copy counts of a key whose floor is not known. */
  readonly forgotten = new Fences();
  /** Neither debts nor fences. */
  isClean = true;
  /** Number of the present incarnation. */
  witness: number;
  /** Stamp of the last time the node may have gone back behind, or begun without, writes of this process. */
  incident: number;
  /** Answers to writes stamped up to here may speak of an earlier incarnation. */
  confirmsAfter = NEVER;
  /** The node was empty at this stamp and has not lost anything since: it holds nothing older. */
  emptiedAt = NEVER;
  /** Monotonic time at which it came to have key debts; undefined while it has none. */
  debtsSince: number | undefined = undefined;

  constructor(node: number, witness: number, incident: number, bounds: LedgerBounds) {
    this.node = node;
    this.witness = witness;
    this.incident = incident;
    this.debts = new DebtTable(bounds.maxDistrusted);
    this.queue = new PayQueue(bounds.maxPayable, bounds.maxPayableBytes);
    this.connections = new ConnectionDebts(Math.min(bounds.maxDistrusted, MAX_CONNECTION_KEYS));
  }

  /** Keys to pay, or connections to be sure of. */
  get owes(): boolean {
    return this.debts.size > 0 || this.connections.isAwake;
  }

  get needsEnumeration(): boolean {
    return this.debts.forgotten > 0 || !this.forgotten.isNone || !this.fences.isNone;
  }

  /** To be called after whatever was done to the parts. */
  refresh(now: number): void {
    if (this.debts.size === 0) this.debtsSince = undefined;
    else this.debtsSince ??= now;
    this.isClean =
      this.debts.size === 0 &&
      this.connections.isNone &&
      this.arcs.isNone &&
      this.fences.isNone &&
      this.forgotten.isNone;
  }

  /** Enters a key debt, or a fence around its bucket at `stamp` if there is no room. */
  owe(hash: number, key: string, stamp: number, now: number, barrier = NO_BARRIER): void {
    const isRemembered = this.queue.put(key, hash, now);
    if (!this.debts.enter(hash, secondHash(key), isRemembered, barrier)) {
      this.queue.remove(key);
      if (barrier === NO_BARRIER) this.forgotten.raise(bucketOf(hash), stamp);
      else this.fences.raise(bucketOf(hash), barrier);
    }
    this.refresh(now);
  }

  /** The same for a key of which only the hashes are known. */
  oweHashes(hash: number, second: number, stamp: number, now: number): void {
    if (!this.debts.enter(hash, second, false, NO_BARRIER)) this.forgotten.raise(bucketOf(hash), stamp);
    this.refresh(now);
  }

  /**
   * The node took the write stamped `stamp`, the last one issued: that pays its debt, unless what an abandoned connection
   * left may have come later. Answers whether the key is free of debt now.
   */
  clearDebt(hash: number, key: string, stamp: number, now: number): boolean {
    const barrier = this.debts.barrierOf(hash, key);
    if (barrier === Number.POSITIVE_INFINITY) return true;
    if (barrier >= stamp) return false;
    this.debts.clear(hash, key);
    this.queue.remove(key);
    this.refresh(now);
    return true;
  }

  /**
   * Connections ended, and nothing can come from them any more. What came, came at a time that nobody knows, maybe after
   * a newer write was confirmed: no confirmation of a write issued until now counts, and their keys become debts that
   * only a later write or a delete pays.
   */
  ended(ended: readonly EndedConnection[], floors: FloorTable, stamp: number, now: number): void {
    for (const { keys, buckets } of ended) {
      for (const [key, hash] of keys) {
        const at = floors.find(hash, key);
        if (at !== NOT_FOUND) floors.strike(at, this.witness);
        this.owe(hash, key, stamp, now, stamp);
      }
      buckets?.forEach((isMeant, bucket) => {
        if (isMeant === 1) this.fences.raise(bucket, stamp);
      });
    }
  }

  /** A new life of the node's data. */
  restart(witness: number, isProvenEmpty: boolean, stamp: number, now: number): void {
    this.witness = witness;
    this.confirmsAfter = stamp;
    if (isProvenEmpty) {
      this.emptiedAt = stamp;
      this.incident = NEVER;
      this.debts.clearAll();
      this.queue.clear();
      this.arcs.clear();
      this.fences.liftAll(Number.POSITIVE_INFINITY);
      this.forgotten.liftAll(Number.POSITIVE_INFINITY);
      this.connections.sleep();
    } else {
      this.emptiedAt = NEVER;
      this.incident = stamp;
      this.connections.wake();
    }
    this.refresh(now);
  }

  /** Every key of ours, or of one bucket, was deleted here after the given stamp and debt had been the last. */
  lift(stamp: number, debt: number, bucket: number | undefined): void {
    if (bucket === undefined) {
      this.fences.liftAll(stamp);
      this.forgotten.liftAll(stamp);
      if (this.incident <= stamp) this.incident = NEVER;
    } else {
      this.fences.lift(bucket, stamp);
      this.forgotten.lift(bucket, stamp);
    }
    this.debts.clearUpTo(debt, (hash) => bucket === undefined || bucketOf(hash) === bucket);
    this.queue.retain(({ hash, key }) => this.debts.has(hash, key));
  }

  /** Monotonic time of the oldest debt of any kind. */
  oldest(connectionsSince: number | undefined): number | undefined {
    const keysSince = this.debts.size === 0 ? undefined : (this.queue.oldest ?? this.debtsSince);
    const known = [keysSince, connectionsSince, this.arcs.oldest].filter((since) => since !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }
}
