/** What `getOrSet` may be given, checked and completed. */

import { shown } from '../base/shown.js';
import { OptionError } from '../errors.js';
import type { SetOptions } from './call-options.js';

export interface GetOrSetOptions extends SetOptions {
  /** Past its time by up to this, a value is still served, while one loader renews it. @default 0 */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** Past its time by up to this, a value is served if the loader fails. @default 0 */
  readonly staleIfErrorMs?: number | undefined;
  /** How long the loader may take. @default 10_000 */
  readonly loaderTimeoutMs?: number | undefined;
  /**
   * How long a caller waits for a loader while there is a value that `staleIfErrorMs` allows to be served: then it gets
   * that one, and the loader goes on. @default as long as it takes
   */
  readonly softLoaderTimeoutMs?: number | undefined;
  /**
   * Renews the value before its time, behind the scenes, so that nobody waits for it: a share of the time to live, from 0
   * to below 1. With that much left a third of the callers would renew it, with three times as much one in twenty. @default 0
   */
  readonly earlyRefresh?: number | undefined;
  /** How long it is remembered here that the loader had no value (`undefined`). @default 0 */
  readonly negativeTtlMs?: number | undefined;
  /**
   * Keeps all other processes waiting while one loads a missing value, for up to 2 s, and lets a delete from any process
   * win over what a loader brings. Costs a request a miss. @default true, where the first owner grants leases
   */
  readonly lease?: boolean | undefined;
  /** Spreads expiries: each time to live is shortened by up to this share. @default 0 */
  readonly ttlJitter?: number | undefined;
}

/** The options of one `getOrSet`, complete but for the time to live. */
export interface LoadTerms {
  readonly revalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly loaderTimeoutMs: number;
  readonly softLoaderTimeoutMs: number;
  readonly earlyRefresh: number;
  readonly negativeTtlMs: number;
  readonly isLeased: boolean;
  readonly ttlJitter: number;
  /** Whether a value that is there is the answer, whatever its age. */
  readonly isPlain: boolean;
}

const MAX_LOADER_MS = 2 ** 31 - 1;

/** @throws OptionError */
export function resolveLoad(options: GetOrSetOptions): LoadTerms {
  const { lease = true } = options;
  if (typeof lease !== 'boolean') throw new OptionError('lease', `must be true or false, got ${shown(lease)}`);
  const revalidateMs = duration(options.staleWhileRevalidateMs ?? 0, 'staleWhileRevalidateMs', 0);
  const staleIfErrorMs = duration(options.staleIfErrorMs ?? 0, 'staleIfErrorMs', 0);
  const negativeTtlMs = duration(options.negativeTtlMs ?? 0, 'negativeTtlMs', 0);
  const earlyRefresh = share(options.earlyRefresh ?? 0, 'earlyRefresh');
  return {
    revalidateMs,
    staleIfErrorMs,
    negativeTtlMs,
    earlyRefresh,
    loaderTimeoutMs: duration(options.loaderTimeoutMs ?? 10_000, 'loaderTimeoutMs', 1, MAX_LOADER_MS),
    softLoaderTimeoutMs: duration(options.softLoaderTimeoutMs ?? MAX_LOADER_MS, 'softLoaderTimeoutMs', 1),
    ttlJitter: share(options.ttlJitter ?? 0, 'ttlJitter'),
    isLeased: lease,
    isPlain: revalidateMs === 0 && staleIfErrorMs === 0 && negativeTtlMs === 0 && earlyRefresh === 0,
  };
}

function share(value: number, path: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < 1))
    throw new OptionError(path, `must be a number from 0 to below 1, got ${shown(value)}`);
  return value;
}

function duration(value: number, path: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !(value >= min && value <= max))
    throw new OptionError(path, `must be a number of milliseconds from ${min} to ${max}, got ${shown(value)}`);
  return value;
}
