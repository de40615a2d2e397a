/**
 * A small world in which a ledger is told the truth and nothing but: three nodes with data, connections that carry writes
 * in order, sockets given up that a node drains later, restarts with old data and without, ejections with stand-ins,
 * another process that writes, repairs and has a clock of its own. Each write has a place in the order of issue, so
 * whether a copy is older than the last write of this process is a fact here and not a judgement.
 */

import { STAMPS_PER_MS } from '../../../src/base/hybrid-clock.js';
import { Ledger } from '../../../src/cluster/ledger/ledger.js';
import type { LedgerOptions } from '../../../src/cluster/ledger/ledger-options.js';
import type { Payment } from '../../../src/cluster/ledger/payments.js';

export const OURS = 7;
export const THEIRS = 8;
export const SKEW_MS = 20;
export const NODES = [0, 1, 2];

/** Hash 0 and 1 share a tag, the first two keys share a hash, the last is alone in its bucket. */
export const KEYS = [
  { key: 'a', hash: 0 },
  { key: 'b', hash: 0 },
  { key: 'c', hash: 1 },
  { key: 'd', hash: 0x8000_0001 },
];

interface Copy {
  readonly stamp: number;
  readonly client: number;
  readonly order: number;
}

interface Sent {
  readonly key: number;
  /** `undefined` deletes. */
  readonly copy: Copy | undefined;
  readonly stamp: number;
  readonly payment: Payment | undefined;
}

