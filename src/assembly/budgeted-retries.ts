/** Second tries of calls: what is worth one, when, and out of which budget. */

import { type CacheError, NodeError, type NodeErrorReason } from '../errors.js';
import { delayFor } from '../node/backoff.js';
import { RetryBudget } from '../node/retry-budget.js';
import type { CacheSettings } from '../options.js';
import type { Counters, Retries } from '../replication/contexts.js';

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
export class BudgetedRetries implements Retries {
  readonly #settings: CacheSettings;
  readonly #counters: Counters;
  readonly #budget: RetryBudget;
  readonly #issued: () => number;
  #callsBefore = 0;
  #resent = 0;
  /** Calls that wait to be tried again. */
  waiting = 0;

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
    const { clock } = this.#settings;
    this.#counters.retries++;
    const delayMs = this.#delay(attempts);
    this.waiting++;
    const resend = (): void => {
      this.waiting--;
      this.#resent++;
      again();
    };
    clock.setTimer(resend, Math.min(delayMs, leftMs), true);
  }

  /** We are in the middle of settling what a node owed: what a backoff of the caller's own throws must not end that. */
  #delay(attempts: number): number {
    const { retry, random } = this.#settings;
    if (retry === undefined) return 0;
    try {
      return delayFor(attempts, retry, 0, random);
    } catch {
      return Math.min(retry.baseMs, retry.maxMs);
    }
  }
}
