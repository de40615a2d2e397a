/**
 * Tries again: for a function used alone, outside the cache (which fails over to the next owner instead).
 *
 * Settles once, by `totalMs` at the latest. No further attempt begins without room for it in the deadline, nor one that
 * the budget refuses. What is thrown is the last attempt's own error, with the number of attempts noted on it.
 */

import { delayFor } from './backoff.js';
import { clockOf, type GuardContext, randomOf } from './guard-context.js';
import { type AttemptFunction, type AttemptLimits, abortedError, attemptOnce, pause } from './retry-attempt.js';
import { type RetryOptions, type RetrySettings, retrySettings } from './retry-options.js';

const NO_OPTIONS = {};

/**
 * Calls `fn` until it succeeds, until its error or result is not worth another attempt, or until attempts, budget or
 * time run out.
 *
 * @throws the last error of `fn`; `TimeoutError` where an attempt was cut short; `ERR_ABORTED`; `OptionError`
 */
export async function retry<T>(
  fn: AttemptFunction<T>,
  options: RetryOptions<T> = NO_OPTIONS,
  context: GuardContext = {},
): Promise<T> {
  const settings = retrySettings(options);
  const { signal, attemptMs, totalMs, budget } = settings;
  if (signal?.aborted) throw abortedError(signal);
  const clock = clockOf(context);
  const deadline = totalMs === Infinity ? Infinity : clock.now() + totalMs;
  let [delayMs, remainingMs, lastError]: [number, number, unknown] = [0, totalMs, undefined];
  budget?.onCall();
  for (let number = 1; ; number++) {
    const limits: AttemptLimits = { number, remainingMs, attemptMs, signal, lastError };
    const outcome = await attemptOnce(fn, limits, clock);
    lastError = outcome.hasFailed ? outcome.error : undefined;
    const isWorthIt = outcome.hasFailed
      ? settings.isRetryable(outcome.error, number)
      : settings.isRetryableResult?.(outcome.result, number);

    const isLast = !isWorthIt || number === settings.attempts || signal?.aborted === true;
    if (!isLast) delayMs = delayFor(number, settings, delayMs, randomOf(context));
    const leftMs = deadline === Infinity ? Infinity : deadline - clock.now() - delayMs;
    // The deadline is asked before the budget: an attempt without room must not use up what another could.
    if (isLast || leftMs <= 0 || leftMs < settings.minAttemptMs || budget?.tryTake() === false) {
      if (outcome.hasFailed) throw withAttempts(outcome.error, number);
      return outcome.result;
    }
    notify(settings, { attempts: number, delayMs, error: lastError });
    if (delayMs > 0) await pause(delayMs, signal, clock);
    if (signal?.aborted) throw withAttempts(abortedError(signal), number);
    remainingMs = deadline === Infinity ? Infinity : deadline - clock.now();
  }
}

/** How many attempts were made before `retry` threw this error; `undefined` if that is not known. */
export function attemptsOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('attempts' in error)) return undefined;
  return typeof error.attempts === 'number' ? error.attempts : undefined;
}

/** Notes `attempts` on the error itself, where a log shows it; a frozen error or a bare value goes on as it is. */
function withAttempts(error: unknown, attempts: number): unknown {
  if (error instanceof Error && Object.isExtensible(error)) {
    Reflect.defineProperty(error, 'attempts', {
      value: attempts,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return error;
}

function notify<T>(settings: RetrySettings<T>, notice: Parameters<NonNullable<RetrySettings<T>['onRetry']>>[0]): void {
  try {
    settings.onRetry?.(notice);
  } catch {
    // A listener's failure is its own.
  }
}
