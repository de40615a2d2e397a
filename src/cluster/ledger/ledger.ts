/**
 * Ledger: what this process knows of its own writes, so that no copy older than the last of them is ever an answer.
 *
 * It holds, per key written here, the floor and who confirmed it; per node the debts whose copies must not be trusted;
 * and fences where its bounds overflowed (rules R3 to R7). It does no I/O and sets no timer: writers tell it what they
 * issued and how that ended, readers ask it for a verdict, payers take what is owed. All calls are synchronous. Whatever
 * it forgets under its bounds it answers for with misses, never with an old value.
 */

import type { Arc } from '../../ring/arcs.js';
import type { ConnectionName, LedgerKey } from './connection-debts.js';
import { EvictedFloors } from './evicted-floors.js';
import { NO_FENCE } from './fences.js';
import { FloorTable, MAX_LISTED } from './floor-table.js';
import { type Distrust, Judge } from './judge.js';
import { boundsOf, type LedgerBounds, type LedgerOptions, skewOf } from './ledger-options.js';
import type { DebtBook, EnumerationMark, NodeNews, ReadJudge, WriteLog } from './ledger-roles.js';
import { type LedgerStats, ledgerStats } from './ledger-stats.js';
import type { NodeLedger } from './node-ledger.js';
import { NodeLedgers } from './node-ledgers.js';
import { type Payment, paid, paymentOf, takePayments, unpaid } from './payments.js';
import { NOT_FOUND } from './record-segment.js';
import { NO_WITNESS } from './witnesses.js';

export class Ledger implements ReadJudge, WriteLog, NodeNews, DebtBook {
  isQuiet = true;
  private readonly clock: { now(): number };
  private readonly bounds: LedgerBounds;
  private readonly floors: FloorTable;
  private readonly evicted: EvictedFloors;
  private readonly judge: Judge;
  private readonly nodes: NodeLedgers;
  private readonly keepsDebts: boolean;
  private readonly keepsFences: boolean;

  constructor(options: LedgerOptions) {
    const { clientId, clock, disabledRules = new Set(), onEviction = 'strict' } = options;
    this.clock = clock;
    this.keepsDebts = !disabledRules.has('R4-key');
    this.keepsFences = !disabledRules.has('R7');
    this.bounds = boundsOf(options);
    this.floors = new FloorTable(this.bounds.maxFloors);
    this.floors.onEvict = (at) => this.evict(at);
    this.evicted = new EvictedFloors(this.bounds.maxFloors);
    this.nodes = new NodeLedgers(this.floors, this.bounds);
    this.judge = new Judge(this.floors, this.evicted, clientId, skewOf(options), onEviction === 'strict');
    // A rule that a test switches off costs nothing while it is on: what feeds it is replaced.
    if (disabledRules.has('R3')) this.issue = nothing;
    if (disabledRules.has('R3-evicted')) this.evicted.add = nothing;
    if (!this.keepsDebts) this.owe = nothing;
    if (disabledRules.has('R4-connection')) this.abandon = nothing;
    if (disabledRules.has('R4-arc')) this.arcsLost = nothing;
    if (disabledRules.has('R6')) this.incarnationChanged = nothing;
    if (!this.keepsFences) this.fence = this.fenceBucket = nothing;
  }

  isClean(node: number): boolean {
    return this.nodes.of(node).isClean;
  }

  trusts(node: number, hash: number, key: string, stamp: number, clientId: number, place = hash >>> 0): boolean {
    return this.isQuiet || this.judge.trusts(this.nodes.of(node), hash, key, stamp, clientId, place);
  }

  isDistrusted(node: number, hash: number, key: string, place = hash >>> 0): Distrust {
    return this.isQuiet ? 'no' : this.judge.distrust(this.nodes.of(node), hash, key, place);
  }

  issue(hash: number, key: string, stamp: number, owners?: readonly { readonly slot: number }[]): void {
    this.isQuiet = false;
    const { floors, nodes } = this;
    nodes.hear(stamp);
    const isUnlisted = owners === undefined || owners.length > MAX_LISTED;
    floors.raise(hash, key, stamp, nodes.witnessesOf(owners, 0), nodes.witnessesOf(owners, 2), isUnlisted);
  }

  renounce(hash: number, stamp: number): void {
    const at = this.floors.findStamp(hash, stamp);
    if (at !== NOT_FOUND) this.floors.renounce(at);
  }

  confirm(hash: number, key: string, stamp: number, node: number): void {
    const ledger = this.nodes.of(node);
    const at = this.floors.findStamp(hash, stamp);
    if (at === NOT_FOUND) return;
    // Nobody knows to which life the answer belongs: as if the write had not been sent, so that what is owed is paid.
    if (stamp <= ledger.confirmsAfter) this.floors.strike(at, ledger.witness);
    else if (ledger.debts.size === 0 || ledger.clearDebt(hash, key, stamp, this.clock.now()))
      this.floors.confirm(at, ledger.witness);
  }

  copied(hash: number, key: string, stamp: number, node: number): void {
    const ledger = this.nodes.of(node);
    const at = this.floors.find(hash, key);
    if (at === NOT_FOUND) return;
    const floor = this.floors.stampAt(at);
    if (stamp >= 0 && stamp < floor) return;
    if (ledger.clearDebt(hash, key, floor, this.clock.now())) this.floors.confirm(at, ledger.witness);
  }

