/**
 * RendezvousPlacement: every node scores the key, and the highest score owns it (highest random weight).
 *
 * Successors are the next highest scores, distinct zones first; masking a node leaves the order of the others alone.
 * A lookup costs one score per node: fine for tens of nodes, not for thousands.
 */

import { hashKey, xxh64 } from '../hash.js';
import type { NodeMask, Placement, RingMember } from '../placement.js';
import type { RingPlan } from '../ring-plan.js';
import { planBySampling, sampleDistribution } from '../sampling.js';
import { numberZones } from '../zones.js';

/** Scores of a key by node index, as upper and lower halves of 64 bits; a scorer of 32 bits leaves the lower ones alone. */
export type Scorer = (key: string, high: Uint32Array, low: Uint32Array) => void;

export class RendezvousPlacement implements Placement {
  readonly members: readonly RingMember[];
  readonly fingerprint: string;
  readonly isPlacedByHash = false;
  private readonly score: Scorer;
  private readonly order: Uint16Array;
  private readonly high: Uint32Array;
  private readonly low: Uint32Array;
  private readonly zoneOf: Int32Array | undefined;

  /** @param order node indices: of equal scores the one that comes first here wins. */
  constructor(identity: string, members: readonly RingMember[], order: readonly number[], score: Scorer) {
    this.members = members;
    this.score = score;
    this.order = Uint16Array.from(order);
    this.high = new Uint32Array(members.length);
    this.low = new Uint32Array(members.length);
    this.zoneOf = numberZones(members);
    const zones = this.zoneOf === undefined ? [] : order.map((node) => this.zoneOf?.[node]);
    const names = order.map((node) => members[node]!.name);
    const parts = members.length > 1 ? [identity, names, zones] : names;
    this.fingerprint = `rendezvous-${xxh64(JSON.stringify(parts)).toString(16).padStart(16, '0')}`;
  }

  /** Only for callers who spread keys by it: owners follow from the key. */
  hash(key: string): number {
    return hashKey(key);
  }

  primaryOf(_hash: number, key: string): number {
    this.score(key, this.high, this.low);
    return this.best(undefined, this.high, 0, undefined);
  }

  ownersInto(_hash: number, count: number, into: Int32Array, mask: NodeMask | undefined, key: string): number {
    this.score(key, this.high, this.low);
    let found = 0;
    for (const zoneOf of this.zoneOf === undefined ? [undefined] : [this.zoneOf, undefined]) {
      while (found < count) {
        const node = this.best(mask, into, found, zoneOf);
        if (node < 0) break;
        into[found++] = node;
      }
    }
    return found;
  }

  owners(key: string, count: number, mask?: NodeMask): string[] {
    const indices = new Int32Array(this.members.length);
    const found = this.ownersInto(0, count, indices, mask, key);
    return Array.from(indices.subarray(0, found), (index) => this.members[index]!.name);
  }

  distribution(): Map<string, number> {
    return sampleDistribution(this);
  }

  plan(next: Placement, count = 1): RingPlan {
    return planBySampling(this, next, count);
  }

  /** The highest score of the nodes that are neither masked nor among the `found`, nor, with `zoneOf`, in a zone of theirs; else -1. */
  private best(
    mask: NodeMask | undefined,
    into: ArrayLike<number>,
    found: number,
    zoneOf: Int32Array | undefined,
  ): number {
    let best = -1;
    for (let i = 0; i < this.order.length; i++) {
      const node = this.order[i]!;
      if (mask?.[node]) continue;
      let isTaken = false;
      for (let k = 0; k < found && !isTaken; k++) {
        const other = into[k]!;
        isTaken = other === node || (zoneOf !== undefined && zoneOf[other] === zoneOf[node]);
      }
      if (isTaken) continue;
      const higher =
        best < 0 ||
        this.high[node]! > this.high[best]! ||
        (this.high[node]! === this.high[best]! && this.low[node]! > this.low[best]!);
      if (higher) best = node;
    }
    return best;
  }
}
