/**
 * MigratingPlacement: two placements as one, while keys move from the one to the other. Keys whose hash lies below a
 * boundary are cut over: they are placed by the new rule on its nodes. All others are placed by the old one, on its.
 *
 * The hash is that of the own ring (xxh32 of the key's tag, or of the whole key), whatever the two rules hash: so every
 * process with the same boundary cuts the same keys over, and keys that share a tag move together. A step of the boundary is
 * a change of the ring like any other.
 */

import { HASH_SPACE } from '../../ring/arcs.js';
import { hashKey, xxh64 } from '../../ring/hash.js';
import type { NodeMask, Placement, RingMember } from '../../ring/placement.js';
import { Ring } from '../../ring/ring.js';
import type { RingPlan } from '../../ring/ring-plan.js';
import { planBySampling, sampleDistribution } from '../../ring/sampling.js';

/** One of the two placements, and where its members are among all. */
export interface PlacementSide {
  readonly placement: Placement;
  /** By node index of `placement`: the index among the members of both. */
  readonly at: readonly number[];
}

/** A plan over all samples would keep the event loop for a tenth of a second, at every step. */
const SAMPLES = 4_096;

export class MigratingPlacement implements Placement {
  readonly isPlacedByHash = false;
  readonly members: readonly RingMember[];
  /** That of the one side while no key is placed by the other. */
  readonly fingerprint: string;
  readonly boundary: number;
  readonly from: Side;
  readonly to: Side;

  /** @param members of both sides, each once @param boundary from 0 (all keys in the old place) to 2^32 (all cut over) */
  constructor(members: readonly RingMember[], from: PlacementSide, to: PlacementSide, boundary: number) {
    this.members = members;
    this.boundary = boundary;
    this.from = from instanceof Side ? from : new Side(from);
    this.to = to instanceof Side ? to : new Side(to);
    const [old, next] = [from.placement.fingerprint, to.placement.fingerprint];
    const both = `migrating-${xxh64(JSON.stringify([old, next, boundary]))
      .toString(16)
      .padStart(16, '0')}`;
    this.fingerprint = boundary <= 0 ? old : boundary >= HASH_SPACE ? next : both;
  }

  /** The same two placements with another boundary. */
  cutAt(boundary: number): MigratingPlacement {
    return new MigratingPlacement(this.members, this.from, this.to, boundary);
  }

  hash(key: string): number {
    return hashKey(key);
  }

  primaryOf(hash: number, key: string): number {
    return (hash < this.boundary ? this.to : this.from).primaryOf(hash, key);
  }

  /** Fewer than asked for where the key's side has fewer members: never nodes of the other side. */
  ownersInto(hash: number, count: number, into: Int32Array, mask: NodeMask | undefined, key: string): number {
    return (hash < this.boundary ? this.to : this.from).ownersInto(hash, count, into, mask, key);
  }

  owners(key: string, count: number, mask?: NodeMask): string[] {
    const into = new Int32Array(Math.max(0, Math.min(count, this.members.length)));
    const found = this.ownersInto(hashKey(key), into.length, into, mask, key);
    return Array.from(into.subarray(0, found), (index) => (this.members[index] as RingMember).name);
  }

  distribution(): Map<string, number> {
    return sampleDistribution(this, SAMPLES);
  }

  plan(next: Placement, count = 1): RingPlan {
    return planBySampling(this, next, count, SAMPLES);
  }
}

/** Whether a key has come from elsewhere to where the own ring puts it: there no other client looks for it. */
export function isOursAlone(placement: Placement, hash: number): boolean {
  return placement instanceof MigratingPlacement && placement.to.isRing && hash < placement.boundary;
}

/** Asks one placement in terms of the members of both. */
class Side implements PlacementSide {
  readonly placement: Placement;
  readonly at: readonly number[];
  /** The own ring hashes keys as a migration does. */
  readonly isRing: boolean;
  /** Masks never change: of each the part that concerns this side. */
  readonly #masks = new WeakMap<NodeMask, { readonly mask: NodeMask | undefined }>();

  constructor({ placement, at }: PlacementSide) {
    this.placement = placement;
    this.at = at;
    this.isRing = placement instanceof Ring;
  }

  primaryOf(hash: number, key: string): number {
    const { placement, at } = this;
    const index = placement.primaryOf(this.isRing ? hash : placement.hash(key), key);
    return index < 0 ? -1 : (at[index] as number);
  }

  ownersInto(hash: number, count: number, into: Int32Array, mask: NodeMask | undefined, key: string): number {
    const { placement, at } = this;
    const own = mask === undefined ? undefined : this.#maskOf(mask);
    const found = placement.ownersInto(this.isRing ? hash : placement.hash(key), count, into, own, key);
    for (let i = 0; i < found; i++) into[i] = at[into[i] as number] as number;
    return found;
  }

  /** A mask over all nodes of this side is none: somebody must be asked. */
  #maskOf(mask: NodeMask): NodeMask | undefined {
    let known = this.#masks.get(mask);
    if (known === undefined) {
      const own = Uint8Array.from(this.at, (index) => mask[index] ?? 0);
      known = { mask: own.some((mark) => mark !== 0) && own.some((mark) => mark === 0) ? own : undefined };
      this.#masks.set(mask, known);
    }
    return known.mask;
  }
}
