/**
 * PointPlacement: every foreign placement that turns a key into a position and owns positions by points. Rings are so by
 * nature; a list of nodes indexed by `hash % length` is one of evenly spaced points.
 *
 * Successors and masks therefore mean the same everywhere: walk on from the position, past masked nodes, to the next
 * distinct ones (clockwise on a ring, down the list and round again in a list), distinct zones first.
 */

import { xxh64 } from '../hash.js';
import type { NodeMask, Placement, RingMember } from '../placement.js';
import { PointTable } from '../point-table.js';
import type { RingPlan } from '../ring-plan.js';
import { planBySampling, sampleDistribution } from '../sampling.js';
import { MAX_POINTS, type Points, sortPoints } from '../virtual-nodes.js';
import { numberZones } from '../zones.js';

/** Turns a key into a position: unsigned, below 2^32, allocating nothing. */
export type KeyPosition = (key: string) => number;

export class PointPlacement implements Placement {
  readonly members: readonly RingMember[];
  readonly fingerprint: string;
  readonly isPlacedByHash = true;
  readonly hash: KeyPosition;
  private readonly table: PointTable;

  /**
   * @param identity names the position function: equal points under equal functions place alike.
   * @param points in any order; where two coincide the one that stands first owns the position.
   */
  constructor(identity: string, members: readonly RingMember[], points: Points, position: KeyPosition) {
    this.members = members;
    this.hash = position;
    const sorted = sortPoints(points);
    const zones = numberZones(members);
    this.table = new PointTable(sorted, zones);
    this.fingerprint = `points-${xxh64(describe(identity, members, sorted, zones))
      .toString(16)
      .padStart(16, '0')}`;
  }

  primaryOf(hash: number): number {
    return this.table.primaryOf(hash);
  }

  ownersInto(hash: number, count: number, into: Int32Array, mask?: NodeMask): number {
    return this.table.ownersInto(hash, count, into, mask);
  }

  owners(key: string, count: number, mask?: NodeMask): string[] {
    return this.table.owners(this.hash(key), count, mask).map((index) => this.members[index]!.name);
  }

  distribution(): Map<string, number> {
    return sampleDistribution(this);
  }

  plan(next: Placement, count = 1): RingPlan {
    return planBySampling(this, next, count);
  }

  /** Calls `visit` for each point in order. */
  forEachPoint(visit: (point: number, node: number) => void): void {
    this.table.forEachPoint(visit);
  }
}

/** All that decides owners, independent of node indices: one node owns everything wherever its points are. */
function describe(identity: string, members: readonly RingMember[], points: Points, zones?: Int32Array): string {
  const owning = [...new Set(points.node)];
  const names = owning.map((node) => members[node]!.name);
  if (owning.length < 2) return JSON.stringify(names);
  const rank = new Map(owning.map((node, i) => [node, i]));
  const zoned =
    zones === undefined ? [] : owning.map((node) => owning.findIndex((other) => zones[other] === zones[node]));
  return JSON.stringify([identity, names, zoned, [...points.at], Array.from(points.node, (node) => rank.get(node))]);
}

/** Collects points of nodes, in the order in which they are added. */
export class PointList {
  readonly #at: number[] = [];
  readonly #node: number[] = [];

  /** @throws RangeError where the weights ask for more than 16,777,216 points. */
  add(node: number, ...points: readonly number[]): void {
    if (this.#at.length + points.length > MAX_POINTS) throw new RangeError(`more than ${MAX_POINTS} points`);
    for (const point of points) {
      this.#at.push(point);
      this.#node.push(node);
    }
  }

  toPoints(): Points {
    return { at: Uint32Array.from(this.#at), node: Uint16Array.from(this.#node) };
  }

  /** Where points coincide, the one added last owns the position instead of the first: clients that keep a map of points. */
  toPointsLastWins(): Points {
    return { at: Uint32Array.from(this.#at).reverse(), node: Uint16Array.from(this.#node).reverse() };
  }
}
