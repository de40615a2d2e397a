/**
 * Placement: the question "which nodes own this key", and nothing else. The own ring answers it, and so does every
 * foreign client's rule under `placements/`.
 *
 * A placement is immutable and pure. Nodes are counted, not named, on the hot path: *node index* everywhere means the
 * position in `members`. An ejected node is a mark in a mask, never a new placement.
 */

import type { NodeMask } from './point-table.js';
import type { RingPlan } from './ring-plan.js';

export type { NodeMask };

export interface RingMember {
  readonly name: string;
  /** Share of the keys in proportion to the other members. @default 1 */
  readonly weight?: number;
  /** Failure domain. Copies of a key go to distinct zones while there are enough; no zone counts as one of its own. */
  readonly zone?: string;
}

export interface Placement {
  readonly members: readonly RingMember[];
  /** Equal in two processes exactly if they place every key alike. */
  readonly fingerprint: string;

  /**
   * The number that `primaryOf` and `ownersInto` want beside the key. Where `isPlacedByHash`, it decides the owners
   * alone and the key may be any; elsewhere (rendezvous) owners need the key as well. Unsigned, below 2^32.
   */
  hash(key: string): number;
  readonly isPlacedByHash: boolean;

  /** Index of the first owner, no mask considered; -1 where there are no members. Allocates nothing. */
  primaryOf(hash: number, key: string): number;

  /**
   * Fills `into` with up to `count` distinct node indices, first owner first, walking past masked nodes, and answers
   * how many there are: fewer than `count` only when no more unmasked members exist. Allocates nothing.
   */
  ownersInto(hash: number, count: number, into: Int32Array, mask: NodeMask | undefined, key: string): number;

  /** The same by name, for everything that is not hot. */
  owners(key: string, count: number, mask?: NodeMask): string[];

  /** Share of the keys per node name, as first owner: exact on the own ring, estimated over 65,536 keys elsewhere. */
  distribution(): Map<string, number>;

  /** What a change from this placement to `next` moves, when each key has `count` owners. @param count default 1 */
  plan(next: Placement, count?: number): RingPlan;
}
