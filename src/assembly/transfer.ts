/** Carries one key from a former owner to its owners: copies it where it is missed, then deletes it where it was. */

import type { Transfer } from '../cluster/migration.js';
import type { Topology } from '../cluster/topology.js';
import type { CacheNode } from '../node/cache-node.js';
import type { ReadContext } from '../replication/contexts.js';
import { promised } from '../replication/promised-attempt.js';
import type { ReadRepair } from '../replication/read-repair.js';

export function createTransfer(
  { read, repair }: { readonly read: ReadContext; readonly repair: ReadRepair },
  topology: () => Topology,
): Transfer {
  return async (from: CacheNode, key: string) => {
    const place = topology().placement.hash(key);
    const hash = read.ledgerHash(key, place);
    // A change meanwhile may have made it an owner again, who must keep its copy.
    const owners = (): CacheNode[] => topology().owners(place, key);
    const takers = owners();
    if (takers.includes(from)) return 0;
    const bytes = await repair.copy(key, hash, read.generations.snapshot(hash), from, takers);
    if (bytes === undefined) return undefined;
    if (owners().includes(from)) return 0;
    const target = { key, hash, timeoutMs: read.attemptMs };
    const payment = read.ledger.paymentFor(from.slot, hash, key);
    const removed = await promised<boolean>(target, (origin) => from.delete(origin, 'background'));
    if (removed.failure !== undefined) return undefined;
    read.ledger.paid(payment);
    return bytes;
  };
}
