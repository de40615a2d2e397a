/** One node of the ledger's world: its data, what is on the wire to it, and what it has not drained of old sockets. */

import type { Payment } from '../../../src/cluster/ledger/payments.js';

export interface Copy {
  readonly stamp: number;
  readonly client: number;
  /** Place of the write in the order in which all writes of the world were issued. */
  readonly order: number;
}

export interface Sent {
  readonly key: number;
  /** `undefined` deletes. */
  readonly copy: Copy | undefined;
  readonly stamp: number;
  /** Set if it is a payment and no write. */
  readonly payment: Payment | undefined;
}

export class WorldNode {
  readonly data = new Map<number, Copy>();
  /** What was older at that time does not count here. */
  fencedAt = 0;
  /** Unanswered, on the connection of now. */
  wire: Sent[] = [];
  /** By connection given up: what the node has not executed yet. */
  readonly zombies = new Map<string, Sent[]>();
  #saved: ReadonlyMap<number, Copy> = new Map();
  #connection = 1;

  get connection(): string {
    return `${this.#connection}`;
  }

  get isAtRest(): boolean {
    return this.wire.length === 0 && [...this.zombies.values()].every(({ length }) => length === 0);
  }

  execute({ key, copy }: Sent): void {
    if (copy === undefined) this.data.delete(key);
    else this.data.set(key, copy);
  }

  /** The next connection begins with an empty wire. */
  disconnect(): Sent[] {
    const lost = this.wire;
    this.wire = [];
    this.#connection++;
    return lost;
  }

  drainOne(): void {
    const sent = [...this.zombies.values()].find(({ length }) => length > 0)?.shift();
    if (sent !== undefined) this.execute(sent);
  }

  drainAll(): void {
    for (const sent of this.zombies.values()) for (const one of sent) this.execute(one);
    this.zombies.clear();
  }

  save(): void {
    this.#saved = new Map(this.data);
  }

  /** @returns whether it is empty now */
  restart(isEmpty: boolean): boolean {
    if (isEmpty) {
      this.#saved = new Map();
      this.fencedAt = 0;
    }
    this.zombies.clear();
    this.data.clear();
    for (const [key, copy] of this.#saved) this.data.set(key, copy);
    return isEmpty;
  }

  isAwaited(key: number): boolean {
    return this.wire.some((sent) => sent.key === key);
  }

  /** What an operation sent now would find. */
  afterWire(key: number): Copy | undefined {
    const last = this.wire.filter((sent) => sent.key === key).at(-1);
    return last === undefined ? this.data.get(key) : last.copy;
  }
}
