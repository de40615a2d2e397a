/**
 * At most so many calls in so much time, refused at once beyond that: a rate limiter never makes anybody wait. One
 * front, three algorithms behind it; memory is constant, or eight bytes per call of the limit for the log.
 */

import type { Clock } from '../base/clock.js';
import { OptionError } from '../errors.js';
import { FixedWindow } from './fixed-window.js';
import { clockOf, type GuardContext } from './guard-context.js';
import { RateLimitedError } from './guard-errors.js';
import { integer, number, oneOf, resolveOptions } from './option-rules.js';
import { SlidingWindowLog } from './sliding-window-log.js';
import { TokenBucket } from './token-bucket.js';

export type RateLimitAlgorithm = 'token-bucket' | 'sliding-window-log' | 'fixed-window';

export interface RateLimitOptions {
  /** Calls per `intervalMs`; at most 100,000 for the log. */
  readonly limit: number;
  /** @default 1_000 */
  readonly intervalMs?: number | undefined;
  /** Evenness and cost: see the three files. @default 'token-bucket' */
  readonly algorithm?: RateLimitAlgorithm | undefined;
  /** Calls that may pass at once after a quiet time; token bucket only. @default limit */
  readonly burst?: number | undefined;
}

export interface RateLimiterStats {
  readonly passed: number;
  readonly refused: number;
  readonly retryAfterMs: number;
}

interface Algorithm {
  tryTake(n: number, now: number): boolean;
  retryAfterMs(now: number): number;
}

interface Settings {
  readonly limit: number;
  readonly intervalMs: number;
  readonly algorithm: RateLimitAlgorithm;
  readonly burst: number | undefined;
}

/** The limit has no default, so that the check of a missing one fails: 0 breaks its rule. */
const DEFAULTS: Settings = { limit: 0, intervalMs: 1_000, algorithm: 'token-bucket', burst: undefined };
const RULES = {
  limit: integer(1),
  intervalMs: number(1),
  algorithm: oneOf(['token-bucket', 'sliding-window-log', 'fixed-window']),
  burst: integer(1),
};
const MAX_LOG = 100_000;

export class RateLimiter {
  readonly name: string | undefined;
  readonly #clock: Clock;
  readonly #algorithm: Algorithm;
  #passed = 0;
  #refused = 0;

  /** @throws OptionError */
  constructor(options: RateLimitOptions, context: GuardContext = {}) {
    this.name = context.name;
    this.#clock = clockOf(context);
    this.#algorithm = algorithmOf(resolveRateLimitOptions(options), this.#clock.now());
  }

  /** Takes `n` calls of the allowance, all or none. More than the limit (or the burst) at once is never granted. */
  tryTake(n = 1): boolean {
    if (!(Number.isInteger(n) && n > 0)) throw new OptionError('n', `must be an integer of at least 1, got ${n}`);
    const isGranted = this.#algorithm.tryTake(n, this.#clock.now());
    if (isGranted) this.#passed += n;
    else this.#refused += n;
    return isGranted;
  }

  /** Milliseconds until one call may pass; 0 if one may now. Takes nothing. */
  get retryAfterMs(): number {
    return this.#algorithm.retryAfterMs(this.#clock.now());
  }

  /** Runs `fn` if the limit allows; rejects with `RateLimitedError`, which tells when to come back, if not. */
  async run<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    if (!this.tryTake()) throw new RateLimitedError(this.retryAfterMs, { node: this.name });
    return fn();
  }

  stats(): RateLimiterStats {
    return { passed: this.#passed, refused: this.#refused, retryAfterMs: this.retryAfterMs };
  }
}

/** A rate limiter to use alone: `rateLimiter({ limit: 100 }).run(fn)`. */
export function rateLimiter(options: RateLimitOptions, context: GuardContext = {}): RateLimiter {
  return new RateLimiter(options, context);
}

/** @throws OptionError naming the option below `path`. */
export function resolveRateLimitOptions(options: RateLimitOptions, path = 'rateLimit'): Settings {
  const settings = resolveOptions(path, options, DEFAULTS, RULES);
  if (settings.limit === 0) throw new OptionError(`${path}.limit`, 'must be an integer of at least 1, got undefined');
  if (settings.algorithm === 'sliding-window-log' && settings.limit > MAX_LOG) {
    throw new OptionError(
      `${path}.limit`,
      `must be at most ${MAX_LOG} for a sliding window log, got ${settings.limit}`,
    );
  }
  if (settings.algorithm !== 'token-bucket' && settings.burst !== undefined) {
    throw new OptionError(`${path}.burst`, `must be left out for a ${settings.algorithm}, got ${settings.burst}`);
  }
  return settings;
}

function algorithmOf({ algorithm, limit, intervalMs, burst }: Settings, now: number): Algorithm {
  switch (algorithm) {
    case 'token-bucket':
      return new TokenBucket(limit, intervalMs, burst ?? limit, now);
    case 'sliding-window-log':
      return new SlidingWindowLog(limit, intervalMs);
    case 'fixed-window':
      return new FixedWindow(limit, intervalMs, now);
  }
}
