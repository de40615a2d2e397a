/** `cache.ring`: where keys live and what a change would move, in the user's own keys and node names. */

import type { Topology } from './cluster/topology.js';
import type { KeySpace } from './key.js';
import type { Placement, RingMember } from './ring/placement.js';
import type { RingPlan } from './ring/ring-plan.js';

export interface RingChangeOptions {
  /** By URL, or by name: where another client's rule hashes addresses, `host:port`. */
  readonly add?: readonly (string | RingMember)[] | undefined;
  readonly remove?: readonly string[] | undefined;
  /** New weight by name. */
  readonly reweight?: Readonly<Record<string, number>> | undefined;
}

export class RingView {
  readonly #keys: KeySpace;
  readonly #topology: () => Topology;
  readonly #placementAfter: (change: RingChangeOptions) => Placement;

  constructor(keys: KeySpace, topology: () => Topology, placementAfter: (change: RingChangeOptions) => Placement) {
    this.#keys = keys;
    this.#topology = topology;
    this.#placementAfter = placementAfter;
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
  plan(change: RingChangeOptions): RingPlan {
    const { placement, replication } = this.#topology();
    return placement.plan(this.#placementAfter(change), replication);
  }

  /** Equal in two processes exactly if they place every key alike. */
  get fingerprint(): string {
    return this.#topology().placement.fingerprint;
  }

  get epoch(): number {
    return this.#topology().epoch;
  }
}
