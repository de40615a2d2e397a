/**
 * One attempt of a retried call, under its own time limit and the caller's signal. It ends once: what the function does
 * after it was given up is dropped, and the signal it was handed tells it so.
 */

import type { Clock } from '../base/clock.js';
import { CacheError, TimeoutError } from '../errors.js';

/** What an attempt is told. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Milliseconds left for all attempts together when this one began; `Infinity` without a deadline. */
  readonly remainingMs: number;
  /** Fires when this attempt is given up, by a time limit or by the caller. */
  readonly signal: AbortSignal;
}

export type AttemptFunction<T> = (attempt: Attempt) => T | PromiseLike<T>;

export type Outcome<T> =
  | { readonly hasFailed: false; readonly result: T }
  | { readonly hasFailed: true; readonly error: unknown };

class RunningAttempt implements Attempt {
  readonly number: number;
  readonly remainingMs: number;
  /** Made when asked for: most functions never look. */
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(number: number, remainingMs: number) {
    this.number = number;
    this.remainingMs = remainingMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  giveUp(reason: CacheError): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

export interface AttemptLimits {
  readonly number: number;
  readonly remainingMs: number;
  readonly attemptMs: number;
  readonly signal: AbortSignal | undefined;
  /** Why the attempt before failed: the cause of a timeout. */
  readonly lastError: unknown;
}

/** Runs `fn` once, at once; never rejects. */
export async function attemptOnce<T>(fn: AttemptFunction<T>, limits: AttemptLimits, clock: Clock): Promise<Outcome<T>> {
  const attempt = new RunningAttempt(limits.number, limits.remainingMs);
  const limitMs = Math.max(0, Math.min(limits.attemptMs, limits.remainingMs));
  if (limitMs !== Infinity || limits.signal !== undefined) return limited(fn, attempt, limitMs, limits, clock);
  try {
    return { hasFailed: false, result: await fn(attempt) };
  } catch (error) {
    return { hasFailed: true, error };
  }
}

function limited<T>(
  fn: AttemptFunction<T>,
  attempt: RunningAttempt,
  limitMs: number,
  { signal, lastError }: AttemptLimits,
  clock: Clock,
): Promise<Outcome<T>> {
  return new Promise((settle) => {
    let isOver = false;
    const end = (outcome: Outcome<T>): void => {
      if (isOver) return;
      isOver = true;
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      settle(outcome);
    };
    const giveUp = (error: CacheError): void => {
      if (isOver) return;
      end({ hasFailed: true, error });
      attempt.giveUp(error);
    };
    const onAbort = (): void => giveUp(abortedError(signal));
    const onTime = (): void => {
      const message = `attempt ${attempt.number} took longer than ${Math.round(limitMs)} ms`;
      giveUp(new TimeoutError(message, limitMs, true, { cause: lastError }));
    };
    // The verdict waits for one turn of the event loop: if we were late ourselves, the answer may lie unread in the socket.
    const timer = limitMs === Infinity ? undefined : clock.setTimer(() => clock.setSoon(onTime), limitMs, true);
    signal?.addEventListener('abort', onAbort, { once: true });
    new Promise<T>((resolve) => resolve(fn(attempt))).then(
      (result) => end({ hasFailed: false, result }),
      (error: unknown) => end({ hasFailed: true, error }),
    );
  });
}

/** Resolves after `ms`, or at once when `signal` fires. */
export function pause(ms: number, signal: AbortSignal | undefined, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(done, ms, true);
    signal?.addEventListener('abort', done, { once: true });
  });
}

export function abortedError(signal: AbortSignal | undefined): CacheError {
  return new CacheError('ERR_ABORTED', 'the call was aborted', { cause: signal?.reason });
}
