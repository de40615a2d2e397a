/**
 * Who owns what, as one immutable snapshot: a call takes it once and keeps it to its end, so a change of the ring never
 * shows half way through a call.
 */

import type { CacheNode } from '../node/cache-node.js';
import type { NodeMask, Placement } from '../ring/placement.js';

export class Topology {
  /** Grows by one with every change of members, weights or mask. */
  readonly epoch: number;
  readonly placement: Placement;
  /** By node index of the placement. */
  readonly nodes: readonly CacheNode[];
  /** Copies of each key. */
  readonly replication: number;
  /** Ejected nodes; `undefined` while there are none. */
  readonly mask: NodeMask | undefined;
  readonly #indices: Int32Array;

  constructor(epoch: number, placement: Placement, nodes: readonly CacheNode[], replication: number, mask?: NodeMask) {
    this.epoch = epoch;
    this.placement = placement;
    this.nodes = nodes;
    this.replication = Math.min(replication, nodes.length);
    this.mask = mask;
    this.#indices = new Int32Array(this.replication);
  }

  /** The first owner. */
  primary(hash: number, key: string): CacheNode {
    if (this.mask === undefined) return this.nodes[this.placement.primaryOf(hash, key)] as CacheNode;
    this.placement.ownersInto(hash, 1, this.#indices, this.mask, key);
    return this.nodes[this.#indices[0] as number] as CacheNode;
  }

  /** All owners, first owner first. */
  owners(hash: number, key: string): CacheNode[] {
    if (this.replication === 1) return [this.primary(hash, key)];
    const count = this.placement.ownersInto(hash, this.replication, this.#indices, this.mask, key);
    const owners: CacheNode[] = [];
    for (let i = 0; i < count; i++) owners.push(this.nodes[this.#indices[i] as number] as CacheNode);
    return owners;
  }
}
