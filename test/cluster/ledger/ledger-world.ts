/**
 * A small world in which a ledger is told the truth and nothing but: three nodes with data, connections that carry writes
 * in order, sockets given up that a node drains later, restarts with old data and without, ejections with stand-ins,
 * another process that writes, repairs and has a clock of its own. Each write has a place in the order of issue, so
 * whether a copy is older than the last write of this process is a fact here and not a judgement.
 */

import { STAMPS_PER_MS } from '../../../src/base/hybrid-clock.js';
import { Ledger } from '../../../src/cluster/ledger/ledger.js';
import type { LedgerOptions } from '../../../src/cluster/ledger/ledger-options.js';
import { KEYS, NODES, OURS, THEIRS } from './keys.js';
import { type Sent, WorldNode } from './world-node.js';

export const SKEW_MS = 20;

export interface WorldOptions {
  /** Copies without stamps. */
  readonly isRaw: boolean;
  /** Whether the nodes can be asked about connections. */
  readonly namesConnections: boolean;
  /** Whether writers tell to whom they send; if not, the ledger answers for reads alone. */
  readonly listsOwners: boolean;
  readonly ledger: Partial<LedgerOptions>;
}

export class LedgerWorld {
  readonly ledger: Ledger;
  readonly isRaw: boolean;
  readonly #namesConnections: boolean;
  readonly #listsOwners: boolean;
  /** Reads come after the writes that are on the wire (rule R1). A strictly judged stamp gives an old copy away without. */
  readonly #followsWrites: boolean;
  nowMs = 1_000;
  #order = 0;
  #stamp = 0;
  #epoch = 1;
  #ejected: number | undefined;
  /** Keys of which a node was a stand-in. */
  readonly #stoodIn = new Map<number, Set<number>>();
  readonly #nodes = NODES.map(() => new WorldNode());
  readonly #lastOwn = new Map<number, number>();

  constructor({ isRaw, namesConnections, listsOwners, ledger }: WorldOptions) {
    this.isRaw = isRaw;
    this.#namesConnections = namesConnections;
    this.#listsOwners = listsOwners;
    this.#followsWrites = isRaw || ledger.onEviction === 'incident';
    this.ledger = new Ledger({ clientId: OURS, clock: { now: () => this.nowMs }, maxClockSkewMs: SKEW_MS, ...ledger });
    this.ledger.startWith(NODES);
  }

