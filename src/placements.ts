/** The entry `ringfence/placements`: where other clients put a key. */

export type { NodeMask, Placement, RingMember } from './ring/placement.js';
export {
  createPlacement,
  isPlacementKind,
  PLACEMENT_KINDS,
  type PlacementKind,
} from './ring/placements/create-placement.js';
export type { PlacementNode } from './ring/placements/placement-node.js';
export type { RingMove, RingPlan } from './ring/ring-plan.js';
