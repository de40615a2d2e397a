/** From the settings of a migration to the placement of both its sides, over the nodes of both. */

import { MigratingPlacement } from '../cluster/migrating/migrating-placement.js';
import type { CacheNode } from '../node/cache-node.js';
import type { MigrationSettings } from '../options/migration.js';
import { type PlacedNodes, placementOf } from './placer.js';

/**
 * With no key cut over.
 *
 * @param nodes those of the cache in the order in which they are listed, and behind them the old ones
 * @param to the nodes of the cache, placed
 */
export function buildMigrating(
  { fromKind, fromNodes, at }: MigrationSettings,
  nodes: readonly CacheNode[],
  to: PlacedNodes,
): { readonly placement: MigratingPlacement; readonly nodes: readonly CacheNode[] } {
  const all = [...to.nodes, ...nodes.slice(to.nodes.length)];
  const members = all.map(({ name, weight, zone }) => (zone === undefined ? { name, weight } : { name, weight, zone }));
  const from = placementOf(fromKind, fromNodes);
  const numbers = new Map(fromNodes.map(({ name }, i) => [name, at[i] as number]));
  // The own ring sorts its members, by the names that the old configuration gives them.
  const indices = from.members.map(({ name }, i) =>
    all.indexOf(nodes[(fromKind === undefined ? numbers.get(name) : at[i]) as number] as CacheNode),
  );
  const sides = {
    from: { placement: from, at: indices },
    to: { placement: to.placement, at: to.nodes.map((_, i) => i) },
  };
  return { placement: new MigratingPlacement(members, sides.from, sides.to, 0), nodes: all };
}
