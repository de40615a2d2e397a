/** Figures about placements that have no arcs: estimated over 65,536 keys, always the same ones. */

import type { Placement } from './placement.js';
import { MoveTally, RingPlan, shares } from './ring-plan.js';

const SAMPLES = 0x10000;

function sampleKey(i: number): string {
  return `sample:${i}`;
}

/** Share of the sample keys per node, as first owner. Nodes without any are there with 0. @param samples fewer are quicker, and less exact */
export function sampleDistribution(placement: Placement, samples = SAMPLES): Map<string, number> {
  const counts = new Float64Array(placement.members.length);
  for (let i = 0; i < samples && counts.length > 0; i++) {
    const key = sampleKey(i);
    counts[placement.primaryOf(placement.hash(key), key)]! += 1;
  }
  return new Map(placement.members.map(({ name }, node) => [name, counts[node]! / samples]));
}

/** @param count owners per key @param samples fewer are quicker, and less exact */
export function planBySampling(previous: Placement, next: Placement, count: number, samples = SAMPLES): RingPlan {
  const tally = new MoveTally();
  for (let i = 0; i < samples; i++) {
    const key = sampleKey(i);
    tally.add(previous.owners(key, count), next.owners(key, count), 1 / samples);
  }
  return new RingPlan({
    isExact: false,
    arcs: 0,
    moves: tally.moves(),
    before: shares(previous.distribution()),
    after: shares(next.distribution()),
  });
}
