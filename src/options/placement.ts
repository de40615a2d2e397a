/** The option `placement`, of a cache and of the nodes it migrates from: whose rule says which node owns a key. */

import { OptionError } from '../errors.js';
import { isPlacementKind, PLACEMENT_KINDS, type PlacementKind } from '../ring/placements/create-placement.js';

/** So many kinds are offered in place of one that does not exist. */
const NEAR_MATCHES = 5;

/** @throws OptionError that names the kinds most like the one asked for. */
export function resolvePlacement(kind: unknown, path = 'placement'): PlacementKind | undefined {
  if (kind === undefined) return undefined;
  if (typeof kind === 'string' && PLACEMENT_KINDS.includes(kind) && isPlacementKind(kind)) return kind;
  const shown = typeof kind === 'string' ? `'${kind.slice(0, 64)}'` : typeof kind;
  const near = nearest(String(kind).slice(0, 64));
  throw new OptionError(path, `${shown} is no kind of placement; the nearest are ${near.join(', ')}`);
}

function nearest(asked: string): string[] {
  const wanted = asked.toLowerCase();
  const scored = PLACEMENT_KINDS.map((kind) => ({ kind, score: likeness(wanted, kind) }));
  scored.sort((a, b) => b.score - a.score || (a.kind < b.kind ? -1 : 1));
  return scored.slice(0, NEAR_MATCHES).map(({ kind }) => kind);
}

/** Dice's coefficient over pairs of neighbouring characters: 1 for equal words, 0 where no pair is shared. */
function likeness(a: string, b: string): number {
  const pairs = pairsOf(a);
  const others = pairsOf(b);
  let shared = 0;
  for (const pair of pairs) if (others.has(pair)) shared++;
  return (2 * shared) / Math.max(1, pairs.size + others.size);
}

function pairsOf(text: string): Set<string> {
  const pairs = new Set<string>();
  for (let i = 0; i + 1 < text.length; i++) pairs.add(text.slice(i, i + 2));
  return pairs;
}
