/** A step of a migration between two placements: a hand-off like that of any change of the ring. */

import { MigratingPlacement } from '../cluster/migrating/migrating-placement.js';
import type { ChangeKind } from '../cluster/rebalancer.js';
import type { Topology } from '../cluster/topology.js';
import { HASH_SPACE } from '../ring/arcs.js';
import type { PlacedNodes } from './placer.js';

/** Of the keys, so many are in the new place, to the sixth decimal; `undefined` where there is no migration any more. */
export function percentOf({ placement }: Topology): number | undefined {
  return placement instanceof MigratingPlacement
    ? Math.round((placement.boundary / HASH_SPACE) * 1e8) / 1e6
    : undefined;
}

/**
 * Cuts so many percent over by `replace`; whether that changed anything.
 *
 * Nobody's way back to the old place ends while keys are cut over: a hand-off that goes up is a further step of the one that
 * began with these keys in the old place, if one did and runs still; any other begins one that remembers where they are.
 */
export function cutOver(
  topology: Topology,
  percent: number,
  replace: (placed: PlacedNodes, kind: ChangeKind) => void,
): boolean {
  const { placement, nodes } = topology;
  const boundary = Math.round((percent / 100) * HASH_SPACE);
  if (!(placement instanceof MigratingPlacement) || placement.boundary === boundary) return false;
  const isFurther = boundary > placement.boundary && isRemembered(topology, placement.boundary);
  replace({ placement: placement.cutAt(boundary), nodes }, isFurther ? 'step' : 'handoff');
  return true;
}

/** Whether a snapshot before has the keys from this boundary on where they are now: in the old place, on the same nodes of it. */
function isRemembered({ mask, warmingMask, previous }: Topology, boundary: number): boolean {
  for (let at = previous; at !== undefined; at = at.previous) {
    const isBelow = at.placement instanceof MigratingPlacement && at.placement.boundary <= boundary;
    const isUnmasked = at.warmingMask === undefined && warmingMask === undefined;
    if (isBelow && isUnmasked && String(at.mask) === String(mask)) return true;
  }
  return false;
}
