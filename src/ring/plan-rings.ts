/** The exact plan of a change from one ring to another: a sum over the arcs that change hands. */

import { type ArcRing, forEachOwnerChange, HASH_SPACE } from './arcs.js';
import { MoveTally, RingPlan, shares } from './ring-plan.js';

interface PlannedRing extends ArcRing {
  distribution(): Map<string, number>;
}

/** @param count owners per key */
export function planOfRings(previous: PlannedRing, next: PlannedRing, count: number): RingPlan {
  const tally = new MoveTally();
  let arcs = 0;
  let end = -1;
  const nameOf = (index: number): string =>
    (index < 0 ? previous.members[-1 - index] : next.members[index])?.name ?? '';
  forEachOwnerChange(previous, next, { count }, ({ from, to, before, after }) => {
    if (from !== end) arcs++;
    end = to;
    tally.add(before.map(nameOf), after.map(nameOf), (to - from) / HASH_SPACE);
  });
  return new RingPlan({
    isExact: true,
    arcs,
    moves: tally.moves(),
    before: shares(previous.distribution()),
    after: shares(next.distribution()),
  });
}
