/**
 * One allowance of retries for a whole client, so that retries cannot multiply an outage: a share of the calls, and a
 * small reserve so that a quiet client may retry too.
 *
 *     retries so far ≤ ratio · calls + reservePerSecond · max(1, seconds since it was made)
 *
 * and no more than `maxCredits` + `reservePerSecond` at any one moment, however long it was saved up. Both methods are
 * O(1), `onCall` is an addition; the clock is read only when the credits are spent.
 */

import type { Clock } from '../base/clock.js';
import { clockOf, type GuardContext } from './guard-context.js';
import { number, resolveOptions, share } from './option-rules.js';

export interface RetryBudgetOptions {
  /** Retries earned by a call. @default 0.1 */
  readonly ratio?: number | undefined;
  /** Retries a second besides, saved up for one second; the first second's are there from the start. @default 3 */
  readonly reservePerSecond?: number | undefined;
  /** Earned retries kept for later. Higher: a longer burst when trouble starts. @default 100 */
  readonly maxCredits?: number | undefined;
}

const DEFAULTS = { ratio: 0.1, reservePerSecond: 3, maxCredits: 100 };
const RULES = { ratio: share, reservePerSecond: number(0), maxCredits: number(1) };

export class RetryBudget {
  readonly #clock: Clock;
  readonly #reservePerSecond: number;
  readonly #maxReserve: number;
  /** In calls, not in retries, so that adding up is exact: a retry costs `#price` calls. */
  readonly #price: number;
  readonly #maxEarned: number;
  #earned = 0;
  #reserve: number;
  #refilledAt: number;
  #taken = 0;
  #refused = 0;

  /** @throws OptionError naming the option below `path`. */
  constructor(options: RetryBudgetOptions = {}, context: GuardContext = {}, path = 'budget') {
    const settings = resolveOptions(path, options, DEFAULTS, RULES);
    this.#clock = clockOf(context);
    this.#price = 1 / settings.ratio;
    this.#maxEarned = settings.maxCredits * this.#price;
    this.#reservePerSecond = settings.reservePerSecond;
    // A rate below one a second must still be able to save up one retry.
    this.#maxReserve = settings.reservePerSecond === 0 ? 0 : Math.max(1, settings.reservePerSecond);
    this.#reserve = settings.reservePerSecond;
    this.#refilledAt = this.#clock.now() + 1_000;
  }

  /** `count` calls (not retries) were made. */
  onCall(count = 1): void {
    const earned = this.#earned + count;
    this.#earned = Math.min(earned, this.#maxEarned);
  }

  /** Takes one retry if there is one. */
  tryTake(): boolean {
    if (this.#earned >= this.#price) {
      this.#earned -= this.#price;
    } else {
      this.#refill();
      if (this.#reserve < 1) {
        this.#refused++;
        return false;
      }
      this.#reserve -= 1;
    }
    this.#taken++;
    return true;
  }

  stats(): { readonly available: number; readonly taken: number; readonly refused: number } {
    this.#refill();
    const available = Math.floor(this.#earned / this.#price) + Math.floor(this.#reserve);
    return { available, taken: this.#taken, refused: this.#refused };
  }

  #refill(): void {
    const now = this.#clock.now();
    if (now <= this.#refilledAt) return; // in the first second, too: its reserve was there from the start
    const gained = ((now - this.#refilledAt) / 1_000) * this.#reservePerSecond;
    this.#reserve = Math.min(this.#maxReserve, this.#reserve + gained);
    this.#refilledAt = now;
  }
}
