/**
 * The guards of the cache as parts to use alone: `ringfence/resilience`. They wrap any function, know nothing of nodes,
 * and stack in any order:
 *
 *     retry(() => byTenant.run(() => slots.run(query)), { attempts: 3, attemptMs: 200, totalMs: 500 })
 */

export type { Clock, Timer } from './base/clock.js';
export { type BackoffSettings, type BackoffShape, delayFor, type Jitter } from './node/backoff.js';
export { Breaker, breaker } from './node/breaker.js';
export type { BreakerOptions } from './node/breaker-options.js';
export { type BreakerChange, BreakerRegistry } from './node/breaker-registry.js';
export type { BreakerListener, BreakerReason, BreakerState } from './node/breaker-state.js';
export type { BreakerStats } from './node/breaker-stats.js';
export { Bulkhead, type BulkheadOptions, type BulkheadStats, bulkhead } from './node/bulkhead.js';
export type { GuardContext } from './node/guard-context.js';
export { BreakerOpenError, type BulkheadFill, BulkheadFullError, RateLimitedError } from './node/guard-errors.js';
export { GuardRegistry, type GuardRegistryOptions } from './node/guard-registry.js';
export { type PoolSizeOptions, recommendPoolSize } from './node/pool-size.js';
export {
  type RateLimitAlgorithm,
  RateLimiter,
  type RateLimiterStats,
  type RateLimitOptions,
  rateLimiter,
} from './node/rate-limit.js';
export { attemptsOf, retry } from './node/retry.js';
export type { Attempt, AttemptFunction } from './node/retry-attempt.js';
export { RetryBudget, type RetryBudgetOptions } from './node/retry-budget.js';
export type { RetryAllowance, RetryNotice, RetryOptions } from './node/retry-options.js';
