/** Moves one key from a former owner: copies it to its owners where they miss it, and later deletes it where it was. */

import type { Transfer } from '../cluster/migration.js';
import type { Topology } from '../cluster/topology.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Carry } from '../replication/carry.js';
import type { ReadContext } from '../replication/contexts.js';
import { promised } from '../replication/promised-attempt.js';
import type { ReadRepair } from '../replication/read-repair.js';

export interface TransferParts {
  readonly read: ReadContext;
  readonly repair: ReadRepair;
  readonly carry: Carry;
  readonly topology: () => Topology;
  /** Whether a node may have the key from its owners: else it is removed there without having been copied. */
  readonly isCarried: (key: string, from: CacheNode) => boolean;
  /** Whether two nodes are one server under two names, whose copy must not be deleted for having moved to it. */
  readonly isSameServer: (a: CacheNode, b: CacheNode) => boolean;
}

export function createTransfer({ read, repair, carry, topology, isCarried, isSameServer }: TransferParts): Transfer {
  const { ledger, generations, attemptMs } = read;
  const placeOf = (key: string): number => topology().placement.hash(key);
  const ownersOf = (key: string): CacheNode[] => topology().owners(placeOf(key), key);
  const isOwner = (node: CacheNode, key: string): boolean => ownersOf(key).some((owner) => isSameServer(owner, node));
  const othersThan = (node: CacheNode, key: string): CacheNode[] =>
    ownersOf(key).filter((owner) => !isSameServer(owner, node));
  return {
    async copy(from, key) {
      const missing = othersThan(from, key);
      if (missing.length === 0 || !isCarried(key, from)) return 0;
      const hash = read.ledgerHash(key, placeOf(key));
      const copied = await repair.copy(key, hash, generations.snapshot(hash), from, missing);
      // What may not be copied may be a counter, which goes to its first owner alone.
      return copied === 'never' && !isSameServer(from, ownersOf(key)[0] as CacheNode)
        ? carry.move(topology(), key, from)
        : copied;
    },
    async remove(from, key) {
      // A change meanwhile may have made it an owner again, who must keep its copy.
      if (isOwner(from, key)) return true;
      const hash = read.ledgerHash(key, placeOf(key));
      const payment = ledger.paymentFor(from.slot, hash, key);
      const target = { key, hash, timeoutMs: attemptMs };
      const removed = await promised<boolean>(target, (origin) => from.delete(origin, 'background'));
      if (removed.failure === undefined) ledger.paid(payment);
      return removed.failure === undefined;
    },
  };
}
