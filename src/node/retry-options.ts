/** What `retry` tries again, how often, how long and at whose expense: the options, their defaults and their check. */

import { OptionError } from '../errors.js';
import { BACKOFF_RULES, type BackoffShape, type Jitter } from './backoff.js';
import { discredits } from './discredits.js';
import { callback, durationOrInfinity, integer, number, type OptionRule, resolveOptions } from './option-rules.js';

/** What `retry` needs of a `RetryBudget`. */
export interface RetryAllowance {
  onCall(count?: number): void;
  tryTake(): boolean;
}

/** Told before each wait. */
export interface RetryNotice {
  /** Attempts made so far. */
  readonly attempts: number;
  readonly delayMs: number;
  /** Why, or `undefined` where a result was not good enough. */
  readonly error: unknown;
}

export interface RetryOptions<T> {
  /** Attempts in all, the first included; 1 … 100. @default 3 */
  readonly attempts?: number | undefined;
  /** @default 'exponential' */
  readonly backoff?: BackoffShape | undefined;
  /** @default 'full' */
  readonly jitter?: Jitter | undefined;
  /** @default 50 */
  readonly baseMs?: number | undefined;
  /** @default 1_000 */
  readonly maxMs?: number | undefined;
  /** Limit of one attempt; it is given up then, and counts as a failure worth another try. @default Infinity */
  readonly attemptMs?: number | undefined;
  /** Limit of all attempts and waits together. @default Infinity */
  readonly totalMs?: number | undefined;
  /** What a further attempt needs to have a chance, such as the median of past ones: none begins with less of `totalMs` left. @default 0 */
  readonly minAttemptMs?: number | undefined;
  /** @default every error but those of our own limits and of the caller: `ERR_BREAKER_OPEN`, `ERR_ABORTED`, invalid arguments … */
  readonly isRetryable?: ((error: unknown, attempts: number) => boolean) | undefined;
  /** Results that are not good enough; the last one is returned as it is. @default none */
  readonly isRetryableResult?: ((result: T, attempts: number) => boolean) | undefined;
  /** Shared by the calls of one client. @default none: attempts alone are the limit */
  readonly budget?: RetryAllowance | undefined;
  /** What it throws is dropped. */
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RetrySettings<T> {
  readonly attempts: number;
  readonly backoff: BackoffShape;
  readonly jitter: Jitter;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly attemptMs: number;
  readonly totalMs: number;
  readonly minAttemptMs: number;
  readonly isRetryable: (error: unknown, attempts: number) => boolean;
  readonly isRetryableResult: ((result: T, attempts: number) => boolean) | undefined;
  readonly budget: RetryAllowance | undefined;
  readonly onRetry: ((notice: RetryNotice) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: RetrySettings<unknown> & { readonly isRetryableResult: undefined } = {
  attempts: 3,
  backoff: 'exponential',
  jitter: 'full',
  baseMs: 50,
  maxMs: 1_000,
  attemptMs: Infinity,
  totalMs: Infinity,
  minAttemptMs: 0,
  isRetryable: discredits,
  isRetryableResult: undefined,
  budget: undefined,
  onRetry: undefined,
  signal: undefined,
};

const RULES: { readonly [K in keyof RetrySettings<unknown>]: OptionRule } = {
  ...BACKOFF_RULES,
  attempts: integer(1, 100),
  attemptMs: durationOrInfinity(0),
  totalMs: durationOrInfinity(0),
  minAttemptMs: number(0),
  isRetryable: callback,
  isRetryableResult: callback,
  budget: { says: 'a RetryBudget', holds: (value) => isAllowance(value) },
  onRetry: callback,
  signal: { says: 'an AbortSignal', holds: (value) => value instanceof AbortSignal },
};

const resolved = new WeakMap<object, RetrySettings<never>>();

/**
 * Checks an options object when it is first seen: a check costs twice as much as the rest of a call. So an object in use
 * must not be changed, which its `readonly` fields say already.
 *
 * @throws OptionError naming the option below `retry`.
 */
export function retrySettings<T>(options: RetryOptions<T>): RetrySettings<T> {
  const known = resolved.get(options);
  if (known !== undefined) return known as RetrySettings<T>;
  const settings = resolveRetryOptions(options);
  resolved.set(options, settings);
  return settings;
}

function resolveRetryOptions<T>(options: RetryOptions<T>): RetrySettings<T> {
  const settings = resolveOptions<RetrySettings<T>>('retry', options, DEFAULTS, RULES);
  if (settings.maxMs >= settings.baseMs) return settings;
  if (options.baseMs === undefined) return { ...settings, baseMs: settings.maxMs };
  throw new OptionError('retry.maxMs', `must be at least baseMs (${settings.baseMs}), got ${settings.maxMs}`);
}

function isAllowance(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'onCall' in value && 'tryTake' in value;
}
