/**
 * Gives a key another time to live on all its owners, and while a hand-off runs on those of before, where reads still find it.
 * A copy that is on its way between them has the old time to live: it is thrown away, and made anew by whoever needs it.
 *
 * Where the node keeps time itself that is one command. Elsewhere the envelope's own expiry, which makes the node's
 * coarse one exact, must move along: the entry is read, given the new expiry and stored only if nobody changed it
 * meanwhile. The value's stamp stays, since the value does. On stand-ins too, whatever they keep time by: they are told a
 * shorter life, and the envelope alone knows how long the value is to live (rule R13).
 */

import { secondHash } from '../base/string-hash.js';
import type { Topology } from '../cluster/topology.js';
import { type Inspection, NO_EXPIRY } from '../driver/driver.js';
import { resealWithExpiry } from '../envelope.js';
import { CacheError, faultOf, NodeError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import type { WriteContext } from './contexts.js';
import { toldLife } from './life.js';
import { type Outcome, promised } from './promised-attempt.js';
import { lifeOn, shortLife, stoodIn } from './stand-in.js';

export interface TouchCall {
  readonly topology: Topology;
  readonly key: string;
  readonly ttlMs: number;
  readonly totalMs: number;
  readonly lane: Lane;
}

const CAS_TRIES = 3;

/** Whether an owner had the key. @throws CacheError if none could tell and failure is not answered by `false`, or a node refuses. */
export async function touch(context: WriteContext, call: TouchCall): Promise<boolean> {
  const { topology, key } = call;
  const place = topology.placement.hash(key);
  const hash = context.ledgerHash(key, place);
  const deadline = context.clock.now() + call.totalMs;
  const owners = topology.owners(place, key);
  const former = topology.formerOwners(place, key, owners).filter((node) => counts(context, node, hash, key, place));
  if (former.length > 0) context.generations.bump(hash);
  const outcomes = await Promise.all(
    [...owners, ...former].map((node) => touchOn(context, node, call, hash, deadline)),
  );
  if (outcomes.some((outcome) => outcome.failure === undefined && outcome.result)) return true;
  const failed = outcomes.find((outcome) => outcome.failure !== undefined);
  if (failed?.failure === undefined) return false;
  const { error } = failed.failure;
  // A node that answers that it does not do this is not out of reach: `false` would be untrue.
  if (error instanceof NodeError && faultOf(error) === 'caller') throw error;
  if (context.degrades && !context.isOver()) return false;
  throw new CacheError('ERR_UNAVAILABLE', `an owner of the key cannot answer: ${error.message}`, {
    node: error.node,
    key,
    cause: error,
  });
}

/** What a former owner missed of our writes it may keep for itself. */
function counts({ ledger }: WriteContext, { slot }: CacheNode, hash: number, key: string, place: number): boolean {
  return ledger.isQuiet || ledger.isDistrusted(slot, hash, key, place) === 'no';
}

async function touchOn(
  context: WriteContext,
  node: CacheNode,
  call: TouchCall,
  hash: number,
  deadline: number,
): Promise<Outcome<boolean>> {
  const { topology, key, ttlMs, lane } = call;
  const { values, calendar, standInTtlMs } = context;
  const isShort = stoodIn(context, topology, node, key);
  const lifeMs = isShort
    ? shortLife(standInTtlMs, ttlMs)
    : lifeOn(context, topology, node, topology.placement.hash(key), key, ttlMs);
  const needsEnvelope = !node.keepsTime || (isShort && node.driver.capabilities.compareAndSet);
  const target = () => ({
    key,
    hash,
    timeoutMs: Math.max(1, Math.min(node.attemptMs[lane], deadline - context.clock.now())),
  });
  if (!needsEnvelope || !values.isEnveloped)
    return promised<boolean>(target(), (origin) => node.touch(origin, lane, lifeMs));
  for (let i = 0; i < CAS_TRIES; i++) {
    const found = await promised<Inspection | undefined>(target(), (origin) => node.inspect(origin, lane, true));
    if (found.failure !== undefined) return found;
    if (found.result === undefined) return { result: false };
    const { bytes, token } = found.result;
    const now = calendar.now();
    const verdict = values.check(bytes, 0, bytes.length, secondHash(key), node.keepsTime ? 0 : now);
    if (verdict === 'expired') return { result: false };
    if (verdict !== 'ok') return promised<boolean>(target(), (origin) => node.touch(origin, lane, lifeMs));
    resealWithExpiry(bytes, ttlMs === NO_EXPIRY ? 0 : now + ttlMs);
    const stored = await promised<boolean>(target(), (origin) =>
      node.store(origin, lane, 'compare', bytes, toldLife(node, bytes, true, lifeMs), token),
    );
    if (stored.failure !== undefined || stored.result) return stored;
  }
  return { result: true };
}
