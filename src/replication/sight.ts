/** An entry as one node holds it. A node that cannot tell life and version of an entry is asked for its bytes alone. */

import type { Calendar } from '../base/calendar.js';
import type { DebtBook, ReadJudge } from '../cluster/ledger/ledger-roles.js';
import type { Topology } from '../cluster/topology.js';
import type { Inspection } from '../driver/driver.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import { type Outcome, promised, type Target } from './promised-attempt.js';

export interface EntryTarget {
  readonly key: string;
  /** The ledger's. */
  readonly hash: number;
  /** The ring's. */
  readonly place: number;
  readonly timeoutMs: number;
}

export interface Sighting {
  /** As stored, envelope included; a copy. */
  readonly bytes: Buffer;
  readonly ttlMs: number | undefined;
  readonly token: string | undefined;
}

/**
 * Whether anything stands against the node's copy of the key. To be asked before the node is: what it held before our last
 * write got there, or before it was rid of the copy, may be judged after that, and an unstamped copy tells no age.
 */
export function isDoubted(
  ledger: ReadJudge,
  topology: Topology,
  { slot }: CacheNode,
  hash: number,
  key: string,
): boolean {
  if (ledger.isQuiet || ledger.isClean(slot)) return false;
  return ledger.isDistrusted(slot, hash, key, topology.placement.hash(key)) !== 'no';
}

/**
 * Whether an entry has had its time by its envelope, on a node that keeps time itself and was never heard to have stored it:
 * a write that a stopped node executes when it goes on lives there from then on. What is known against the node does not
 * make a miss of the last write itself, so nothing else would end it in time. Elsewhere the node's word counts, since
 * `touch` leaves the envelope there as it is: also where the node is distrusted for no more than a new life of its own.
 */
export function isOutlived(
  { ledger, calendar }: { readonly ledger: ReadJudge & Pick<DebtBook, 'paymentFor'>; readonly calendar: Calendar },
  node: CacheNode,
  { key, hash, place }: Pick<EntryTarget, 'key' | 'hash' | 'place'>,
  expiresAt: number,
): boolean {
  if (expiresAt === 0 || !node.keepsTime || ledger.isQuiet || ledger.isClean(node.slot)) return false;
  if (expiresAt > calendar.now()) return false;
  const distrust = ledger.isDistrusted(node.slot, hash, key, place);
  return distrust === 'connection' || (distrust === 'key' && ledger.paymentFor(node.slot, hash, key).debt !== 0);
}

export function sight(node: CacheNode, target: Target, lane: Lane): Promise<Outcome<Sighting | undefined>> {
  if (node.driver.capabilities.compareAndSet)
    return promised<Inspection | undefined>(target, (origin) => node.inspect(origin, lane, true));
  const { key, hash, timeoutMs } = target;
  return new Promise((resolve) => {
    node.get(key, hash, timeoutMs, lane, {
      hit: (_, bytes, start, end) =>
        resolve({ result: { bytes: Buffer.from(bytes.subarray(start, end)), ttlMs: undefined, token: undefined } }),
      missed: () => resolve({ result: undefined }),
      failed: (_, error) => resolve({ failure: { error, sentOn: undefined } }),
    });
  });
}
