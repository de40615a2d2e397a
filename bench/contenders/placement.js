/** Where keys lie, looked up before anything is timed, so that of the clients that have no ring only the client is measured. */

import { Ring } from '../../dist/ring/ring.js';

/** @returns for each key the index of its node: the placement that ringfence itself uses. */
export function placeKeys(nodes, keys) {
  const ring = Ring.build(nodes.map(({ name }) => ({ name })));
  const indexOf = new Map(nodes.map(({ name }, i) => [name, i]));
  return Uint8Array.from(keys, (key) => indexOf.get(ring.owners(key, 1)[0]));
}

/** Splits indices of keys by node: what a user of MGET over several nodes has to write. */
export function splitByNode(indices, placement, count) {
  const parts = Array.from({ length: count }, () => []);
  for (const i of indices) parts[placement[i]].push(i);
  return parts;
}
