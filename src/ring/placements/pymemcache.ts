/**
 * pymemcache's RendezvousHash: the node with the highest MurmurHash3 (32 bits, seed 0) of "host:port-key"; of equal scores the
 * larger node string. The hash reads the lowest byte of each code point, neither UTF-8 nor UTF-16. Weights and names play
 * no part. A key given to the client as bytes is hashed as its repr: write "b'…'" here to follow it.
 *
 * Successors: the next highest score, which is what the client does once a node is removed.
 * Source: pinterest/pymemcache client/rendezvous.py (get_node), client/murmur3.py, client/hash.py (_make_client_key).
 */

import { loadCodePoints } from './key-bytes.js';
import { murmur3 } from './murmur.js';
import { hostPort, membersOf, type PlacementNode } from './placement-node.js';
import { RendezvousPlacement } from './rendezvous-placement.js';

export function pymemcacheRendezvous(nodes: readonly PlacementNode[]): RendezvousPlacement {
  const labels = nodes.map(hostPort);
  // Code point order is what Python compares by; addresses are ASCII, where code units agree.
  const largestFirst = labels.map((_, index) => index).sort((a, b) => (labels[a]! > labels[b]! ? -1 : 1));
  return new RendezvousPlacement('pymemcache', membersOf(nodes), largestFirst, (key, high) => {
    for (let i = 0; i < labels.length; i++) high[i] = murmur3(loadCodePoints(`${labels[i]!}-${key}`), 0);
  });
}
