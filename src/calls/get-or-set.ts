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
import { OptionError, TimeoutError } from '../errors.js';
import { type Call, resolveTtl, type SetOptions } from './call-options.js';
import { entryOf } from './entry.js';
import { readValue, writeValue } from './single.js';

export interface LoaderContext {
  readonly key: string;
  /** Aborted when the loader's time is up. */
  readonly signal: AbortSignal;
}

/** Makes the value of a missing key; `undefined` is handed to the caller and not stored. */
export type Loader<T> = (context: LoaderContext) => T | Promise<T>;

export interface GetOrSetOptions extends SetOptions {
  /** Past its time by up to this, a value is still served, while one loader renews it. @default 0 */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** Past its time by up to this, a value is served if the loader fails. @default 0 */
  readonly staleIfErrorMs?: number | undefined;
  /** How long the loader may take. @default 10_000 */
  readonly loaderTimeoutMs?: number | undefined;
  /** Spreads expiries: each time to live is shortened by up to this share. @default 0 */
  readonly ttlJitter?: number | undefined;
}

interface Plan<T> {
  readonly parts: CacheParts;
  readonly key: string;
  readonly wire: string;
  readonly hash: number;
  readonly call: Call;
  readonly loader: Loader<T>;
  readonly loaderTimeoutMs: number;
  readonly ttlMs: number;
  /** How much longer than `ttlMs` the entry is kept. */
  readonly graceMs: number;
  readonly revalidateMs: number;
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
  const hash = parts.read.ledgerHash(wire, parts.topology.placement.hash(wire));
  const plan: Plan<T> = { parts, key, wire, hash, call, loader, loaderTimeoutMs, ttlMs, graceMs, revalidateMs };
  const { generations } = parts.read;
  for (let reads = 1; ; reads++) {
    const generation = generations.snapshot(hash);
    const value = graceMs > 0 ? await readPerhapsStale(plan) : await readValue(parts, wire, call);
    if (value !== undefined) return value as T;
    if (reads === READS || generations.isCurrent(hash, generation)) return load(plan);
  }
}

async function readPerhapsStale<T>(plan: Plan<T>): Promise<T | undefined> {
  const { parts, key, wire, call, graceMs, revalidateMs } = plan;
  const entry = await entryOf<T>(parts, key, wire, call);
  if (entry === undefined) return undefined;
  const pastMs = typeof entry.ttlMs === 'number' ? graceMs - entry.ttlMs : 0;
  if (pastMs <= 0) return entry.value;
  const renewal = load(plan);
  if (pastMs > revalidateMs) return renewal.catch(() => entry.value);
  renewal.catch(() => undefined);
  return entry.value;
}

/** Joins the loader that runs for the key, or runs this one. */
function load<T>(plan: Plan<T>): Promise<T> {
  const { parts, wire, hash } = plan;
  const flight = parts.flights.join(wire, hash, async (generation) => {
    const value = await timed(plan);
    if (value !== undefined && parts.read.generations.isCurrent(hash, generation)) store(plan, value);
    return value;
  });
  return flight as Promise<T>;
}

async function timed<T>({ parts, key, loader, loaderTimeoutMs }: Plan<T>): Promise<T> {
  const abort = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const timer = parts.read.clock.setTimer(
      () => {
        const error = new TimeoutError(`the loader took longer than ${loaderTimeoutMs} ms`, loaderTimeoutMs, false, {
          key,
        });
        abort.abort(error);
        reject(error);
      },
      loaderTimeoutMs,
      true,
    );
    Promise.resolve()
      .then(() => loader({ key, signal: abort.signal }))
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}

/** Does not wait: any later read of the key here is ordered behind the write. @throws CacheError for a value that cannot be stored */
function store<T>({ parts, wire, call, ttlMs, graceMs }: Plan<T>, value: T): void {
  const written = writeValue(parts, wire, call, value, ttlMs === 0 ? 0 : ttlMs + graceMs);
  written.catch(() => undefined);
}

function jittered(ttlMs: number, share: number, random: () => number): number {
  if (typeof share !== 'number' || !(share >= 0 && share < 1))
    throw new OptionError('ttlJitter', `must be a number from 0 to below 1, got ${String(share)}`);
  return ttlMs === 0 || share === 0 ? ttlMs : Math.max(1, Math.ceil(ttlMs * (1 - share * random())));
}

function duration(value: number, path: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !(value >= min && value <= max))
    throw new OptionError(path, `must be a number of milliseconds from ${min} to ${max}, got ${String(value)}`);
  return value;
}
