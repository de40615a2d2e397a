/** `cache.ring`: where keys live and what a change would move, in the user's own keys and node names. */

import type { Topology } from './cluster/topology.js';
import type { KeySpace } from './key.js';
import type { RingMember } from './ring/placement.js';
import { Ring } from './ring/ring.js';
import type { RingPlan } from './ring/ring-plan.js';

export interface RingChangeOptions {
  readonly add?: readonly (string | RingMember)[] | undefined;
  readonly remove?: readonly string[] | undefined;
  /** New weight by name. */
  readonly reweight?: Readonly<Record<string, number>> | undefined;
}

export class RingView {
  readonly #keys: KeySpace;
  readonly #topology: () => Topology;

  constructor(keys: KeySpace, topology: () => Topology) {
    this.#keys = keys;
    this.#topology = topology;
  }

  /** Names of the nodes that hold the key, first owner first. @throws CacheError `ERR_INVALID_KEY` */
  owners(key: string, count?: number): string[] {
    const { placement, replication, mask } = this.#topology();
    return placement.owners(this.#keys.toWireKey(key), count ?? replication, mask);
  }

  /** Share of the keys of which each node is the first owner, by name. */
  distribution(): Map<string, number> {
    return this.#topology().placement.distribution();
  }

  /** What a change would move, told before anything moves. @throws RangeError for names that are unknown, or known already */
  plan({ add = [], remove = [], reweight = {} }: RingChangeOptions): RingPlan {
    const { placement, replication } = this.#topology();
    const members = add.map((member) => (typeof member === 'string' ? { name: member } : member));
    const ring = placement instanceof Ring ? placement : Ring.build(placement.members);
    return placement.plan(ring.with({ add: members, remove, reweight }), replication);
  }

  /** Equal in two processes exactly if they place every key alike. */
  get fingerprint(): string {
    return this.#topology().placement.fingerprint;
  }

  get epoch(): number {
    return this.#topology().epoch;
  }
}
