/**
 * A loader run for all who wait for a key: one at a time in this process, and, where the first owner grants leases, one at
 * a time among all processes.
 *
 * Whoever gets the lease loads; the others look again until the value is there or the lease has run out. The value lands
 * only if the lease still stands, so a delete or a write from anywhere that comes while the loader runs wins over it. A
 * loader that takes longer than a lease lasts stores as `set` does: then only writes of this process win.
 */

import type { CacheParts } from '../cache-parts.js';
import { type Lease, MAX_LEASE_MS } from '../driver/driver.js';
import { TimeoutError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import { takesCopies } from '../replication/claims.js';
import { promised } from '../replication/promised-attempt.js';
import type { Call } from './call-options.js';
import { storeLeased } from './conditional.js';
import { readValue, writeValue } from './single.js';

export interface LoaderContext {
  readonly key: string;
  /** Aborted when the loader's time is up. */
  readonly signal: AbortSignal;
}

/** Makes the value of a missing key; `undefined` is handed to the caller and not stored. */
export type Loader<T> = (context: LoaderContext) => T | Promise<T>;

export interface LoadPlan<T> {
  readonly parts: CacheParts;
  readonly key: string;
  readonly wire: string;
  readonly hash: number;
  readonly call: Call;
  readonly loader: Loader<T>;
  readonly loaderTimeoutMs: number;
  /** How long what is loaded is kept, grace included; 0 for ever. */
  readonly lifeMs: number;
  /** How long `undefined` is remembered; 0 not at all. */
  readonly negativeTtlMs: number;
  readonly isLeased: boolean;
}

/** A lease, and when it was asked for. */
type Granted = { readonly node: CacheNode; readonly token: string; readonly since: number };
/** Leave to load; or the value, which somebody else has loaded meanwhile. */
type Leave = Granted | { readonly value: unknown };

/** How long to wait before looking again whether another process has loaded the value, give or take a half. */
const LOOK_AGAIN_MS = 20;
/** Tries to end a lease between the writes of others that share the key's generation. */
const END_TRIES = 3;

/**
 * Joins the loader that runs for the key, or runs this one. `rest` is the call with what its reads have left of its time, in
 * which the lease is asked for; there is no lease in a `renewal`, where the entry is there, and to be replaced.
 */
export function load<T>(plan: LoadPlan<T>, rest: Call | 'renewal'): Promise<T> {
  const { parts, wire, hash } = plan;
  const flight = parts.flights.join(wire, hash, async (generation) => {
    const leave = plan.isLeased && rest !== 'renewal' ? await askLeave(plan, rest) : undefined;
    if (leave !== undefined && 'value' in leave) return leave.value;
    let isStored = false;
    try {
      const value = await timed(plan);
      if (!parts.read.generations.isCurrent(hash, generation)) return value;
      if (value === undefined) parts.negatives.fill(wire, hash, generation, true, 1, plan.negativeTtlMs);
      else isStored = store(plan, value, leave);
      return value;
    } finally {
      if (leave !== undefined && !isStored) void end(plan, leave);
    }
  });
  return flight as Promise<T>;
}

/** Waiting for another process's loader is waiting for a loader, however often that is looked for: no time of the call's. */
async function askLeave<T>({ parts, wire, hash }: LoadPlan<T>, call: Call): Promise<Leave | undefined> {
  const { clock, ledger, values } = parts.read;
  const { topology } = parts;
  const place = topology.placement.hash(wire);
  const node = topology.primary(place, wire);
  if (!node.isServing || !takesCopies(node, values.isEnveloped)) return undefined;
  // A distrusted leftover must be deleted first, which would end the lease.
  if (!ledger.isQuiet && ledger.isDistrusted(node.slot, hash, wire, place) !== 'no') return undefined;
  if (call.totalMs <= 0) return undefined;
  const target = { key: wire, hash, timeoutMs: Math.min(node.attemptMs[call.lane], call.totalMs) };
  const giveUpAt = clock.now() + MAX_LEASE_MS;
  for (;;) {
    const since = clock.now();
    const lease = await promised<Lease>(target, (origin) => node.lease(origin, call.lane, MAX_LEASE_MS));
    if (lease.failure !== undefined) return undefined;
    const { result } = lease;
    if (typeof result === 'object') return { node, token: result.token, since };
    if (result === 'present') {
      const value = await readValue(parts, wire, call).catch(() => undefined);
      return value === undefined ? undefined : { value };
    }
    if (clock.now() >= giveUpAt) return undefined;
    const pauseMs = LOOK_AGAIN_MS * (0.5 + parts.random());
    await new Promise<void>((resolve) => clock.setTimer(resolve, pauseMs, true));
  }
}

/**
 * Ends the lease, so that nobody waits for a value that will not come; but not what has been written since, which ended the
 * lease already. It stands where another is refused, and then there is no entry that could go with it.
 */
async function end<T>({ wire, hash, call, parts }: LoadPlan<T>, leave: Granted): Promise<void> {
  const { generations, attemptMs } = parts.read;
  const target = { key: wire, hash, timeoutMs: attemptMs };
  for (let i = 0; i < END_TRIES && stands(parts, leave); i++) {
    const generation = generations.snapshot(hash);
    const other = await promised<Lease>(target, (origin) => leave.node.lease(origin, call.lane, 1));
    if (other.failure !== undefined || other.result !== 'held') return;
    // A write issued since, which may be one of another key that shares the generation, must not be deleted.
    if (!generations.isCurrent(hash, generation)) continue;
    await promised<boolean>(target, (origin) => leave.node.delete(origin, call.lane));
    return;
  }
}

function stands(parts: CacheParts, { since }: Granted): boolean {
  return parts.read.clock.now() - since < MAX_LEASE_MS;
}

async function timed<T>({ parts, key, loader, loaderTimeoutMs }: LoadPlan<T>): Promise<T> {
  const abort = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      const message = `the loader took longer than ${loaderTimeoutMs} ms`;
      const error = new TimeoutError(message, loaderTimeoutMs, false, { key });
      abort.abort(error);
      reject(error);
    };
    const timer = parts.read.clock.setTimer(giveUp, loaderTimeoutMs, true);
    Promise.resolve()
      .then(() => loader({ key, signal: abort.signal }))
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}

/**
 * Does not wait: every later read of the key here is ordered behind the write. Nothing is stored if the key has moved from the
 * node that granted the lease, whose token says nothing to another; answers whether something was.
 *
 * @throws CacheError for a value that cannot be stored
 */
function store<T>(plan: LoadPlan<T>, value: T, leave: Granted | undefined): boolean {
  const { parts, wire, call, lifeMs } = plan;
  const { topology } = parts;
  const isHeld = leave !== undefined && stands(parts, leave);
  if (isHeld && topology.primary(topology.placement.hash(wire), wire) !== leave.node) return false;
  const written = isHeld
    ? storeLeased(parts, wire, value, lifeMs, leave.token, call)
    : writeValue(parts, wire, call, value, lifeMs);
  written.catch(() => undefined);
  return true;
}
