/**
 * Virtual nodes: the points that the members of a ring stand at, in ring order.
 *
 * Point i of a node is xxh32(name + '#' + i). The last '#' of a label splits it unambiguously, so no two nodes share a
 * label. Where two nodes share a point all the same (16,000 points of 32 bits do in 3 % of rings), the smaller name owns
 * it: the result depends on the set of members, never on the order in which they came.
 */

import { xxh32 } from './hash.js';

export interface Points {
  /** Ascending. */
  readonly at: Uint32Array;
  /** Node index of each point; where points coincide, ascending. */
  readonly node: Uint16Array;
}

/** A point carries its node in 16 bits. */
export const MAX_NODES = 0x10000;
/** 16 M points: 64 MB, 2 s to build. More is a mistaken weight. */
export const MAX_POINTS = 0x1000000;

/** @param names sorted, distinct. @param counts points of each. */
export function virtualNodes(names: readonly string[], counts: readonly number[]): Points {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const at = new Uint32Array(total);
  const node = new Uint16Array(total);
  let next = 0;
  names.forEach((name, index) => {
    const label = `${name}#`;
    const end = next + (counts[index] ?? 0);
    for (let i = 0; next < end; i++, next++) {
      at[next] = xxh32(label + i);
      node[next] = index;
    }
  });
  return sortPoints({ at, node });
}

/**
 * Ascending by point, stable: what stood first among equals still does. Radix sort, three passes of 11 bits, since it
 * keeps the two arrays apart and takes 3 ms for 100,000 points where a comparator takes 60. Uses up its argument.
 */
export function sortPoints(points: Points): Points {
  const size = points.at.length;
  let from = points;
  let to: Points = { at: new Uint32Array(size), node: new Uint16Array(size) };
  for (const shift of [0, 11, 22]) {
    const start = new Uint32Array(0x801);
    for (const point of from.at) start[((point >>> shift) & 0x7ff) + 1]! += 1;
    for (let digit = 1; digit <= 0x800; digit++) start[digit]! += start[digit - 1]!;
    for (let i = 0; i < size; i++) {
      const point = from.at[i]!;
      const place = start[(point >>> shift) & 0x7ff]!++;
      to.at[place] = point;
      to.node[place] = from.node[i]!;
    }
    [from, to] = [to, from];
  }
  return from;
}
