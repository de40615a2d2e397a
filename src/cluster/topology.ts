/**
 * Who owns what, as one immutable snapshot: a call takes it once and keeps it to its end, so a change of the ring never
 * shows half way through a call.
 *
 * Ejected nodes are a mask over the placement: owners walk past them, to *stand-ins*. A node that returns gets its keys
 * back in steps: up to `handedBack` of the hash space its mask is lifted, above it still stands. While a hand-off runs,
 * the snapshot remembers the one before it, so that the *former owners* of a key can be asked.
 */

import type { CacheNode } from '../node/cache-node.js';
import { HASH_SPACE } from '../ring/arcs.js';
import type { NodeMask, Placement } from '../ring/placement.js';

export interface TopologyParts {
  readonly epoch: number;
  readonly placement: Placement;
  /** By node index of the placement. */
  readonly nodes: readonly CacheNode[];
  /** Copies of each key. */
  readonly replication: number;
  /** Nodes walked past; a mask over none is none, and so is one over all: somebody must be asked. */
  readonly mask?: NodeMask | undefined;
  /** Above this hash `warmingMask` applies in place of `mask`. */
  readonly handedBack?: number | undefined;
  readonly warmingMask?: NodeMask | undefined;
  /** The snapshot whose owners may still hold what has not been copied yet. */
  readonly previous?: Topology | undefined;
}

export class Topology {
  /** Grows by one with every change of members, weights or mask. */
  readonly epoch: number;
  readonly placement: Placement;
  readonly nodes: readonly CacheNode[];
  /** Copies of each key: as many as asked for, or as there are nodes. */
  readonly replication: number;
  readonly wantedReplication: number;
  readonly mask: NodeMask | undefined;
  readonly handedBack: number;
  readonly warmingMask: NodeMask | undefined;
  readonly previous: Topology | undefined;
  /** Whether owners may differ from those of the placement alone. */
  readonly isMasked: boolean;
  readonly #indices: Int32Array;
  /** Of this many nodes owners are walked past at most. */
  readonly #mostMasked: number;

  constructor(parts: TopologyParts) {
    this.epoch = parts.epoch;
    this.placement = parts.placement;
    this.nodes = parts.nodes;
    this.wantedReplication = parts.replication;
    this.replication = Math.min(parts.replication, parts.nodes.length);
    this.mask = meaning(parts.mask);
    this.handedBack = parts.handedBack ?? HASH_SPACE;
    this.warmingMask = meaning(parts.warmingMask);
    this.previous = parts.previous;
    this.isMasked = this.mask !== undefined || this.warmingMask !== undefined;
    this.#indices = new Int32Array(this.replication);
    this.#mostMasked = Math.max(marks(this.mask), marks(this.warmingMask));
  }

  /** The first owner. */
  primary(hash: number, key: string): CacheNode {
    if (!this.isMasked) return this.nodes[this.placement.primaryOf(hash, key)] as CacheNode;
    this.placement.ownersInto(hash, 1, this.#indices, this.maskAt(hash), key);
    return this.nodes[this.#indices[0] as number] as CacheNode;
  }

  /** The nodes of this snapshot, then those that only the snapshots before it have: all that may hold keys that are read. */
  everyNode(): CacheNode[] {
    const every = new Set(this.nodes);
    for (let before = this.previous; before !== undefined; before = before.previous)
      for (const node of before.nodes) every.add(node);
    return [...every];
  }

  /** All owners, first owner first. */
  owners(hash: number, key: string): CacheNode[] {
    if (this.replication === 1) return [this.primary(hash, key)];
    return this.#owners(hash, key, this.maskAt(hash));
  }

  isOwner(node: CacheNode, key: string): boolean {
    return this.owners(this.placement.hash(key), key).includes(node);
  }

  /** Owners of the snapshots before, newest first, that own the key no more: they may hold what was not copied yet. */
  formerOwners(hash: number, key: string, owners: readonly CacheNode[]): CacheNode[] {
    const former: CacheNode[] = [];
    for (let before = this.previous; before !== undefined; before = before.previous) {
      // Two lists of unlike length give one key unlike places.
      const place = before.placement === this.placement ? hash : before.placement.hash(key);
      for (const node of before.owners(place, key))
        if (!owners.includes(node) && !former.includes(node)) former.push(node);
    }
    return former;
  }

  /** First owners in the snapshots before, newest first, and no more now: they alone decided on the key, and count it. */
  formerPrimaries(key: string): CacheNode[] {
    if (this.previous === undefined) return [];
    const former = new Set<CacheNode>();
    for (let before: Topology | undefined = this.previous; before !== undefined; before = before.previous)
      former.add(before.primary(before.placement.hash(key), key));
    former.delete(this.primary(this.placement.hash(key), key));
    return [...former];
  }

  /**
   * Nodes that are walked past: they miss what is written now. Owners by placement, and stand-ins that went out themselves:
   * those keep what they had when they stood in.
   */
  displaced(hash: number, key: string, owners: readonly CacheNode[]): CacheNode[] {
    if (!this.isMasked) return [];
    const indices = new Int32Array(Math.min(this.nodes.length, this.replication + this.#mostMasked));
    const count = this.placement.ownersInto(hash, indices.length, indices, undefined, key);
    const passed: CacheNode[] = [];
    let left = owners.length;
    for (let i = 0; i < count && (left > 0 || i < this.replication); i++) {
      const node = this.nodes[indices[i] as number] as CacheNode;
      if (owners.includes(node)) left--;
      else passed.push(node);
    }
    return passed;
  }

  /** Nodes that hold copies of the key, or will again, without being owners now: what is written now is owed to them. */
  bystanders(hash: number, key: string, owners: readonly CacheNode[]): CacheNode[] {
    if (!this.isMasked && this.previous === undefined) return [];
    return [...new Set([...this.displaced(hash, key, owners), ...this.formerOwners(hash, key, owners)])];
  }

  /** Whether `node` owns the key only because another is walked past. */
  isStandIn(node: CacheNode, hash: number, key: string): boolean {
    return this.isMasked && !this.#owners(hash, key, undefined).includes(node);
  }

  /** Nodes walked past by the owners of this hash. */
  maskAt(hash: number): NodeMask | undefined {
    return hash < this.handedBack ? this.mask : this.warmingMask;
  }

  #owners(hash: number, key: string, mask: NodeMask | undefined): CacheNode[] {
    const count = this.placement.ownersInto(hash, this.replication, this.#indices, mask, key);
    const owners: CacheNode[] = [];
    for (let i = 0; i < count; i++) owners.push(this.nodes[this.#indices[i] as number] as CacheNode);
    return owners;
  }
}

function marks(mask: NodeMask | undefined): number {
  return mask?.reduce((count, mark) => count + (mark === 0 ? 0 : 1), 0) ?? 0;
}

function meaning(mask: NodeMask | undefined): NodeMask | undefined {
  const isMeant = mask?.some((mark) => mark !== 0) === true && mask.some((mark) => mark === 0);
  return isMeant ? mask : undefined;
}
