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
import { KeyRead } from '../replication/key-read.js';
import { type Call, resolveTtl } from './call-options.js';
import { entryOf } from './entry.js';
import { type Loader, type LoadPlan, load } from './load.js';
import { type GetOrSetOptions, type LoadTerms, resolveLoad } from './load-options.js';
import { nearValue, readValue } from './single.js';

interface Plan<T> extends LoadPlan<T>, Pick<LoadTerms, 'revalidateMs' | 'softLoaderTimeoutMs' | 'earlyRefresh'> {
  readonly ttlMs: number;
  /** How much longer than `ttlMs` the entry is kept. */
  readonly graceMs: number;
}

/** Writes that a caller waits out before it loads all the same, so that a key under constant change keeps nobody for ever. */
const READS = 3;

/** Without options, which most calls have none of. */
export const NO_OPTIONS: GetOrSetOptions = {};
const NO_TERMS = resolveLoad(NO_OPTIONS);

/** @throws CacheError, before anything is asked, for an illegal key or option */
export function getOrSet<T>(
  parts: CacheParts,
  key: string,
  loader: Loader<T>,
  options: GetOrSetOptions,
  call: Call,
): Promise<T> {
  const wire = parts.keys.toWireKey(key);
  if (typeof loader !== 'function') throw new OptionError('loader', 'must be a function');
  const terms = options === NO_OPTIONS ? NO_TERMS : resolveLoad(options);
  // Now: the options are the caller's, who may give them other values for his next call before this one has missed.
  const ttlMs = resolveTtl(options.ttlMs, parts.defaultTtlMs);
  const near = terms.isPlain ? nearValue(parts, wire) : undefined;
  if (near !== undefined) return Promise.resolve(near as T);
  const endsAt = parts.read.clock.now() + call.totalMs;
  const hash = parts.read.ledgerHash(wire, parts.topology.placement.hash(wire));
  const plan = (): Plan<T> => planOf({ parts, key, wire, hash, call, loader }, terms, ttlMs);
  if (!terms.isPlain) return look(plan(), call, endsAt, 1);
  // What is there costs what a get does: one promise, and no plan of what to do about a miss.
  const generation = parts.read.generations.snapshot(hash);
  return new Promise((resolve) => {
    const settled = (value: unknown): void =>
      resolve(value === undefined ? lookAgain(plan(), generation, endsAt, 1) : (value as T));
    new KeyRead(parts.read, parts.topology, wire, call, false, settled);
  });
}

function planOf<T>(
  target: Pick<Plan<T>, 'parts' | 'key' | 'wire' | 'hash' | 'call' | 'loader'>,
  terms: LoadTerms,
  fullTtlMs: number,
): Plan<T> {
  const { parts } = target;
  const ttlMs = jittered(fullTtlMs, terms.ttlJitter, parts.random);
  // An entry that never expires is never past its time.
  const graceMs = ttlMs === 0 ? 0 : Math.ceil(Math.max(terms.revalidateMs, terms.staleIfErrorMs));
  return {
    ...target,
    ...terms,
    ttlMs,
    graceMs,
    lifeMs: ttlMs === 0 ? 0 : ttlMs + graceMs,
    isLeased: terms.isLeased && !parts.write.disabledRules.has('R9'),
  };
}

/** The value if it is there; else `lookAgain`. `reads`: the how manieth look it is. */
async function look<T>(plan: Plan<T>, rest: Call, endsAt: number, reads: number): Promise<T> {
  const { parts, wire, hash, graceMs, ttlMs, earlyRefresh, negativeTtlMs } = plan;
  if (negativeTtlMs > 0 && parts.negatives.get(wire) !== undefined) return undefined as T;
  const generation = parts.read.generations.snapshot(hash);
  const needsAge = graceMs > 0 || (earlyRefresh > 0 && ttlMs > 0);
  const value = needsAge ? await readPerhapsStale(plan, rest) : await readValue(parts, wire, rest);
  return value === undefined ? lookAgain(plan, generation, endsAt, reads) : (value as T);
}

/** Loads the value, unless the miss is older than a write that may have brought one. */
function lookAgain<T>(plan: Plan<T>, generation: number, endsAt: number, reads: number): Promise<T> {
  const { parts, call, hash } = plan;
  const { generations, clock } = parts.read;
  const rest = { ...call, totalMs: Math.max(0, endsAt - clock.now()) };
  if (reads === READS || rest.totalMs === 0 || generations.isCurrent(hash, generation)) return load(plan, rest);
  return look(plan, rest, endsAt, reads + 1);
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

function jittered(ttlMs: number, most: number, random: () => number): number {
  return ttlMs === 0 || most === 0 ? ttlMs : Math.max(1, Math.ceil(ttlMs * (1 - most * random())));
}
