/** What reads and writes need from the cache around them (`replication/contexts`), made of the parts. */

import type { Calendar } from '../base/calendar.js';
import type { HybridClock } from '../base/hybrid-clock.js';
import type { StalenessRule } from '../base/staleness-rules.js';
import { includes } from '../base/string-calls.js';
import type { Turn } from '../base/turn.js';
import type { DebtPayer } from '../cluster/debt-payer.js';
import type { Ledger } from '../cluster/ledger/ledger.js';
import type { Topology } from '../cluster/topology.js';
import { CORRUPT, type Kept, type Transcoder } from '../codec/transcoder.js';
import type { EventBus } from '../events.js';
import type { Fallback } from '../near/fallback.js';
import type { Generations } from '../near/generations.js';
import type { NearCache } from '../near/near-cache.js';
import { RefillFilter } from '../near/refill-filter.js';
import type { CacheSettings } from '../options.js';
import { Carry } from '../replication/carry.js';
import type { Counters, ReadContext, Retries, WriteContext } from '../replication/contexts.js';
import { Copying } from '../replication/copying.js';
import { Hedges } from '../replication/hedges.js';
import { KeyQueue } from '../replication/key-queue.js';
import { ReadRepair } from '../replication/read-repair.js';
import type { ReadWatch } from '../replication/read-watch.js';
import { StandInRenewal } from '../replication/stand-in-renewal.js';
import { ValueJudge } from '../replication/value-judge.js';
import { xxh32 } from '../ring/hash.js';
import { BudgetedRetries } from './budgeted-retries.js';
import { Degradation } from './degradation.js';

export interface ContextParts {
  readonly settings: CacheSettings;
  readonly disabledRules: ReadonlySet<StalenessRule>;
  readonly turn: Turn;
  readonly ledger: Ledger;
  readonly stamps: HybridClock;
  readonly values: Transcoder;
  readonly calendar: Calendar;
  readonly generations: Generations;
  readonly near: NearCache<Kept> | undefined;
  readonly fallback: Fallback<Kept> | undefined;
  readonly negatives: NearCache<true>;
  readonly events: EventBus;
  readonly payer: DebtPayer;
  /** Hears how reads end; `undefined` where nobody compares. */
  readonly watch: ReadWatch | undefined;
  readonly topology: () => Topology;
  /** Whether the nodes have been closed. */
  readonly isOver: () => boolean;
}

