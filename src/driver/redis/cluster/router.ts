/**
 * Takes every operation to the owner of its slot, and sends on what owners give back, keeping the order of each key.
 *
 * `owed` counts an operation until all that were sent before it are settled, too: servers answer independently, and whoever
 * counts exchanges by what is owed still counts them right.
 */

import { type CacheError, NodeError } from '../../../errors.js';
import type { Address, Operation } from '../../driver.js';
import { placeOf } from './cluster-view.js';
import { Detours, type Parcel } from './detours.js';
import { keySlot } from './key-slot.js';
import { failedBy, redirectionOf } from './redirection.js';
import type { Shard } from './shard.js';
import type { SlotMap } from './slot-map.js';

export interface RouterParts {
  readonly slots: SlotMap;
  /** Something was sent. */
  readonly sent: () => void;
  /** So many operations were settled. */
  readonly settled: (count: number) => void;
  /** A server does not serve what it should. */
  readonly suspect: () => void;
  /** Slots are on their way to a server that owned none: connects to it, and calls `opened` in the end. */
  readonly open: (address: Address) => Shard;
  /** The owner of a slot is a server that owned none and was sent none. */
  readonly usurped: (error: CacheError) => void;
}

/** Servers that send an operation on and on do not agree. */
const MOST_HOPS = 5;

export class Router {
  owed = 0;
  readonly #parts: RouterParts;
  readonly #detours = new Detours();
  /** For servers that are being connected to. */
  readonly #waiting = new Map<Shard, { readonly parcel: Parcel; readonly asking: boolean }[]>();
  #refused: Parcel[] = [];
  #sent = 0;
  #isClosed = false;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  send(operations: readonly Operation[]): void {
    this.owed += operations.length;
    for (const operation of operations) this.#route(operation, this.#sent++);
    this.#flush();
  }

  /** A server has answered something. */
  progressed(shard: Shard): void {
    const settled = shard.trim((number) => this.#detours.arrived(number));
    this.#release(shard);
    this.#account(settled);
  }

  /** The connection of a server is no more. */
  left(shard: Shard): void {
    const settled = shard.detach((number) => this.#detours.arrived(number));
    this.#release(shard);
    this.#account(settled);
  }

  /** Whether a refused operation is seen to here. None that was redirected has been carried out. */
  redirected(shard: Shard, operation: Operation, error: CacheError): boolean {
    const redirection = redirectionOf(error, shard.address);
    if (redirection === undefined) return false;
    if (redirection.kind !== 'moved' && redirection.kind !== 'ask') {
      if (redirection.kind === 'down' || redirection.kind === 'unserved') this.#parts.suspect();
      failedBy(redirection.kind, operation, error);
      return true;
    }
    const parcel = this.#detours.returned(operation, shard.latest);
    if (++parcel.hops > MOST_HOPS) {
      failedBy('unserved', operation, error);
      return true;
    }
    shard.relieve();
    const { slot, address, kind } = redirection;
    if (kind === 'ask') this.#deliver(parcel, this.#towards(address), true);
    else this.#moved(slot, address, shard, parcel);
    this.#flush();
    return true;
  }

  /** A server that was being connected to is connected, or will not be. */
  opened(shard: Shard): void {
    const waiting = this.#waiting.get(shard) ?? [];
    this.#waiting.delete(shard);
    for (const { parcel, asking } of waiting) if (!this.#isClosed) this.#deliver(parcel, shard, asking);
    this.#flush();
  }

  /** Fails all that is in no server's hands; what is sent from now on fails in a moment. */
  close(error: CacheError): void {
    this.#isClosed = true;
    this.owed = 0;
    for (const { operation } of this.#detours.drain()) operation.fail(error);
  }

  #route(operation: Operation, number: number): void {
    const { key } = operation;
    const { slots } = this.#parts;
    const slot = key === '' ? undefined : keySlot(key);
    if (slot !== undefined && this.#detours.isHeld(slot)) {
      this.#detours.queue(slot, { operation, number, hops: 0 });
      return;
    }
    const shard = slot === undefined ? slots.anyOpen : slots.ownerOf(slot);
    if (shard?.isOpen === true) shard.take(operation, number);
    else this.#deliver({ operation, number, hops: 0 }, shard, false);
  }

  /** Sends an operation by another way than the straight one. */
  #deliver(parcel: Parcel, shard: Shard | undefined, asking: boolean): void {
    if (shard?.isOpen === true) {
      this.#detours.sentAgain(parcel);
      if (asking) shard.takeAsking(parcel.operation, parcel.number);
      else shard.take(parcel.operation, parcel.number);
      return;
    }
    this.#detours.putAside(parcel);
    const waiting = shard === undefined ? undefined : this.#waiting.get(shard);
    if (waiting !== undefined) waiting.push({ parcel, asking });
    else this.#refuse(parcel);
  }

  #towards(address: Address): Shard {
    const known = this.#parts.slots.at(address);
    if (known !== undefined) return known;
    const shard = this.#parts.open(address);
    this.#waiting.set(shard, []);
    return shard;
  }

  #moved(slot: number, address: Address, from: Shard, parcel: Parcel): void {
    const { slots, usurped } = this.#parts;
    const to = slots.at(address);
    if (to === undefined) {
      this.#detours.putAside(parcel);
      // It may be a replica that has taken over, perhaps without the last writes.
      usurped(new NodeError('lost', `slot ${slot} has moved to ${placeOf(address)}, which owned none`));
    } else {
      slots.assign(slot, to);
      this.#detours.hold(slot, from, parcel);
    }
  }

  #release(shard: Shard): void {
    const released = this.#detours.release(shard);
    if (released === undefined) return;
    for (const [slot, parcels] of released)
      for (const parcel of parcels) this.#deliver(parcel, this.#parts.slots.ownerOf(slot), false);
    this.#flush();
  }

  #flush(): void {
    for (const shard of this.#parts.slots.shards) shard.flush();
    this.#parts.sent();
  }

  /** Fails an operation in a moment: nothing is settled inside `send`. */
  #refuse(parcel: Parcel): void {
    this.#refused.push(parcel);
    if (this.#refused.length > 1) return;
    if (!this.#isClosed) this.#parts.suspect();
    queueMicrotask(() => {
      const refused = this.#refused;
      this.#refused = [];
      const why = this.#isClosed ? 'the connection is closed' : 'the owner of the slot is not connected';
      const error = new NodeError('lost', why);
      let settled = 0;
      for (const parcel of refused) {
        if (!this.#detours.pickUp(parcel)) continue;
        settled++;
        parcel.operation.fail(error);
      }
      this.#account(settled);
    });
  }

  #account(settled: number): void {
    let oldest = this.#detours.isNone ? this.#sent : Math.min(this.#sent, this.#detours.oldest);
    for (const shard of this.#parts.slots.shards) if (shard.oldest < oldest) oldest = shard.oldest;
    this.owed = this.#sent - oldest;
    if (settled > 0 && !this.#isClosed) this.#parts.settled(settled);
  }
}
