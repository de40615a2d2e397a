/**
 * Operations that are not on the straight way to the owner of their slot, with the order of each key kept.
 *
 * A slot that has moved is held: what comes back from its former owner gathers, in the order sent, what is newly sent for it
 * queues behind, and nothing goes to the new owner before the former one has answered all that was sent there until then.
 * So no operation overtakes an earlier one of its slot.
 */

import type { Operation } from '../../driver.js';
import type { Shard } from './shard.js';

export interface Parcel {
  readonly operation: Operation;
  /** Its place in the order sent. */
  readonly number: number;
  /** How often it was sent on. */
  hops: number;
}

interface Hold {
  readonly from: Shard;
  /** Operations that `from` must have answered first. */
  readonly until: number;
  readonly returned: Parcel[];
  readonly queued: Parcel[];
}

export class Detours {
  /** In no server's hands. */
  readonly #aside = new Map<number, Parcel>();
  /** Sent once more. */
  readonly #again = new Map<number, Parcel>();
  readonly #holds = new Map<number, Hold>();

  get isNone(): boolean {
    return this.#aside.size + this.#again.size === 0;
  }

  /** Number of the oldest. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const number of this.#aside.keys()) if (number < oldest) oldest = number;
    for (const number of this.#again.keys()) if (number < oldest) oldest = number;
    return oldest;
  }

  isHeld(slot: number): boolean {
    return this.#holds.size > 0 && this.#holds.has(slot);
  }

  /** An operation that came back, as the parcel it was sent in, if it had been sent on before. */
  returned(operation: Operation, number: number): Parcel {
    const parcel = this.#again.get(number) ?? { operation, number, hops: 0 };
    this.#again.delete(number);
    return parcel;
  }

  putAside(parcel: Parcel): void {
    this.#aside.set(parcel.number, parcel);
  }

  /** Answers whether it was aside. */
  pickUp({ number }: Parcel): boolean {
    return this.#aside.delete(number);
  }

  sentAgain(parcel: Parcel): void {
    this.#aside.delete(parcel.number);
    this.#again.set(parcel.number, parcel);
  }

  /** It is off the wire. */
  arrived(number: number): void {
    if (this.#again.size > 0) this.#again.delete(number);
  }

  /** `slot` has left `from`, which gave the operation back. */
  hold(slot: number, from: Shard, parcel: Parcel): void {
    this.putAside(parcel);
    const hold = this.#holds.get(slot);
    if (hold === undefined) this.#holds.set(slot, { from, until: from.sent, returned: [parcel], queued: [] });
    else hold.returned.push(parcel);
  }

  /** Newly sent for a slot that is held. */
  queue(slot: number, parcel: Parcel): void {
    this.putAside(parcel);
    this.#holds.get(slot)?.queued.push(parcel);
  }

  /** What may go on now that `from` has answered so much, or is no more, by slot. */
  release(from: Shard): Map<number, Parcel[]> | undefined {
    if (this.#holds.size === 0) return undefined;
    const released = new Map<number, Parcel[]>();
    for (const [slot, hold] of this.#holds) {
      if (hold.from !== from || (from.isOpen && from.settled < hold.until)) continue;
      this.#holds.delete(slot);
      released.set(slot, [...hold.returned, ...hold.queued]);
    }
    return released;
  }

  /** All that is in no server's hands, in the order sent; nothing is kept. */
  drain(): Parcel[] {
    const left = [...this.#aside.values()].sort((a, b) => a.number - b.number);
    this.#aside.clear();
    this.#again.clear();
    this.#holds.clear();
    return left;
  }
}