export function createContexts(parts: ContextParts): {
  readonly read: ReadContext;
  readonly write: WriteContext;
  readonly repair: ReadRepair;
  readonly carry: Carry;
  readonly waiting: KeyQueue;
  /** Whether a call is under way that asks no node just now: it waits to be tried again, or for its key to be carried over. */
  readonly hasWaiting: () => boolean;
} {
  const { settings, disabledRules, turn, ledger, values, calendar, generations, near, fallback, events, payer, watch } =
    parts;
  const { clock } = settings;
  const counters: Counters = {
    corrupt: 0,
    distrusted: 0,
    walks: 0,
    retries: 0,
    unconfirmed: 0,
    repairs: 0,
    hedges: 0,
    fallbackServed: 0,
    handoffHits: 0,
  };
  const issued = (): number => parts.topology().nodes.reduce((sum, node) => sum + node.issued, 0);
  const retries = new BudgetedRetries(settings, counters, issued);
  const common = {
    clock,
    ledger,
    stamps: parts.stamps,
    values,
    calendar,
    generations,
    counters,
    retries,
    attemptMs: settings.timeouts.attemptMs,
    standInTtlMs: disabledRules.has('R13')
      ? Number.POSITIVE_INFINITY
      : (settings.health?.standInTtlMs ?? Number.POSITIVE_INFINITY),
    disabledRules,
    degrades: settings.degrades,
    // Keys with a tag share a place, and under another client's rule all keys of a node may: the ledger needs what tells
    // keys apart.
    ledgerHash: (key: string, place: number): number =>
      (settings.placement !== undefined || includes(key, '{') ? xxh32(key) : place) | 0,
  };
  const state = new Degradation(events, clock);
  // What was read a moment ago must be remembered for as long as it may be served.
  const refill = new RefillFilter(Math.min(1_000, (settings.fallback?.maxStaleMs ?? 1_000) / 4));
  const waiting = new KeyQueue(clock);
  const rejected: ReadContext['rejected'] = (node, hash, verdict) => {
    if (verdict !== 'expired') counters.corrupt++;
    if (verdict === 'wrong-key') node.foreignReply(hash);
  };
  const fill: ReadContext['fill'] = (key, hash, generation, kept, expiresAt, askedAt) => {
    if (state.isDegraded) state.recovered();
    if (fallback !== undefined && refill.isDue(hash, turn.now)) {
      // What a write came across is not remembered, so it is due again at the next read.
      if (!generations.isCurrent(hash, generation)) refill.forget(hash);
      else fallback.fill(key, hash, generation, kept, kept.bytes, askedAt);
    }
    if (near === undefined) return;
    const lifeMs = expiresAt === 0 ? Number.POSITIVE_INFINITY : expiresAt - calendar.now();
    near.fill(key, hash, generation, kept, kept.bytes, lifeMs, askedAt);
  };
  const read: ReadContext = {
    ...common,
    judge: new ValueJudge({ ...common, rejected }),
    rejected,
    isOver: parts.isOver,
    hedges: hedgesOf(settings, retries),
    formerReads: { budgetMs: formerBudgetMs(settings), limit: settings.handoff.concurrency, underWay: 0 },
    missed: watch === undefined ? undefined : (key, hash, generation) => watch.missed(key, hash, generation),
    fill:
      watch === undefined
        ? fill
        : (key, hash, generation, kept, expiresAt, askedAt) => {
            watch.found(key, hash, generation, kept);
            fill(key, hash, generation, kept, expiresAt, askedAt);
          },
    fallbackValue(key, error) {
      state.degraded(error);
      const remembered = fallback?.get(key, common.ledgerHash(key, parts.topology().placement.hash(key)));
      if (remembered === undefined) return undefined;
      const value = values.restore(key, remembered.item);
      if (value === CORRUPT) return undefined;
      counters.fallbackServed++;
      return { value, ageMs: remembered.ageMs };
    },
    renew: (topology, node, key, hash, askedAt) => renewal.request(topology, node, key, hash, askedAt),
    repair: (key, hash, generation, from, missing) => repair.request(key, hash, generation, from, missing),
  };
  const write: WriteContext = {
    ...common,
    isOver: parts.isOver,
    policy: settings.write,
    largeValueBytes: settings.largeValueBytes,
    forget(key, hash, by) {
      generations.bump(hash);
      if (by !== 'condition' && !waiting.isEmpty) waiting.overtake(key);
      if (disabledRules.has('R2')) return;
      near?.delete(key);
      if (by === 'set') fallback?.drop(hash);
      else fallback?.delete(hash);
      if (parts.negatives.entries > 0) parts.negatives.delete(key);
      refill.forget(hash);
    },
    remember(key, hash, generation, value) {
      if (fallback === undefined || !generations.isCurrent(hash, generation)) return;
      refill.isDue(hash, turn.now);
      if (typeof value === 'string') {
        fallback.fillText(key, hash, generation, value, turn.now);
        return;
      }
      const kept = values.keepEncoded(value);
      if (kept !== CORRUPT) fallback.fill(key, hash, generation, kept, kept.bytes, turn.now);
    },
    unconfirmed(key, error) {
      counters.unconfirmed++;
      if (events.isHeard('writeUnconfirmed')) events.emit('writeUnconfirmed', { key, error });
    },
    owed: (node) => payer.owed(node),
  };
  const copying = new Copying(read, parts.topology);
  const repair = new ReadRepair(read, copying, parts.topology);
  const renewal = new StandInRenewal(read, copying);
  const hasWaiting = (): boolean => retries.waiting > 0 || !waiting.isEmpty;
  return { read, write, repair, carry: new Carry(read, copying, write.owed), waiting, hasWaiting };
}

/** What a migration leaves behind is all there is of most keys: a read there is worth as much as one at an owner. */
function formerBudgetMs({ migration, handoff, timeouts }: CacheSettings): number {
  return migration === undefined ? handoff.budgetMs : Math.max(handoff.budgetMs, timeouts.attemptMs);
}

function hedgesOf({ read, clock }: CacheSettings, retries: Retries): Hedges | undefined {
  const { hedge } = read;
  if (hedge === undefined) return undefined;
  const { afterMs } = hedge;
  return new Hedges({
    clock,
    delayMs: afterMs === undefined ? (node) => node.latency?.p95Ms : () => afterMs,
    mayHedge: () => retries.mayHedge(),
  });
}
