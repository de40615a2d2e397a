/**
 * The rules of the ledger said once more, with maps, sets and no bounds: what the real one has to answer while nothing
 * overflows.
 */

import type { Distrust } from '../../../src/cluster/ledger/judge.js';
import type { Payment } from '../../../src/cluster/ledger/payments.js';

interface Floor {
  readonly stamp: number;
  /** By node and life, whether it confirmed; absent means that the write was not sent there. */
  readonly owners: Map<string, boolean>;
}

interface Held {
  readonly name: string;
  readonly keys: Set<string>;
  isAsleep: boolean;
}

interface ExactNode {
  life: number;
  confirmsAfter: number;
  emptiedAt: number;
  /** By key: the stamp that a write must exceed to pay. */
  readonly debts: Map<string, { readonly barrier: number; readonly serial: number }>;
  held: Held[];
  fence: number;
  arcs: { readonly epoch: number; readonly places: Set<number>; backAt: number }[];
}

export class ExactLedger {
  readonly #clientId: number;
  readonly #skew: number;
  readonly #floors = new Map<string, Floor>();
  readonly #nodes: ExactNode[];
  #latest = 0;
  #serial = 0;
  readonly #taken = new Map<Payment, { serial: number; floor: number | undefined; life: number }>();

  constructor(clientId: number, skew: number, nodes: number) {
    this.#clientId = clientId;
    this.#skew = skew;
    this.#nodes = Array.from({ length: nodes }, () => ({
      life: 0,
      confirmsAfter: 0,
      emptiedAt: 0,
      debts: new Map(),
      held: [],
      fence: 0,
      arcs: [],
    }));
  }

  trusts(node: number, key: string, place: number, stamp: number, client: number): boolean {
    const { debts, held, fence } = this.#at(node);
    const floor = this.#floors.get(key);
    const arcs = this.#arcBound(node, place);
    const isHeld = held.some((one) => !one.isAsleep && one.keys.has(key));
    const isOwn = client === this.#clientId;
    const passes = (bound: number): boolean => (isOwn ? stamp >= bound : bound === 0 || stamp > bound + this.#skew);
    if (floor === undefined) {
      if (debts.has(key) || isHeld) return false;
      return stamp < 0 ? fence === 0 && arcs === 0 : passes(fence) && passes(arcs);
    }
    if (stamp >= 0) return passes(floor.stamp) && passes(fence) && (isOwn || passes(arcs));
    const isCurrent = this.#confirmed(node, floor) || floor.stamp < this.#at(node).emptiedAt;
    return isCurrent && !debts.has(key) && !isHeld && floor.stamp > fence && floor.stamp > arcs;
  }

  distrust(node: number, key: string, place: number): Distrust {
    const { debts, held, fence, emptiedAt } = this.#at(node);
    if (held.some((one) => !one.isAsleep && one.keys.has(key))) return 'connection';
    const floor = this.#floors.get(key);
    const debt = debts.get(key);
    const bound = Math.max(fence, this.#arcBound(node, place));
    if (floor === undefined) return debt !== undefined ? 'key' : bound > 0 ? 'fence' : 'no';
    const isSent = floor.owners.has(this.#life(node));
    if (debt !== undefined && (!isSent || debt.barrier >= floor.stamp)) return 'key';
    if (!isSent && floor.stamp > emptiedAt) return 'key';
    return floor.stamp > bound ? 'no' : 'fence';
  }

  issue(key: string, stamp: number, owners: readonly number[]): void {
    this.#latest = stamp;
    this.#floors.set(key, { stamp, owners: new Map(owners.map((node) => [this.#life(node), false])) });
  }

  confirm(key: string, stamp: number, node: number): void {
    const floor = this.#floors.get(key);
    if (floor?.stamp !== stamp || stamp <= this.#at(node).confirmsAfter) return;
    if (this.#clear(key, stamp, node)) floor.owners.set(this.#life(node), true);
  }

  copied(key: string, stamp: number, node: number): void {
    const floor = this.#floors.get(key);
    if (floor === undefined || (stamp >= 0 && stamp < floor.stamp)) return;
    if (this.#clear(key, floor.stamp, node)) floor.owners.set(this.#life(node), true);
  }

  owe(key: string, node: number, stamp: number): void {
    const floor = this.#floors.get(key);
    if (floor !== undefined && stamp < floor.stamp && this.#confirmed(node, floor)) return;
    if (floor !== undefined && stamp >= floor.stamp) floor.owners.delete(this.#life(node));
    this.#enter(key, node, 0);
  }

  abandon(node: number, name: string, keys: readonly string[]): void {
    const { held } = this.#at(node);
    let one = held.find((known) => known.name === name && !known.isAsleep);
    if (one === undefined) {
      one = { name, keys: new Set(), isAsleep: false };
      held.push(one);
    }
    for (const key of keys) one.keys.add(key);
  }

  gone(node: number, name: string): void {
    const world = this.#at(node);
    for (const one of world.held)
      if (one.name === name && !one.isAsleep)
        for (const key of one.keys) {
          this.#floors.get(key)?.owners.delete(this.#life(node));
          this.#enter(key, node, this.#latest);
        }
    world.held = world.held.filter((one) => one.name !== name);
  }

  taken(payments: readonly Payment[]): void {
    for (const payment of payments) {
      const serial = this.#at(payment.node).debts.get(payment.key)?.serial ?? 0;
      const floor = this.#floors.get(payment.key)?.stamp;
      this.#taken.set(payment, { serial, floor, life: this.#at(payment.node).life });
    }
  }

  paid(payment: Payment): void {
    const { node, key } = payment;
    const before = this.#taken.get(payment);
    const { debts, life } = this.#at(node);
    if (before === undefined || before.life !== life || (debts.get(key)?.serial ?? 0) !== before.serial) return;
    debts.delete(key);
    const floor = this.#floors.get(key);
    if (floor !== undefined && floor.stamp === before.floor) floor.owners.set(this.#life(node), true);
  }

  restart(node: number, isEmpty: boolean, stamp: number): void {
    const world = this.#at(node);
    this.#latest = stamp;
    world.life++;
    world.confirmsAfter = stamp;
    world.emptiedAt = isEmpty ? stamp : 0;
    for (const one of world.held) one.isAsleep = isEmpty;
    if (!isEmpty) return;
    world.debts.clear();
    world.fence = 0;
    world.arcs = [];
  }

  fence(node: number, stamp: number): void {
    this.#latest = stamp;
    this.#at(node).fence = stamp;
  }

  lift(node: number): void {
    this.#at(node).fence = 0;
    this.#at(node).debts.clear();
  }

  arcsLost(node: number, epoch: number, places: readonly number[]): void {
    this.#at(node).arcs.push({ epoch, places: new Set(places), backAt: Number.POSITIVE_INFINITY });
  }

  arcsBack(node: number, stamp: number): void {
    this.#latest = stamp;
    for (const lost of this.#at(node).arcs) lost.backAt = Math.min(lost.backAt, stamp);
  }

  arcsPaid(node: number, epoch: number): void {
    this.#at(node).arcs = this.#at(node).arcs.filter((lost) => lost.epoch !== epoch);
  }

  #at(node: number): ExactNode {
    return this.#nodes[node] as ExactNode;
  }

  #life(node: number): string {
    return `${node}.${this.#at(node).life}`;
  }

  #confirmed(node: number, floor: Floor): boolean {
    return floor.owners.get(this.#life(node)) === true;
  }

  #arcBound(node: number, place: number): number {
    return Math.max(0, ...this.#at(node).arcs.map(({ places, backAt }) => (places.has(place) ? backAt : 0)));
  }

  #enter(key: string, node: number, barrier: number): void {
    const { debts } = this.#at(node);
    debts.set(key, { barrier: Math.max(barrier, debts.get(key)?.barrier ?? 0), serial: ++this.#serial });
  }

  /** Whether the key is free of debt afterwards. */
  #clear(key: string, stamp: number, node: number): boolean {
    const { debts } = this.#at(node);
    const debt = debts.get(key);
    if (debt !== undefined && debt.barrier < stamp) debts.delete(key);
    return !debts.has(key);
  }
}