  owners(key: number): number[] {
    const owners: number[] = [];
    for (let i = 0; owners.length < 2; i++) {
      const node = (key + i) % NODES.length;
      if (node !== this.#ejected) owners.push(node);
    }
    return owners;
  }

  /** The first trusted copy that is older than the last write of this process, in words. */
  stale(): string | undefined {
    // Writers say the hash unsigned here and readers signed: it is the same key.
    for (const [index, { key, hash }] of KEYS.entries()) {
      for (const owner of this.owners(index)) {
        const node = this.node(owner);
        const last = Math.max(this.#lastOwn.get(index) ?? 0, node.fencedAt);
        const copy = this.#followsWrites ? node.afterWire(index) : node.data.get(index);
        if (copy === undefined || copy.order >= last) continue;
        const isReadable = !this.#followsWrites || !node.isAwaited(index);
        if (isReadable && this.ledger.trusts(owner, hash | 0, key, this.isRaw ? -1 : copy.stamp, copy.client))
          return `node ${owner} answers write ${copy.order} of ${key} after ${last}`;
        if (this.isRaw && this.#listsOwners && this.ledger.isDistrusted(owner, hash | 0, key) === 'no')
          return `a conditional write of ${key} on node ${owner} builds on ${copy.order} after ${last}`;
      }
    }
    return undefined;
  }

  node(node: number): WorldNode {
    return this.#nodes[node] as WorldNode;
  }

  write(key: number, isDelete: boolean): void {
    const stamp = this.#nextStamp();
    const order = ++this.#order;
    this.#lastOwn.set(key, order);
    const { key: name, hash } = this.#key(key);
    const owners = this.owners(key);
    const slots = owners.map((slot) => ({ slot }));
    this.ledger.issue(hash, name, stamp, this.#listsOwners ? slots : undefined);
    const copy = isDelete ? undefined : { stamp, client: OURS, order };
    for (const node of owners) this.node(node).wire.push({ key, copy, stamp, payment: undefined });
    // The owners that are out are owed what goes to others.
    for (const node of [key % 3, (key + 1) % 3]) if (!owners.includes(node)) this.ledger.owe(hash, name, node, stamp);
  }

  /** The node executes and answers what it was sent first. */
  deliver(node: number): void {
    const sent = this.node(node).wire.shift();
    if (sent === undefined) return;
    this.node(node).execute(sent);
    const { key, hash } = this.#key(sent.key);
    if (sent.payment !== undefined) this.ledger.paid(sent.payment);
    else this.ledger.confirm(hash, key, sent.stamp, node);
  }

  /** Nobody waits for the answer to the write sent first any more; it stays on the wire. */
  timeOut(node: number): void {
    const sent = this.node(node).wire[0];
    if (sent !== undefined && sent.payment === undefined) this.#owe(node, sent);
  }

  /** We give up the connection, and the node may execute what was on it as late as it likes. */
  giveUp(node: number): void {
    const { connection, zombies } = this.node(node);
    const lost = this.#disconnect(node);
    if (lost.length > 0) zombies.set(connection, lost);
    const keys = lost.filter(({ payment }) => payment === undefined).map(({ key }) => this.#key(key));
    this.ledger.abandon(node, this.#namesConnections ? connection : '', keys);
  }

  /** Somebody makes sure that the oldest connection given up is gone, or waits until the node must be done with all. */
  kill(node: number): void {
    const { zombies } = this.node(node);
    if (this.#namesConnections) {
      const [name] = zombies.keys();
      if (name === undefined) return;
      zombies.delete(name);
      this.ledger.connectionGone(node, name);
    } else {
      this.ledger.firstReplySeen(node, this.nowMs);
      this.node(node).drainAll();
      this.nowMs += 10_000;
      this.ledger.settle();
    }
  }

  restart(node: number, isEmpty: boolean): void {
    this.#disconnect(node);
    this.ledger.incarnationChanged(node, this.node(node).restart(isEmpty), this.#nextStamp());
  }

  eject(node: number): void {
    if (this.#ejected !== undefined) return;
    this.#disconnect(node);
    const before = KEYS.map((_, key) => this.owners(key));
    this.#ejected = node;
    const stamp = this.#nextStamp();
    for (const [key, owners] of before.entries())
      for (const owner of this.owners(key)) {
        if (owners.includes(owner)) continue;
        this.ledger.tookOver(owner, stamp);
        this.ledger.arcsBack(owner, stamp);
        this.#stoodIn.set(owner, (this.#stoodIn.get(owner) ?? new Set()).add(key));
      }
  }

  readmit(): void {
    this.#ejected = undefined;
    for (const [node, keys] of this.#stoodIn) {
      const arcs = [...keys].map((key) => this.#key(key).hash).map((hash) => ({ from: hash, to: hash + 1 }));
      this.ledger.arcsLost(node, ++this.#epoch, arcs);
    }
    this.#stoodIn.clear();
  }

  /** Another process, whose clock is off, writes to whom it thinks right. */
  foreignWrite(key: number, nodes: readonly number[], offsetMs: number, isDelete: boolean): void {
    const stamp = (this.nowMs + offsetMs) * STAMPS_PER_MS;
    const order = ++this.#order;
    for (const node of nodes) {
      if (isDelete) this.node(node).data.delete(key);
      else this.node(node).data.set(key, { stamp, client: THEIRS, order });
    }
  }

  /** Another process repairs: it adds what it found elsewhere. Stamped copies only (rule R9). */
  foreignRepair(key: number, from: number, to: number): void {
    const copy = this.node(from).data.get(key);
    if (!this.isRaw && copy !== undefined && !this.node(to).data.has(key)) this.node(to).data.set(key, copy);
  }

  /** We repair, behind whatever we sent. */
  repair(key: number, from: number, to: number): void {
    const copy = this.node(from).data.get(key);
    const { key: name, hash } = this.#key(key);
    const target = this.node(to);
    if (copy === undefined || target.data.has(key) || target.isAwaited(key) || this.node(from).isAwaited(key)) return;
    const stamp = this.isRaw ? -1 : copy.stamp;
    if (!this.owners(key).includes(from) || !this.ledger.trusts(from, hash, name, stamp, copy.client)) return;
    target.data.set(key, copy);
    this.ledger.copied(hash, name, stamp, to);
  }

  /** Payments travel like writes. */
  pay(node: number): void {
    for (const payment of this.ledger.takeForPayment(node, 2)) {
      const key = KEYS.findIndex(({ key }) => key === payment.key);
      this.node(node).wire.push({ key, copy: undefined, stamp: 0, payment });
    }
  }

  enumerate(node: number): void {
    const mark = this.ledger.enumerationMark(node);
    this.node(node).data.clear();
    this.ledger.lift(node, mark);
    this.node(node).fencedAt = 0;
  }

  /** Whatever the node holds is declared void, at a moment when nothing is under way to it. */
  fence(node: number): void {
    if (!this.node(node).isAtRest) return;
    this.node(node).fencedAt = ++this.#order;
    this.ledger.fence(node, this.#nextStamp());
  }

  #key(index: number): { readonly key: string; readonly hash: number } {
    return KEYS[index] as { readonly key: string; readonly hash: number };
  }

  #nextStamp(): number {
    this.#stamp = Math.max(this.#stamp + 1, this.nowMs * STAMPS_PER_MS);
    return this.#stamp;
  }

  #owe(node: number, { key, stamp }: Sent): void {
    const { key: name, hash } = this.#key(key);
    this.ledger.owe(hash, name, node, stamp);
  }

  /** Everything unanswered is owed. */
  #disconnect(node: number): Sent[] {
    const lost = this.node(node).disconnect();
    for (const sent of lost) {
      if (sent.payment !== undefined) this.ledger.unpaid(sent.payment);
      else this.#owe(node, sent);
    }
    return lost;
  }
}
