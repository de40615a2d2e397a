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
import { type Outcome, promised, type Target } from './promised-attempt.js';

export const UNKNOWN_TTL = -1;

export interface FoundEntry {
  readonly kept: Kept;
  readonly node: CacheNode;
  /** Who answered: the first owner, another, or one from before the running hand-off. */
  readonly source: 'node' | 'replica' | 'handoff';
  /** `NO_EXPIRY` if it has none, `UNKNOWN_TTL` if the node does not tell. */
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
  const { topology, key } = call;
  const place = topology.placement.hash(key);
  const hash = context.ledgerHash(key, place);
  const deadline = context.clock.now() + call.totalMs;
  const owners = topology.owners(place, key);
  const walk = new OwnerWalk(owners, context.preference, context.counters.walks++);
  let error: CacheError | undefined;
  let wasMissed = false;
  const look = async (node: CacheNode, mostMs: number): Promise<FoundEntry | undefined> => {
    const timeoutMs = Math.min(mostMs, deadline - context.clock.now());
    const outcome = await inspect(node, { key, hash, timeoutMs }, call.lane);
    if (outcome.failure !== undefined) {
      error = outcome.failure.error;
      return undefined;
    }
    const source = node === owners[0] ? 'node' : owners.includes(node) ? 'replica' : 'handoff';
    const entry = outcome.result && judged(context, node, key, hash, place, outcome.result, source);
    if (entry === undefined) wasMissed = true;
    return entry;
  };
  for (let node = walk.next(); node !== undefined && context.clock.now() < deadline; node = walk.next()) {
    const entry = await look(node, context.attemptMs);
    if (entry !== undefined) return { entry, error: undefined };
    if (wasMissed && !context.asksNextOnMiss) break;
  }
  for (const node of topology.formerOwners(place, key, owners)) {
    if (context.clock.now() >= deadline) break;
    const entry = await look(node, context.formerReads.budgetMs);
    if (entry !== undefined) return { entry, error: undefined };
  }
  return { entry: undefined, error: wasMissed ? undefined : error };
}

/** A node that cannot tell time to live and version can still tell the value. */
function inspect(node: CacheNode, target: Target, lane: Lane): Promise<Outcome<Inspection | undefined>> {
  if (node.driver.capabilities.compareAndSet) return promised(target, (origin) => node.inspect(origin, lane, true));
  return new Promise((resolve) => {
    node.get(target.key, target.hash, target.timeoutMs, lane, {
      hit: (_, bytes, start, end) =>
        resolve({ result: { bytes: Buffer.from(bytes.subarray(start, end)), ttlMs: UNKNOWN_TTL, token: '' } }),
      missed: () => resolve({ result: undefined }),
      failed: (_, error) => resolve({ failure: { error, sentOn: undefined } }),
    });
  });
}

function judged(
  context: ReadContext,
  node: CacheNode,
  key: string,
  hash: number,
  place: number,
  found: Inspection,
  source: FoundEntry['source'],
): FoundEntry | undefined {
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
  return { kept, node, source, ttlMs, token, bytes };
}
