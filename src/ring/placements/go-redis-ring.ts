/**
 * go-redis Ring, version 9: the shard with the highest mix(xxh64(key) xor xxh64(shard name)), where mix is xorshift* (12,
 * 25, 27, × 2685821657736338717) on 64 bits; of equal scores the first in the list. The name is the shard's key in
 * RingOptions.Addrs (here the name, else host:port); weights play no part. Keys hash on their {tag} if they have one.
 *
 * Successors: the next highest score, which is what the client does with the shards that are up.
 * Source: redis/go-redis internal/hashtag/rendezvous.go, ring.go; dgryski/go-rendezvous rdv.go.
 */

import { tagOf, xxh64 } from '../hash.js';
import { membersOf, nameOf, type PlacementNode } from './placement-node.js';
import { RendezvousPlacement } from './rendezvous-placement.js';
import { halvesOf, productHigh } from './uint64.js';

export function goRedisRing(nodes: readonly PlacementNode[]): RendezvousPlacement {
  const shards = nodes.map((node) => halvesOf(xxh64(nameOf(node))));
  const shardHigh = Uint32Array.from(shards, ([high]) => high);
  const shardLow = Uint32Array.from(shards, ([, low]) => low);
  return new RendezvousPlacement(
    'go-redis',
    membersOf(nodes),
    nodes.map((_, index) => index),
    (key, high, low) => {
      const [keyHigh, keyLow] = halvesOf(xxh64(tagOf(key)));
      for (let i = 0; i < shardHigh.length; i++) {
        let h = keyHigh ^ shardHigh[i]!;
        let l = keyLow ^ shardLow[i]!;
        l ^= (l >>> 12) | (h << 20);
        h ^= h >>> 12;
        h ^= (h << 25) | (l >>> 7);
        l ^= l << 25;
        l ^= (l >>> 27) | (h << 5);
        h ^= h >>> 27;
        high[i] = productHigh(h, l, 0x2545f491, 0x4f6cdd1d);
        low[i] = Math.imul(l, 0x4f6cdd1d);
      }
    },
  );
}
