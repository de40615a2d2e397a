/**
 * pymemcache's RendezvousHash: the node with the highest MurmurHash3 (32 bits, seed 0) of "host:port-key"; of equal scores the
 * larger node string. The hash reads the lowest byte of each code point, neither UTF-8 nor UTF-16. Weights and names play
 * no part. A key given to the client as bytes is hashed as its repr: write "b'…'" here to follow it.
 *
 * Successors: the next highest score, which is what the client does once a node is removed.
 * Source: pinterest/pymemcache client/rendezvous.py (get_node), client/murmur3.py, client/hash.py (_make_client_key).
 */

import { keyBytes, loadCodePoints } from './key-bytes.js';
import { murmur3, murmur3Words } from './murmur.js';
import { hostPort, membersOf, type PlacementNode } from './placement-node.js';
import { RendezvousPlacement } from './rendezvous-placement.js';

/** What "host:port-" does to the hash, worked out once: the state after its whole words, and the bytes left over. */
interface Prefix {
  readonly state: number;
  readonly rest: Uint8Array;
  readonly length: number;
}

/** The key is loaded from here on, so that the rest of a prefix finds room in front of it. */
const KEY_AT = 4;

export function pymemcacheRendezvous(nodes: readonly PlacementNode[]): RendezvousPlacement {
  const labels = nodes.map(hostPort);
  const prefixes = labels.map(prefixOf);
  // Code point order is what Python compares by; addresses are ASCII, where code units agree.
  const largestFirst = labels.map((_, index) => index).sort((a, b) => (labels[a]! > labels[b]! ? -1 : 1));
  return new RendezvousPlacement('pymemcache', membersOf(nodes), largestFirst, (key, high) => {
    const end = loadCodePoints(key, KEY_AT);
    const bytes = keyBytes.bytes;
    for (let i = 0; i < prefixes.length; i++) {
      const { state, rest, length } = prefixes[i]!;
      const start = KEY_AT - rest.length;
      for (let k = 0; k < rest.length; k++) bytes[start + k] = rest[k]!;
      high[i] = murmur3(start, end, state, length + end - KEY_AT);
    }
  });
}

function prefixOf(label: string): Prefix {
  const length = loadCodePoints(`${label}-`);
  const whole = length & ~3;
  return { state: murmur3Words(0, whole, 0), rest: keyBytes.bytes.slice(whole, length), length };
}
