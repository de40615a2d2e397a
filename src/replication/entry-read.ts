/**
 * One key read with all that is known of it: remaining time to live, version, and which node answered. The same walk as
 * `KeyRead`, former owners included, for calls that are not the hot path.
 */

import type { Topology } from '../cluster/topology.js';
import { COUNTER } from '../codec/transcoder.js';
import type { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import { OwnerWalk } from '../routing/owner-walk.js';
import type { ReadContext } from './contexts.js';
import { type JudgedEntry, judgeEntry } from './judge-entry.js';
import type { ReadCall } from './read-call.js';
import { type EntryTarget, isDoubted, sight } from './sight.js';

export interface FoundEntry extends JudgedEntry {
  readonly node: CacheNode;
  /** The first owner, another one, or an owner of before the running hand-off. */
  readonly source: 'node' | 'replica' | 'handoff';
}

export interface EntryRead {
  readonly entry: FoundEntry | undefined;
  /** Set if no owner could tell whether there is an entry. */
  readonly error: CacheError | undefined;
}

export interface EntryCall extends ReadCall {
  readonly topology: Topology;
  readonly key: string;
}

/** How often a read is asked again because a write overtook it: see `KeyRead`. */
const MAX_OVERTAKEN = 3;

export async function readEntry(context: ReadContext, call: EntryCall): Promise<EntryRead> {
  const { topology, key, totalMs, lane } = call;
  const place = topology.placement.hash(key);
  const hash = context.ledgerHash(key, place);
  let generation = context.generations.snapshot(hash);
  let overtaken = 0;
  const deadline = context.clock.now() + totalMs;
  const owners = topology.owners(place, key);
  const walk = new OwnerWalk(owners, call.prefer, context.counters.walks++);
  let error: CacheError | undefined;
  const missedAt: CacheNode[] = [];

  const ask = async (node: CacheNode, budgetMs: number): Promise<JudgedEntry | undefined> => {
    const target: EntryTarget = { key, hash, place, timeoutMs: Math.min(budgetMs, deadline - context.clock.now()) };
    if (target.timeoutMs <= 0) return undefined;
    const wasDoubted = isDoubted(context.ledger, topology, node, hash, key);
    const askedAt = context.clock.now();
    const outcome = await sight(node, target, lane);
    if (outcome.failure !== undefined) {
      error = outcome.failure.error;
      return undefined;
    }
    let entry = outcome.result && judgeEntry(context, node, target, outcome.result);
    const isUnstamped = typeof entry === 'object' && (!context.values.isEnveloped || entry.kept.flags === COUNTER);
    const isOutOfDoubt = wasDoubted && isUnstamped && !isDoubted(context.ledger, topology, node, hash, key);
    if (entry !== undefined && (isOutOfDoubt || !context.generations.isCurrent(hash, generation))) {
      // A write issued meanwhile, or tried again, may have been confirmed before this is judged: then it vouches for what it
      // replaced. So may a payment.
      entry = 'distrusted';
      if (overtaken++ < MAX_OVERTAKEN) {
        generation = context.generations.snapshot(hash);
        return ask(node, budgetMs);
      }
    }
    if (entry === undefined || entry === 'distrusted') {
      node.misses++;
      missedAt.push(node);
      return undefined;
    }
    node.hits++;
    context.fill(key, hash, generation, entry.kept, entry.expiresAt, askedAt);
    return entry;
  };

  for (let node = walk.next(); node !== undefined; node = walk.next()) {
    const entry = await ask(node, node.attemptMs[lane]);
    if (entry !== undefined) {
      if (missedAt.length > 0) context.repair(key, hash, generation, node, missedAt);
      if (topology.isMasked) context.renew(topology, node, key, hash, context.clock.now());
      return { entry: { ...entry, node, source: node === owners[0] ? 'node' : 'replica' }, error: undefined };
    }
    if (missedAt.length > 0 && !call.asksNextOnMiss) break;
  }
  const ownersMissed = [...missedAt];
  const ownersError = error;
  const { formerReads } = context;
  for (const node of topology.formerOwners(place, key, owners)) {
    if (formerReads.underWay >= formerReads.limit) break;
    formerReads.underWay++;
    let entry: JudgedEntry | undefined;
    try {
      entry = await ask(node, formerReads.budgetMs);
    } finally {
      formerReads.underWay--;
    }
    if (entry === undefined) continue;
    context.counters.handoffHits++;
    if (ownersMissed.length > 0) context.repair(key, hash, generation, node, ownersMissed);
    return { entry: { ...entry, node, source: 'handoff' }, error: undefined };
  }
  if (ownersMissed.length > 0) context.missed?.(key, hash, generation);
  // A miss at a former owner says nothing: what it had may have moved.
  return { entry: undefined, error: ownersMissed.length > 0 ? undefined : (ownersError ?? error) };
}
