/**
 * `getOrSet`: the value, or what the loader makes of it, stored for the next caller.
 *
 * One loader per key at a time in this process. A caller whose miss is older than a write that has been issued meanwhile
 * (the loader of another caller has just stored its value) reads again instead of loading again. What a loader brings is
 * not stored if the key was written or deleted while it ran, nor if it failed or brought `undefined`.
 *
 * With `staleWhileRevalidateMs` or `staleIfErrorMs` the entry is kept that much longer than `ttlMs`, and is past its time
 * once less than that is left of its life.
 */

import type { CacheParts } from '../cache-parts.js';
import { OptionError } from '../errors.js';
import { type Call, resolveTtl, type SetOptions } from './call-options.js';
import { entryOf } from './entry.js';
import { type Loader, type LoadPlan, load } from './load.js';
import { readValue } from './single.js';

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

interface Plan<T> extends LoadPlan<T> {
  readonly ttlMs: number;
  /** How much longer than `ttlMs` the entry is kept. */
  readonly graceMs: number;
  readonly revalidateMs: number;
  readonly softLoaderTimeoutMs: number;
  readonly earlyRefresh: number;
}

const MAX_LOADER_MS = 2 ** 31 - 1;
/** Writes that a caller waits out before it loads all the same, so that a key under constant change keeps nobody for ever. */
const READS = 3;

export async function getOrSet<T>(
  parts: CacheParts,
  key: string,
  loader: Loader<T>,
  options: GetOrSetOptions,
  call: Call,
): Promise<T> {
  const wire = parts.keys.toWireKey(key);
  if (typeof loader !== 'function') throw new OptionError('loader', 'must be a function');
  const revalidateMs = duration(options.staleWhileRevalidateMs ?? 0, 'staleWhileRevalidateMs', 0);
  const staleIfErrorMs = duration(options.staleIfErrorMs ?? 0, 'staleIfErrorMs', 0);
  const loaderTimeoutMs = duration(options.loaderTimeoutMs ?? 10_000, 'loaderTimeoutMs', 1, MAX_LOADER_MS);
  const ttlMs = jittered(resolveTtl(options.ttlMs, parts.defaultTtlMs), options.ttlJitter ?? 0, parts.random);
  // An entry that never expires is never past its time.
  const graceMs = ttlMs === 0 ? 0 : Math.ceil(Math.max(revalidateMs, staleIfErrorMs));
  const negativeTtlMs = duration(options.negativeTtlMs ?? 0, 'negativeTtlMs', 0);
  const softLoaderTimeoutMs = duration(options.softLoaderTimeoutMs ?? MAX_LOADER_MS, 'softLoaderTimeoutMs', 1);
  const earlyRefresh = share(options.earlyRefresh ?? 0, 'earlyRefresh');
  if (options.lease !== undefined && typeof options.lease !== 'boolean')
    throw new OptionError('lease', `must be true or false, got ${String(options.lease)}`);
  const hash = parts.read.ledgerHash(wire, parts.topology.placement.hash(wire));
  const plan: Plan<T> = {
    ...{ parts, key, wire, hash, call, loader, loaderTimeoutMs, negativeTtlMs, ttlMs, graceMs },
    ...{ revalidateMs, softLoaderTimeoutMs, earlyRefresh },
    lifeMs: ttlMs === 0 ? 0 : ttlMs + graceMs,
    isLeased: options.lease !== false && !parts.write.disabledRules.has('R9'),
  };
  const needsAge = graceMs > 0 || (earlyRefresh > 0 && ttlMs > 0);
  const { generations, clock } = parts.read;
  const endsAt = clock.now() + call.totalMs;
  let rest = call;
  for (let reads = 1; ; reads++) {
    if (negativeTtlMs > 0 && parts.negatives.get(wire) !== undefined) return undefined as T;
    const generation = generations.snapshot(hash);
    const value = needsAge ? await readPerhapsStale(plan, rest) : await readValue(parts, wire, rest);
    if (value !== undefined) return value as T;
    rest = { ...call, totalMs: Math.max(0, endsAt - clock.now()) };
    if (reads === READS || rest.totalMs === 0 || generations.isCurrent(hash, generation)) return load(plan, rest);
  }
}

async function readPerhapsStale<T>(plan: Plan<T>, call: Call): Promise<T | undefined> {
  const { parts, key, wire, graceMs, revalidateMs } = plan;
  const entry = await entryOf<T>(parts, key, wire, call);
  if (entry === undefined) return undefined;
  if (typeof entry.ttlMs !== 'number') return entry.value;
  const leftMs = entry.ttlMs - graceMs;
  if (leftMs > 0) {
    if (isDueEarly(plan, leftMs)) load(plan, 'renewal').catch(() => undefined);
    return entry.value;
  }
  const renewal = load(plan, 'renewal');
  if (-leftMs > revalidateMs) return orStale(renewal, entry.value, plan);
  renewal.catch(() => undefined);
  return entry.value;
}

/**
 * Whether this caller is the one to renew the entry before its time: ever likelier as its end comes near, certain at it.
 *
 * Source: A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015, with a
 * share of the life in place of the time that a load takes.
 */
function isDueEarly<T>({ earlyRefresh, ttlMs, parts }: Plan<T>, leftMs: number): boolean {
  return earlyRefresh > 0 && leftMs <= -earlyRefresh * ttlMs * Math.log(1 - parts.random());
}

/** The renewed value; the stale one if that fails, or takes longer than callers shall wait. */
function orStale<T>(renewal: Promise<T>, stale: T, { parts, softLoaderTimeoutMs }: Plan<T>): Promise<T> {
  return new Promise((resolve) => {
    const timer = parts.read.clock.setTimer(() => resolve(stale), softLoaderTimeoutMs, true);
    renewal.then(resolve, () => resolve(stale)).finally(() => timer.cancel());
  });
}

function jittered(ttlMs: number, spread: number, random: () => number): number {
  const most = share(spread, 'ttlJitter');
  return ttlMs === 0 || most === 0 ? ttlMs : Math.max(1, Math.ceil(ttlMs * (1 - most * random())));
}

function share(value: number, path: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < 1))
    throw new OptionError(path, `must be a number from 0 to below 1, got ${String(value)}`);
  return value;
}

function duration(value: number, path: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !(value >= min && value <= max))
    throw new OptionError(path, `must be a number of milliseconds from ${min} to ${max}, got ${String(value)}`);
  return value;
}
