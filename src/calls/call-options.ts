/** What every call may be given, checked and completed. Unknown options are errors: a misspelt one would pass in silence. */

import { onAbort } from '../base/abort.js';
import { CALLS, tellCall } from '../base/diagnostics.js';
import { shown } from '../base/shown.js';
import { CacheError, OptionError } from '../errors.js';
import type { Lane } from '../node/lane.js';
import { type ReadOptions, type ReadSettings, resolveRead } from '../options/groups.js';
import type { ReadCall } from '../replication/read-call.js';
import type { WritePolicy } from '../replication/write-policy.js';

export interface CallOptions {
  /** Gives the call up: it rejects with `ERR_ABORTED`. What was sent may still take effect. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline of the whole call in ms. @default timeouts.totalMs */
  readonly timeoutMs?: number | undefined;
  /** Class of traffic. @default 'interactive' */
  readonly lane?: Lane | undefined;
  /** Which owners this read asks. @default read of the cache */
  readonly read?: ReadOptions | undefined;
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
export interface Call extends ReadCall {
  readonly policy: WritePolicy;
  readonly signal: AbortSignal | undefined;
}

const LANES: readonly unknown[] = ['interactive', 'bulk', 'background'];
const POLICIES: readonly unknown[] = ['all', 'majority', 'one'];

const OF_CALLS = ['signal', 'timeoutMs', 'lane', 'read', 'write'];
const OF_STORES = [...OF_CALLS, 'ttlMs'];
const OF_LOADS = [
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
  'loaderTimeoutMs',
  'ttlJitter',
  'softLoaderTimeoutMs',
  'earlyRefresh',
  'negativeTtlMs',
  'lease',
];

/** The options that calls of a kind know. */
export type CallFields = ReadonlySet<string>;
const FIELDS = {
  call: new Set(OF_CALLS),
  set: new Set(OF_STORES),
  count: new Set([...OF_STORES, 'initial']),
  getOrSet: new Set([...OF_STORES, ...OF_LOADS]),
} satisfies Record<string, CallFields>;

/** What each call takes, by its name. */
export const FIELDS_OF = {
  get: FIELDS.call,
  getEntry: FIELDS.call,
  getMany: FIELDS.call,
  set: FIELDS.set,
  setMany: FIELDS.set,
  add: FIELDS.set,
  replace: FIELDS.set,
  compareAndSet: FIELDS.set,
  delete: FIELDS.call,
  deleteMany: FIELDS.call,
  touch: FIELDS.call,
  increment: FIELDS.count,
  decrement: FIELDS.count,
  getOrSet: FIELDS.getOrSet,
  clear: FIELDS.call,
} satisfies Record<string, CallFields>;
export type CallName = keyof typeof FIELDS_OF;

/** A call without options. */
export function defaultCall(settings: {
  readonly timeouts: { readonly totalMs: number };
  readonly write: WritePolicy;
  readonly read: ReadSettings;
}): Call {
  const { timeouts, write, read } = settings;
  return {
    totalMs: timeouts.totalMs,
    lane: 'interactive',
    policy: write,
    signal: undefined,
    prefer: read.prefer,
    asksNextOnMiss: read.onMiss === 'next',
  };
}

/** @throws OptionError; CacheError `ERR_ABORTED` if the signal has aborted already */
export function resolveCall(options: CallOptions, defaults: Call, fields: CallFields): Call {
  if (typeof options !== 'object' || options === null)
    throw new OptionError('options', `must be an object, got ${options === null ? 'null' : typeof options}`);
  let isPlain = true;
  for (const name in options) {
    if (name === 'ttlMs' && fields !== FIELDS.call) continue;
    if (!fields.has(name) && Object.hasOwn(options, name)) throw unknownOption(name, fields);
    isPlain = false;
  }
  if (isPlain) return defaults;
  const { timeoutMs, lane, write, signal, read } = options;
  if (timeoutMs !== undefined && !isTimeout(timeoutMs, 1)) throw notTimeout(timeoutMs, 1);
  if (lane !== undefined && !LANES.includes(lane))
    throw new OptionError('lane', `must be one of ${LANES.join(', ')}, got ${shown(lane)}`);
  if (write !== undefined && !POLICIES.includes(write))
    throw new OptionError('write', `must be one of ${POLICIES.join(', ')}, got ${shown(write)}`);
  if (signal !== undefined) checkSignal(signal);
  let { prefer, asksNextOnMiss } = defaults;
  if (read !== undefined) {
    const chosen = resolveRead(read, { prefer, onMiss: asksNextOnMiss ? 'next' : 'accept' });
    prefer = chosen.prefer;
    asksNextOnMiss = chosen.onMiss === 'next';
  }
  return {
    totalMs: timeoutMs ?? defaults.totalMs,
    lane: lane ?? defaults.lane,
    policy: write ?? defaults.policy,
    signal,
    prefer,
    asksNextOnMiss,
  };
}

/** Whether it is a duration that a timer can hold. */
export function isTimeout(timeoutMs: unknown, min: number): timeoutMs is number {
  return typeof timeoutMs === 'number' && timeoutMs >= min && timeoutMs < 2 ** 31;
}

export function notTimeout(timeoutMs: unknown, min: number): OptionError {
  const range = `a number of milliseconds of at least ${min}, below 2^31`;
  return new OptionError('timeoutMs', `must be ${range}, got ${shown(timeoutMs)}`);
}

/** Whatever keeps the contract of an AbortSignal is one: test environments bring their own. */
function checkSignal(signal: AbortSignal): void {
  const isSignal =
    typeof signal === 'object' &&
    signal !== null &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function';
  if (!isSignal) throw new OptionError('signal', 'must be an AbortSignal');
  if (signal.aborted) throw aborted(signal);
}

function unknownOption(name: string, fields: CallFields): OptionError {
  return new OptionError(name, `is not an option of this call; its options are ${[...fields].join(', ')}`);
}

/** A hundred years: longer is a mistake of unit. */
export const MAX_TTL_MS = 3_155_760_000_000;

/** Milliseconds, 0 for none. @throws OptionError for anything but a duration or 'none' */
export function resolveTtl(ttlMs: unknown, defaultMs: number): number {
  if (ttlMs === undefined) return defaultMs;
  if (ttlMs === 'none') return 0;
  if (typeof ttlMs !== 'number' || !(ttlMs > 0) || ttlMs > MAX_TTL_MS)
    throw new OptionError(
      'ttlMs',
      `must be a number of milliseconds above 0, at most ${MAX_TTL_MS}, or 'none', got ${shown(ttlMs)}`,
    );
  return Math.ceil(ttlMs);
}

/** The outcome of `work`, unless the call's signal comes first; then the work goes on unheard. */
export function heard<T>(name: CallName, work: Promise<T>, { signal, lane }: Call): Promise<T> {
  if (CALLS.hasSubscribers) tellCall(name, lane, work);
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    let stop = (): void => undefined;
    // Before the signal is touched: it may be somebody's own, and throw, and the work's outcome must reach someone.
    work.then(resolve, reject).finally(() => stop());
    stop = onAbort(signal, () => reject(aborted(signal)));
  });
}

function aborted(signal: AbortSignal): CacheError {
  return new CacheError('ERR_ABORTED', 'the call was aborted', { cause: signal.reason });
}
