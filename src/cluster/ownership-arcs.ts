/** Which arcs each node loses from one snapshot to the next, for the ledger's arc debts. */

import type { CacheNode } from '../node/cache-node.js';
import { type Arc, forEachOwnerChange, HASH_SPACE } from '../ring/arcs.js';
import { Ring } from '../ring/ring.js';
import type { Topology } from './topology.js';

/** Points of both rings: looking at more arcs than these would keep the event loop for too long. */
const MAX_POINTS = 65_536;

/**
 * By node: arcs of which it was an owner in `before` and is none in `after`.
 *
 * Empty for rings that are too large and for the placements of other clients, of which no arcs are known. To tell more
 * than was lost would distrust what the nodes rightly hold, and no write of this process depends on it: whoever begins to
 * own is told to the ledger at every change (`tookOver`), which covers them all.
 */
export function arcsLost(before: Topology, after: Topology): Map<CacheNode, readonly Arc[]> {
  const lost = new Map<CacheNode, Arc[]>();
  const { placement: from } = before;
  const { placement: to } = after;
  if (!(from instanceof Ring) || !(to instanceof Ring) || pointsOf(from) + pointsOf(to) > MAX_POINTS) return lost;
  const count = Math.max(before.replication, after.replication);
  for (const zone of zonesOf(before, after)) {
    const previousMask = after.maskAt(zone.from);
    const nextMask = before.maskAt(zone.from);
    const options = {
      count,
      ...(previousMask === undefined ? {} : { previousMask }),
      ...(nextMask === undefined ? {} : { nextMask }),
    };
    // What a node gains on the way back is what it loses on the way there.
    forEachOwnerChange(to, from, options, (change) => {
      const arc = { from: Math.max(change.from, zone.from), to: Math.min(change.to, zone.to) };
      if (arc.from >= arc.to) return;
      for (const index of change.after) {
        const node = before.nodes[index];
        if (node === undefined || change.before.includes(index)) continue;
        const arcs = lost.get(node) ?? [];
        arcs.push(arc);
        lost.set(node, arcs);
      }
    });
  }
  return lost;
}

/**
 * By node: arcs that `before`, of which nothing is remembered any more, leaves it with for good. Not those that it owned in
 * a snapshot behind `now` as well: it is still read there, and told of every write, until that one is forgotten.
 */
export function arcsLeft(before: Topology, now: Topology): Map<CacheNode, readonly Arc[]> {
  let left = arcsLost(before, now);
  for (let kept = now.previous; kept !== undefined && left.size > 0; kept = kept.previous)
    if (kept.placement instanceof Ring) left = lostInBoth(left, arcsLost(before, kept));
  return left;
}

function lostInBoth(
  one: ReadonlyMap<CacheNode, readonly Arc[]>,
  other: ReadonlyMap<CacheNode, readonly Arc[]>,
): Map<CacheNode, readonly Arc[]> {
  const lost = new Map<CacheNode, readonly Arc[]>();
  for (const [node, arcs] of one) {
    const both = inBoth(arcs, other.get(node) ?? []);
    if (both.length > 0) lost.set(node, both);
  }
  return lost;
}

/** What ascending arcs have in common. */
function inBoth(a: readonly Arc[], b: readonly Arc[]): Arc[] {
  const both: Arc[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [one, other] = [a[i] as Arc, b[j] as Arc];
    const from = Math.max(one.from, other.from);
    const to = Math.min(one.to, other.to);
    if (from < to) both.push({ from, to });
    if (one.to < other.to) i++;
    else j++;
  }
  return both;
}

/** Stretches of the hash space in which each snapshot walks past the same nodes throughout. */
function zonesOf(before: Topology, after: Topology): Arc[] {
  const ends = [...new Set([before.handedBack, after.handedBack, HASH_SPACE])].sort((a, b) => a - b);
  return ends.map((to, i) => ({ from: ends[i - 1] ?? 0, to }));
}

function pointsOf(ring: Ring): number {
  return ring.members.reduce((sum, { weight = 1 }) => sum + weight * 1024, 0);
}
