/** An attempt as a promise, for everything that is not the hot path. */

import type { CacheError } from '../errors.js';
import type { AttemptOrigin, AttemptSink } from '../node/attempts.js';

/** A failure, and whether the node may have executed the operation all the same. */
export interface Failure {
  readonly error: CacheError;
  /** The server's name of the connection it was on; undefined if it never left. */
  readonly sentOn: string | undefined;
}

export interface Target {
  readonly key: string;
  readonly hash: number;
  readonly timeoutMs: number;
}

export type Outcome<T> = { readonly result: T; readonly failure?: undefined } | { readonly failure: Failure };

/**
 * Makes one attempt; resolves with how it ended and never rejects. `late` hears of an attempt that ends after its caller
 * was told of a failure.
 */
export function promised<T>(
  target: Target,
  submit: (origin: AttemptOrigin<T>) => void,
  late?: (end: Outcome<T>) => void,
): Promise<Outcome<T>> {
  const { key, hash, timeoutMs } = target;
  return new Promise((resolve) => {
    const sink: AttemptSink<T> = {
      answered: (_, result) => resolve({ result }),
      failed: (attempt, error) => resolve({ failure: { error, sentOn: attempt.sentOn } }),
      answeredLate: (_, result) => late?.({ result }),
      failedLate: (attempt, error) => late?.({ failure: { error, sentOn: attempt.sentOn } }),
    };
    submit({ key, hash, timeoutMs, sink });
  });
}
