/** What every call may be given, checked and completed. */

import { onAbort } from '../base/abort.js';
import { CacheError, OptionError } from '../errors.js';
import type { Lane } from '../node/lane.js';
import type { WritePolicy } from '../replication/write-policy.js';

export interface CallOptions {
  /** Gives the call up: it rejects with `ERR_ABORTED`. What was sent may still take effect. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline of the whole call in ms. @default timeouts.totalMs */
  readonly timeoutMs?: number | undefined;
  /** Class of traffic. @default 'interactive' */
  readonly lane?: Lane | undefined;
  /** How many owners must confirm this write. @default write of the cache */
  readonly write?: WritePolicy | undefined;
}

export interface SetOptions extends CallOptions {
  /** Time to live in ms, or `'none'`. @default defaultTtlMs of the cache */
  readonly ttlMs?: number | 'none' | undefined;
}

export interface CountOptions extends SetOptions {
  /** Value of a counter that does not exist yet. @default `by` for increment, 0 for decrement: as if counted from 0 */
  readonly initial?: number | undefined;
}

/** A call's options, complete. */
export interface Call {
  readonly totalMs: number;
  readonly lane: Lane;
  readonly policy: WritePolicy;
  readonly signal: AbortSignal | undefined;
}

const LANES: readonly unknown[] = ['interactive', 'bulk', 'background'];
const POLICIES: readonly unknown[] = ['all', 'majority', 'one'];

/** @throws OptionError */
export function resolveCall(options: CallOptions, defaults: Call): Call {
  const { timeoutMs, lane, write, signal } = options;
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs < 2 ** 31))
    throw new OptionError('timeoutMs', `must be a number of milliseconds of at least 1, got ${String(timeoutMs)}`);
  if (lane !== undefined && !LANES.includes(lane))
    throw new OptionError('lane', `must be one of ${LANES.join(', ')}, got ${String(lane)}`);
  if (write !== undefined && !POLICIES.includes(write))
    throw new OptionError('write', `must be one of ${POLICIES.join(', ')}, got ${String(write)}`);
  return {
    totalMs: timeoutMs ?? defaults.totalMs,
    lane: lane ?? defaults.lane,
    policy: write ?? defaults.policy,
    signal,
  };
}

/** A hundred years: longer is a mistake of unit. */
const MAX_TTL_MS = 3_155_760_000_000;

/** Milliseconds, 0 for none. @throws OptionError for anything but a duration or 'none' */
export function resolveTtl(ttlMs: unknown, defaultMs: number): number {
  if (ttlMs === undefined) return defaultMs;
  if (ttlMs === 'none') return 0;
  if (typeof ttlMs !== 'number' || !(ttlMs > 0) || ttlMs > MAX_TTL_MS)
    throw new OptionError(
      'ttlMs',
      `must be a number of milliseconds above 0, at most ${MAX_TTL_MS}, or 'none', got ${typeof ttlMs === 'string' ? `'${ttlMs}'` : String(ttlMs)}`,
    );
  return Math.ceil(ttlMs);
}

/** The outcome of `work`, unless the call's signal comes first; then the work goes on unheard. */
export function heard<T>(work: Promise<T>, { signal }: Call): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(aborted(signal)));
    work.then(resolve, reject).finally(stop);
  });
}

export function aborted(signal: AbortSignal): CacheError {
  return new CacheError('ERR_ABORTED', 'the call was aborted', { cause: signal.reason });
}
