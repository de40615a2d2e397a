/**
 * One key read with all that is known of it: remaining time to live, version, and which node answered. The same walk and
 * the same judgement as `KeyRead`, for calls that are not the hot path.
 */

import { secondHash } from '../base/string-hash.js';
import type { Topology } from '../cluster/topology.js';
import { CORRUPT, type Kept } from '../codec/transcoder.js';
import { type Inspection, NO_EXPIRY } from '../driver/driver.js';
import { clientIdAt, expiresAtAt, stampAt } from '../envelope.js';
import type { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import { OwnerWalk } from '../routing/owner-walk.js';
import type { ReadContext } from './contexts.js';
import { promised } from './promised-attempt.js';

export interface FoundEntry {
  readonly kept: Kept;
  readonly node: CacheNode;
  /** Whether another than the first owner answered. */
  readonly isReplica: boolean;
  /** `NO_EXPIRY` if it has none. */
  readonly ttlMs: number;
  readonly token: string;
  /** The bytes as stored, envelope included. */
  readonly bytes: Buffer;
}

export interface EntryRead {
  readonly entry: FoundEntry | undefined;
  /** Set if no owner could tell whether there is an entry. */
  readonly error: CacheError | undefined;
}

export interface EntryCall {
  readonly topology: Topology;
  readonly key: string;
  readonly totalMs: number;
  readonly lane: Lane;
}

export async function readEntry(context: ReadContext, call: EntryCall): Promise<EntryRead> {
  const { topology, key, totalMs, lane } = call;
  const place = topology.placement.hash(key);
  const hash = context.ledgerHash(key, place);
  const deadline = context.clock.now() + totalMs;
  const owners = topology.owners(place, key);
  const walk = new OwnerWalk(owners, context.preference, context.counters.walks++);
  let error: CacheError | undefined;
  let wasMissed = false;
  for (let node = walk.next(); node !== undefined; node = walk.next()) {
    const asked = node;
    const leftMs = deadline - context.clock.now();
    if (leftMs <= 0) break;
    const timeoutMs = Math.min(context.attemptMs, leftMs);
    const outcome = await promised<Inspection | undefined>({ key, hash, timeoutMs }, (origin) =>
      asked.inspect(origin, lane, true),
    );
    if (outcome.failure !== undefined) error = outcome.failure.error;
    else {
      const entry = outcome.result === undefined ? undefined : judged(context, asked, key, hash, place, outcome.result);
      if (entry !== undefined) return { entry: { ...entry, isReplica: asked !== owners[0] }, error: undefined };
      wasMissed = true;
      if (!context.asksNextOnMiss) break;
    }
  }
  return { entry: undefined, error: wasMissed ? undefined : error };
}

function judged(
  context: ReadContext,
  node: CacheNode,
  key: string,
  hash: number,
  place: number,
  found: Inspection,
): Omit<FoundEntry, 'isReplica'> | undefined {
  const { bytes, token } = found;
  const { values, ledger } = context;
  const calendarMs = context.calendar.now();
  const verdict = values.check(bytes, 0, bytes.length, secondHash(key), node.keepsTime ? 0 : calendarMs);
  if (verdict !== 'ok' && verdict !== 'digits') {
    context.rejected(node, hash, verdict);
    return undefined;
  }
  const isStamped = verdict === 'ok' && values.isEnveloped;
  if (
    !ledger.isQuiet &&
    !ledger.trusts(
      node.slot,
      hash,
      key,
      isStamped ? stampAt(bytes, 0) : -1,
      isStamped ? clientIdAt(bytes, 0) : 0,
      place,
    )
  ) {
    context.counters.distrusted++;
    return undefined;
  }
  const kept = values.keep(bytes, 0, bytes.length);
  if (kept === CORRUPT) return undefined;
  const expiresAt = isStamped && !node.keepsTime ? expiresAtAt(bytes, 0) : 0;
  // The envelope knows the expiry to the millisecond where the node counts seconds; it is never far from the node's.
  const ttlMs =
    expiresAt === 0 || found.ttlMs === NO_EXPIRY
      ? found.ttlMs
      : Math.max(1, Math.min(found.ttlMs, expiresAt - calendarMs));
  return { kept, node, ttlMs, token, bytes };
}
