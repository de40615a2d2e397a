/** What the benchmarks of rings look up: the keys, the nodes, and a loop over the keys. */

import { Ring } from '../../dist/ring/ring.js';

/** More than the 5,000 of which hashring keeps the answers. A power of two: a loop cycles over them by a mask. */
export const KEYS = 1 << 18;
export const keys = Array.from({ length: KEYS }, (_, i) => Buffer.from(`session:${100_000_000 + i}`).latin1Slice());

export const nodesOf = (count) =>
  Array.from({ length: count }, (_, i) => ({ host: `10.0.${i >> 8}.${i & 255}`, port: 6379 }));
export const namesOf = (count) => nodesOf(count).map(({ host, port }) => `${host}:${port}`);
export const ringOf = (count) => Ring.build(namesOf(count).map((name) => ({ name })));

/** The body of a loop that finds the owner of `key` in a ring or placement. */
export const LOOKUP = 'use.primaryOf(use.hash(key))';

/**
 * A function that evaluates `body`, with `key` and `use`, for the next `count` keys. It is a function of its own for each
 * subject, so that each is compiled for what it calls and nothing else.
 */
export function looper(body, use, count) {
  return new Function(
    'keys',
    'use',
    `let at = 0; return () => {
      let sum = 0;
      for (let i = 0; i < ${count}; i++) { const key = keys[at = (at + 1) & ${KEYS - 1}]; sum = (sum + (${body})) | 0; }
      return sum;
    }`,
  )(keys, use);
}
