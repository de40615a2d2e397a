/** Which master owns which slot, as far as one connection to a cluster knows. */

import type { Address } from '../../driver.js';
import { type Claim, ownersIn, placeOf, type SlotOwners } from './cluster-view.js';
import { Shard } from './shard.js';

export class SlotMap {
  readonly #shards: Shard[] = [];
  readonly #byPlace = new Map<string, Shard>();
  readonly #owners: (Shard | undefined)[];

  /** `lives` of the masters, by their names in the cluster. */
  constructor(owners: SlotOwners, lives: ReadonlyMap<string, string>) {
    for (const { nodeId, address } of ownersIn(owners).values())
      this.#put(new Shard(address, nodeId, lives.get(nodeId)));
    this.#owners = owners.map((claim) => claim && this.#byPlace.get(placeOf(claim.address)));
  }

  get shards(): readonly Shard[] {
    return this.#shards;
  }

  get anyOpen(): Shard | undefined {
    return this.#shards.find(({ isOpen }) => isOpen);
  }

  ownerOf(slot: number): Shard | undefined {
    return this.#owners[slot];
  }

  at(address: Address): Shard | undefined {
    return this.#byPlace.get(placeOf(address));
  }

  assign(slot: number, shard: Shard): void {
    this.#owners[slot] = shard;
  }

  /** A server of which nothing is known yet. */
  add(address: Address): Shard {
    const shard = new Shard(address, undefined, undefined);
    shard.isOpening = true;
    this.#put(shard);
    return shard;
  }

  drop(shard: Shard): void {
    this.#byPlace.delete(placeOf(shard.address));
    this.#shards.splice(this.#shards.indexOf(shard), 1);
  }

  /** Owners that are none of ours, or no longer the same server. */
  unknownIn(owners: SlotOwners): Claim[] {
    return [...ownersIn(owners).values()].filter(({ nodeId, address }) => {
      const shard = this.at(address);
      return shard === undefined || (shard.nodeId !== undefined && shard.nodeId !== nodeId);
    });
  }

  /** Slots of nobody, and of servers that are not connected, go to whom others say owns them. Nothing is on its way there. */
  fillGaps(owners: SlotOwners): void {
    for (const [slot, claim] of owners.entries()) {
      if (claim === undefined || this.#owners[slot]?.isOpen === true) continue;
      const shard = this.at(claim.address);
      if (shard !== undefined) this.#owners[slot] = shard;
    }
    // A server that has left the cluster is not waited for.
    const needed = new Set(this.#owners);
    for (const shard of [...this.#shards])
      if (!needed.has(shard) && !shard.isOpen && !shard.isOpening) this.drop(shard);
  }

  #put(shard: Shard): void {
    this.#shards.push(shard);
    this.#byPlace.set(placeOf(shard.address), shard);
  }
}
