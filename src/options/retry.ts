/** Further attempts: the options, their defaults and their check. */

import { BACKOFF_RULES, type BackoffSettings, type BackoffShape, type Jitter } from '../node/backoff.js';
import { integer, type OptionRule, resolveOptions } from '../node/option-rules.js';
import { RetryBudget, type RetryBudgetOptions } from '../node/retry-budget.js';

export interface RetryOptions {
  /** Attempts of a call at the same owners, the first included; going on to the next owner is not one. @default 3 */
  readonly attempts?: number | undefined;
  /** @default 'exponential' */
  readonly backoff?: BackoffShape | undefined;
  /** @default 'full' */
  readonly jitter?: Jitter | undefined;
  /** First pause. @default 10 */
  readonly baseMs?: number | undefined;
  /** Longest pause. @default 200 */
  readonly maxMs?: number | undefined;
  /** One allowance for all calls of the cache. @default a tenth of the calls and 3 a second */
  readonly budget?: RetryBudgetOptions | undefined;
}

export interface RetrySettings extends BackoffSettings {
  readonly attempts: number;
  readonly budget: RetryBudgetOptions;
}

const DEFAULTS: RetrySettings = {
  attempts: 3,
  backoff: 'exponential',
  jitter: 'full',
  baseMs: 10,
  maxMs: 200,
  budget: {},
};
const budget: OptionRule = { says: 'an object', holds: (value) => typeof value === 'object' && value !== null };

/** @throws OptionError naming the option below `retry`. */
export function resolveRetry(options: RetryOptions): RetrySettings {
  const settings = resolveOptions<RetrySettings>('retry', options, DEFAULTS, {
    ...BACKOFF_RULES,
    attempts: integer(1, 100),
    budget,
  });
  new RetryBudget(settings.budget, {}, 'retry.budget');
  return settings;
}