  owe(hash: number, key: string, node: number, stamp = this.nodes.latest): void {
    const ledger = this.nodes.of(node);
    this.isQuiet = false;
    const at = this.floors.find(hash, key);
    if (at !== NOT_FOUND) {
      if (stamp >= this.floors.stampAt(at)) this.floors.strike(at, ledger.witness);
      else if (this.floors.isConfirmedBy(at, ledger.witness)) return;
    }
    ledger.owe(hash, key, this.fenceStamp(), this.clock.now());
  }

  abandon(node: number, connection: ConnectionName, keys: readonly LedgerKey[]): void {
    if (keys.length > 0) this.tell(node, ({ connections }, now) => connections.add(connection, keys, now));
  }

  incarnationChanged(node: number, isProvenEmpty: boolean, stamp: number): void {
    this.nodes.restart(node, isProvenEmpty, stamp, this.clock.now());
  }

  startWith(nodes: Iterable<number>): void {
    if (this.nodes.latest === 0) for (const node of nodes) this.nodes.of(node);
  }

  tookOver(node: number, stamp: number): void {
    this.nodes.hear(stamp);
    this.nodes.of(node).incident = stamp;
  }

  arcsLost(node: number, epoch: number, arcs: Iterable<Arc>): void {
    this.tell(node, (ledger, now) => ledger.arcs.add(epoch, arcs, now));
  }

  arcsBack(node: number, stamp: number): void {
    this.nodes.hear(stamp);
    this.tell(node, ({ arcs }) => arcs.cameBack(stamp));
  }

  arcsPaid(node: number, epoch: number): void {
    this.tell(node, ({ arcs }) => arcs.pay(epoch));
  }

  fence(node: number, stamp: number): void {
    this.nodes.hear(stamp);
    this.tell(node, ({ fences }) => fences.raiseAll(stamp));
  }

  fenceBucket(node: number, bucket: number, stamp: number): void {
    this.nodes.hear(stamp);
    this.tell(node, ({ fences }) => fences.raise(bucket, stamp));
  }

  forgetNode(node: number): void {
    this.nodes.forget(node);
  }

  takeForPayment(node: number, max: number): Payment[] {
    return takePayments(this.nodes.of(node), this.floors, max);
  }

  paymentFor(node: number, hash: number, key: string): Payment {
    return paymentOf(this.nodes.of(node), this.floors, hash, key, this.clock.now());
  }

  paid(payment: Payment): void {
    paid(this.nodes.of(payment.node), this.floors, payment, this.clock.now());
  }

  unpaid(payment: Payment): void {
    unpaid(this.nodes.of(payment.node), payment, this.clock.now());
  }

  keyDebts(node: number): number {
    return this.nodes.peek(node)?.debts.size ?? 0;
  }

  owes(node: number): boolean {
    return this.nodes.peek(node)?.owes ?? false;
  }

  needsEnumeration(node: number): boolean {
    return this.nodes.peek(node)?.needsEnumeration ?? false;
  }

  enumerationMark(node: number): EnumerationMark {
    // Whatever is fenced from here on gets a higher stamp, and outlives the enumeration.
    return { stamp: this.nodes.latest++, debt: this.nodes.of(node).debts.lastNumber };
  }

  lift(node: number, mark: EnumerationMark, bucket?: number): void {
    this.tell(node, (ledger) => ledger.lift(mark.stamp, mark.debt, bucket));
  }

  abandonedConnections(node: number): ConnectionName[] {
    return this.nodes.peek(node)?.connections.named() ?? [];
  }

  connectionGone(node: number, connection: ConnectionName): void {
    this.tell(node, (ledger, now) => this.nodes.ended(ledger, ledger.connections.gone(connection), now));
  }

  cannotTell(node: number, connection: ConnectionName): void {
    this.tell(node, ({ connections }) => connections.cannotTell(connection));
  }

  firstReplySeen(node: number, openedAt: number): void {
    this.tell(node, ({ connections }, now) => connections.firstReply(openedAt, now));
  }

  settle(): void {
    this.nodes.settle(this.clock.now(), this.bounds.settlingMs);
  }

  stats(): LedgerStats {
    const { floors, evicted, nodes, bounds } = this;
    return ledgerStats(floors.size, evicted.count, nodes.all(), this.clock.now(), bounds.settlingMs);
  }

  private tell(node: number, change: (ledger: NodeLedger, now: number) => void): void {
    const ledger = this.nodes.of(node);
    const now = this.clock.now();
    change(ledger, now);
    ledger.refresh(now);
    if (!ledger.isClean) this.isQuiet = false;
  }

  /** Stamp of a fence around debts that do not fit: above the writes they stand for. */
  private fenceStamp(): number {
    return this.keepsFences ? Math.max(1, this.nodes.latest) : NO_FENCE;
  }

  /** A floor goes. Witnesses that have not confirmed it are owed it; the rest of its meaning goes to `evicted`. */
  private evict(at: number): void {
    const { floors } = this;
    const hash = floors.hashAt(at);
    this.evicted.add(hash, floors.stampAt(at), !floors.isUnlistedAt(at));
    if (!this.keepsDebts) return;
    for (let column = 0; column < MAX_LISTED; column++) {
      const witness = floors.witnessAt(at, column);
      if (witness === NO_WITNESS || floors.isConfirmedAt(at, column)) continue;
      // What an earlier life was sent is covered by the incident that ended it, or by the emptiness that began this one.
      const ledger = this.nodes.ofWitness(witness);
      ledger?.oweHashes(hash, floors.secondAt(at), this.fenceStamp(), this.clock.now());
    }
  }
}

/** In place of what feeds a rule that is switched off. */
function nothing(): void {}