interface World {
  data: Map<number, Copy>;
  saved: Map<number, Copy>;
  /** Unanswered, on the connection of now. */
  wire: Sent[];
  connection: number;
  /** By connection given up: what the node has not executed yet. */
  zombies: Map<string, Sent[]>;
}

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
  #connections = 0;
  #ejected: number | undefined;
  /** Keys of which a node was a stand-in. */
  readonly #stoodIn = new Map<number, Set<number>>();
  readonly #nodes: World[] = NODES.map(() => ({
    data: new Map(),
    saved: new Map(),
    wire: [],
    connection: ++this.#connections,
    zombies: new Map(),
  }));
  readonly #lastOwn = new Map<number, number>();
  /** By node: what is older does not count there. */
  readonly #fencedAt = NODES.map(() => 0);

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
    for (const [index, { key, hash }] of KEYS.entries()) {
      for (const node of this.owners(index)) {
        const copy = this.#followsWrites ? this.#afterWire(node, index) : this.#node(node).data.get(index);
        const last = Math.max(this.#lastOwn.get(index) ?? 0, this.#fencedAt[node] as number);
        if (copy !== undefined && copy.order < last) {
          const stamp = this.isRaw ? -1 : copy.stamp;
          if (
            !(this.#followsWrites && this.#isAwaited(node, index)) &&
            this.ledger.trusts(node, hash, key, stamp, copy.client)
          )
            return `node ${node} answers write ${copy.order} of ${key} after ${last}`;
        }
        if (this.isRaw && this.#listsOwners && this.ledger.isDistrusted(node, hash, key) === 'no') {
          const reached = this.#afterWire(node, index);
          if (reached !== undefined && reached.order < last)
            return `a conditional write of ${key} on node ${node} builds on ${reached.order} after ${last}`;
        }
      }
    }
    return undefined;
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
    for (const node of owners) this.#node(node).wire.push({ key, copy, stamp, payment: undefined });
    // The owners that are out are owed what goes to others.
    for (const node of [key % 3, (key + 1) % 3]) if (!owners.includes(node)) this.ledger.owe(hash, name, node, stamp);
  }

  /** The node executes and answers what it was sent first. */
  deliver(node: number): void {
    const sent = this.#node(node).wire.shift();
    if (sent === undefined) return;
    this.#execute(node, sent);
    const { key, hash } = this.#key(sent.key);
    if (sent.payment !== undefined) this.ledger.paid(sent.payment);
    else this.ledger.confirm(hash, key, sent.stamp, node);
  }

  /** Nobody waits for the answer to the write sent first any more; it stays on the wire. */
  timeOut(node: number): void {
    const sent = this.#node(node).wire[0];
    if (sent !== undefined && sent.payment === undefined) this.#owe(node, sent);
  }

  /** We give up the connection, and the node may execute what was on it as late as it likes. */
  giveUp(node: number): void {
    const world = this.#node(node);
    const name = `${world.connection}`;
    const lost = this.#breakWire(node);
    if (lost.length > 0) world.zombies.set(name, lost);
    const keys = lost.filter(({ payment }) => payment === undefined).map(({ key }) => this.#key(key));
    this.ledger.abandon(node, this.#namesConnections ? name : '', keys);
  }

  drainOne(node: number): void {
    for (const sent of this.#node(node).zombies.values()) {
      const next = sent.shift();
      if (next === undefined) continue;
      this.#execute(node, next);
      return;
    }
  }

  /** Somebody makes sure that the oldest connection given up is gone, or waits until the node must be done with all. */
  kill(node: number): void {
    const { zombies } = this.#node(node);
    if (this.#namesConnections) {
      const [name] = zombies.keys();
      if (name === undefined) return;
      zombies.delete(name);
      this.ledger.connectionGone(node, name);
      return;
    }
    this.ledger.firstReplySeen(node, this.nowMs);
    for (const sent of zombies.values()) for (const one of sent) this.#execute(node, one);
    zombies.clear();
    this.nowMs += 10_000;
    this.ledger.settle();
  }

  save(node: number): void {
    this.#node(node).saved = new Map(this.#node(node).data);
  }

  restart(node: number, isEmpty: boolean): void {
    const world = this.#node(node);
    this.#breakWire(node);
    world.zombies.clear();
    world.data = isEmpty ? new Map() : new Map(world.saved);
    if (isEmpty) {
      world.saved = new Map();
      this.#fencedAt[node] = 0;
    }
    this.ledger.incarnationChanged(node, world.data.size === 0 && isEmpty, this.#nextStamp());
  }

  eject(node: number): void {
    if (this.#ejected !== undefined) return;
    this.#breakWire(node);
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
      if (isDelete) this.#node(node).data.delete(key);
      else this.#node(node).data.set(key, { stamp, client: THEIRS, order });
    }
  }

  /** Another process repairs: it adds what it found elsewhere. Stamped copies only (rule R9). */
  foreignRepair(key: number, from: number, to: number): void {
    const copy = this.#node(from).data.get(key);
    if (!this.isRaw && copy !== undefined && !this.#node(to).data.has(key)) this.#node(to).data.set(key, copy);
  }

  /** We repair, behind whatever we sent. */
  repair(key: number, from: number, to: number): void {
    const copy = this.#node(from).data.get(key);
    const { key: name, hash } = this.#key(key);
    const target = this.#node(to);
    if (copy === undefined || target.data.has(key) || this.#isAwaited(from, key) || this.#isAwaited(to, key)) return;
    const stamp = this.isRaw ? -1 : copy.stamp;
    if (!this.owners(key).includes(from) || !this.ledger.trusts(from, hash, name, stamp, copy.client)) return;
    target.data.set(key, copy);
    this.ledger.copied(hash, name, stamp, to);
  }

  lose(node: number, key: number): void {
    this.#node(node).data.delete(key);
  }

  /** Payments travel like writes. */
  pay(node: number): void {
    for (const payment of this.ledger.takeForPayment(node, 2)) {
      const key = KEYS.findIndex(({ key }) => key === payment.key);
      this.#node(node).wire.push({ key, copy: undefined, stamp: 0, payment });
    }
  }

  enumerate(node: number): void {
    const mark = this.ledger.enumerationMark(node);
    this.#node(node).data.clear();
    this.ledger.lift(node, mark);
    this.#fencedAt[node] = 0;
  }

  /** Whatever the node holds is declared void, at a moment when nothing is under way to it. */
  fence(node: number): void {
    const { wire, zombies } = this.#node(node);
    if (wire.length > 0 || [...zombies.values()].some(({ length }) => length > 0)) return;
    this.#fencedAt[node] = ++this.#order;
    this.ledger.fence(node, this.#nextStamp());
  }

  #key(index: number): { readonly key: string; readonly hash: number } {
    return KEYS[index] as { readonly key: string; readonly hash: number };
  }

  #node(node: number): World {
    return this.#nodes[node] as World;
  }

  #isAwaited(node: number, key: number): boolean {
    return this.#node(node).wire.some((sent) => sent.key === key);
  }

  #nextStamp(): number {
    this.#stamp = Math.max(this.#stamp + 1, this.nowMs * STAMPS_PER_MS);
    return this.#stamp;
  }

  #execute(node: number, { key, copy }: Sent): void {
    if (copy === undefined) this.#node(node).data.delete(key);
    else this.#node(node).data.set(key, copy);
  }

  #owe(node: number, { key, stamp }: Sent): void {
    const { key: name, hash } = this.#key(key);
    this.ledger.owe(hash, name, node, stamp);
  }

  /** Everything unanswered is owed; the next connection begins empty. */
  #breakWire(node: number): Sent[] {
    const world = this.#node(node);
    const lost = world.wire;
    world.wire = [];
    world.connection = ++this.#connections;
    for (const sent of lost) {
      if (sent.payment !== undefined) this.ledger.unpaid(sent.payment);
      else this.#owe(node, sent);
    }
    return lost;
  }

  /** What a conditional write sent now would find. */
  #afterWire(node: number, key: number): Copy | undefined {
    let copy = this.#node(node).data.get(key);
    for (const sent of this.#node(node).wire) if (sent.key === key) copy = sent.copy;
    return copy;
  }
}
