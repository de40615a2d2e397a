/** Moves one key from a former owner: copies it to its owners where they miss it, and later deletes it where it was. */

import type { Transfer } from '../cluster/migration.js';
import type { Topology } from '../cluster/topology.js';
import type { CacheNode } from '../node/cache-node.js';
import type { ReadContext } from '../replication/contexts.js';
import { promised } from '../replication/promised-attempt.js';
import type { ReadRepair } from '../replication/read-repair.js';

export interface TransferParts {
  readonly read: ReadContext;
  readonly repair: ReadRepair;
  readonly topology: () => Topology;
  /** Whether two nodes are one server under two names, whose copy must not be deleted for having moved to it. */
  readonly isSameServer: (a: CacheNode, b: CacheNode) => boolean;
}

export function createTransfer({ read, repair, topology, isSameServer }: TransferParts): Transfer {
  const { ledger, generations, attemptMs } = read;
  const placeOf = (key: string): number => topology().placement.hash(key);
  const ownersOf = (key: string): CacheNode[] => topology().owners(placeOf(key), key);
  const isOwner = (node: CacheNode, key: string): boolean => ownersOf(key).some((owner) => isSameServer(owner, node));
  return {
    async copy(from, key) {
      const hash = read.ledgerHash(key, placeOf(key));
      return isOwner(from, key) ? 0 : repair.copy(key, hash, generations.snapshot(hash), from, ownersOf(key));
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
