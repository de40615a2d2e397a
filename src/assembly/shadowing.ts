/** Shadowing: has every read of the keys that would be cut over compared with the new place. */

import { Topology } from '../cluster/topology.js';
import type { ReadContext } from '../replication/contexts.js';
import type { ReadWatch } from '../replication/read-watch.js';
import { ShadowRead } from '../replication/shadow-read.js';
import type { PlacedNodes } from './placer.js';

/**
 * @param to the new place
 * @param current the snapshot by which reads are made
 * @param isMeant whether a key of this hash is to be compared
 */
export function shadowReads(
  watch: ReadWatch,
  read: ReadContext,
  to: PlacedNodes,
  current: () => Topology,
  isMeant: (hash: number) => boolean,
): ShadowRead {
  const shadow = new ShadowRead(read);
  const next = new Topology({ epoch: 0, ...to, replication: 1 });
  watch.listener = (key, hash, generation, kept) => {
    const topology = current();
    const place = topology.placement.hash(key);
    if (!isMeant(place)) return;
    const owner = next.primary(next.placement.hash(key), key);
    shadow.compare(key, hash, generation, kept, topology.primary(place, key), owner);
  };
  return shadow;
}
