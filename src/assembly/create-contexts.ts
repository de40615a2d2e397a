/** What reads and writes need from the cache around them (`replication/contexts`), made of the parts. */

import type { Calendar } from '../base/calendar.js';
import type { HybridClock } from '../base/hybrid-clock.js';
import type { StalenessRule } from '../base/staleness-rules.js';
import type { Turn } from '../base/turn.js';
import type { DebtPayer } from '../cluster/debt-payer.js';
import type { Ledger } from '../cluster/ledger/ledger.js';
import type { Topology } from '../cluster/topology.js';
import { CORRUPT, type Kept, type Transcoder } from '../codec/transcoder.js';
import { type CacheError, NodeError, type NodeErrorReason } from '../errors.js';
import type { EventBus } from '../events.js';
import type { Fallback } from '../near/fallback.js';
import type { Generations } from '../near/generations.js';
import type { NearCache } from '../near/near-cache.js';
import { RefillFilter } from '../near/refill-filter.js';
import { delayFor } from '../node/backoff.js';
import { RetryBudget } from '../node/retry-budget.js';
import type { CacheSettings } from '../options.js';
import type { Counters, ReadContext, Retries, WriteContext } from '../replication/contexts.js';
import { Hedges } from '../replication/hedges.js';
import { ReadRepair } from '../replication/read-repair.js';
import { xxh32 } from '../ring/hash.js';

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
  readonly topology: () => Topology;
  /** Whether the nodes have been closed. */
  readonly isOver: () => boolean;
}

export function createContexts(parts: ContextParts): {
  readonly read: ReadContext;
  readonly write: WriteContext;
  readonly repair: ReadRepair;
} {
  const { settings, disabledRules, turn, ledger, values, calendar, generations, near, fallback, events, payer } = parts;
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
    disabledRules,
    degrades: settings.degrades,
    // Keys with a tag share a place, and under another client's rule all keys of a node may: the ledger needs what tells
    // keys apart.
    ledgerHash: (key: string, place: number): number =>
      settings.placement !== undefined || key.includes('{') ? xxh32(key) : place,
  };
  const state = new Degradation(events, clock);
  const refill = new RefillFilter();
  const read: ReadContext = {
    ...common,
    get isOver() {
      return parts.isOver();
    },
    hedges: hedgesOf(settings, retries),
    formerReads: { budgetMs: settings.handoff.budgetMs, limit: settings.handoff.concurrency, underWay: 0 },
    fill(key, hash, generation, kept, expiresAt) {
      if (state.isDegraded) state.recovered();
      if (fallback !== undefined && refill.isDue(hash, turn.now))
        fallback.fill(key, hash, generation, kept, kept.bytes, turn.now);
      if (near === undefined) return;
      const lifeMs = expiresAt === 0 ? Number.POSITIVE_INFINITY : expiresAt - calendar.now();
      near.fill(key, hash, generation, kept, kept.bytes, lifeMs);
    },
    fallbackValue(key, error) {
      state.degraded(error);
      const remembered = fallback?.get(key);
      if (remembered === undefined) return undefined;
      const value = values.restore(key, remembered.item);
      if (value === CORRUPT) return undefined;
      counters.fallbackServed++;
      return { value, ageMs: remembered.ageMs };
    },
    rejected(node, hash, verdict) {
      if (verdict !== 'expired') counters.corrupt++;
      if (verdict === 'wrong-key') node.foreignReply(hash);
    },
    repair: (key, hash, generation, from, missing) => repair.request(key, hash, generation, from, missing),
  };
  const write: WriteContext = {
    ...common,
    get isOver() {
      return parts.isOver();
    },
    policy: settings.write,
    largeValueBytes: settings.largeValueBytes,
    standInTtlMs: disabledRules.has('R13')
      ? Number.POSITIVE_INFINITY
      : (settings.health?.standInTtlMs ?? Number.POSITIVE_INFINITY),
    forget(key, hash) {
      generations.bump(hash);
      if (disabledRules.has('R2')) return;
      near?.delete(key);
      fallback?.delete(key);
      parts.negatives.delete(key);
      refill.forget(hash);
    },
    remember(key, hash, generation, value) {
      if (fallback === undefined || !generations.isCurrent(hash, generation)) return;
      const kept = values.keepEncoded(value);
      if (kept !== CORRUPT) fallback.fill(key, hash, generation, kept, kept.bytes, turn.now);
    },
    unconfirmed(key, error) {
      counters.unconfirmed++;
      if (events.isHeard('writeUnconfirmed')) events.emit('writeUnconfirmed', { key, error });
    },
    owed: (node) => payer.owed(node),
  };
  const repair = new ReadRepair(read, parts.topology);
  return { read, write, repair };
}

/**
 * What may pass, and how often it is worth another try. Not a timeout: a node that did not answer in time would get the
 * same again behind what it already owes.
 */
const MOST_RETRIES: Partial<Record<NodeErrorReason, number>> = {
  lost: Number.POSITIVE_INFINITY,
  stalled: Number.POSITIVE_INFINITY,
  busy: 1,
  full: 1,
};

/** Retries of calls that a lost connection ended, by the rules of `retry` and within one budget. */
class BudgetedRetries implements Retries {
  readonly #settings: CacheSettings;
  readonly #counters: Counters;
  readonly #budget: RetryBudget;
  readonly #issued: () => number;
  #callsBefore = 0;
  #resent = 0;

  /** `issued`: operations asked of the nodes so far. */
  constructor(settings: CacheSettings, counters: Counters, issued: () => number) {
    this.#settings = settings;
    this.#counters = counters;
    this.#issued = issued;
    this.#budget = new RetryBudget(settings.retry?.budget ?? {}, { clock: settings.clock });
  }

  mayRetry(error: CacheError, attempts: number): boolean {
    const { retry } = this.#settings;
    if (retry === undefined || attempts >= retry.attempts) return false;
    if (!(error instanceof NodeError) || attempts > (MOST_RETRIES[error.reason] ?? 0)) return false;
    this.#earn();
    return this.#budget.tryTake();
  }

  mayHedge(): boolean {
    this.#earn();
    if (!this.#budget.tryTake()) return false;
    this.#resent++;
    this.#counters.hedges++;
    return true;
  }

  /** Calls are not counted one by one, but looked at when a retry is wanted. */
  #earn(): void {
    // Retries earn nothing; a node that has left takes its count with it.
    const calls = this.#issued() - this.#resent;
    this.#budget.onCall(Math.max(0, calls - this.#callsBefore));
    this.#callsBefore = calls;
  }

  later(attempts: number, leftMs: number, again: () => void): void {
    const { retry, clock, random } = this.#settings;
    this.#counters.retries++;
    const delayMs = retry === undefined ? 0 : delayFor(attempts, retry, 0, random);
    const resend = (): void => {
      this.#resent++;
      again();
    };
    clock.setTimer(resend, Math.min(delayMs, leftMs), true);
  }
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

/** Tells once when the owners of some key stop answering, and once when they answer again. */
class Degradation {
  readonly #events: EventBus;
  readonly #clock: { now(): number };
  #since = 0;
  isDegraded = false;

  constructor(events: EventBus, clock: { now(): number }) {
    this.#events = events;
    this.#clock = clock;
  }

  degraded(error: CacheError): void {
    if (this.isDegraded) return;
    this.isDegraded = true;
    this.#since = this.#clock.now();
    this.#events.emit('degraded', { reason: error.message });
  }

  recovered(): void {
    this.isDegraded = false;
    this.#events.emit('recovered', { afterMs: this.#clock.now() - this.#since });
  }
}
