/** The public calls whose outcome depends on what is stored, checked and handed to `ConditionalWrite`. */

import { shown } from '../base/shown.js';
import { secondHash } from '../base/string-hash.js';
import type { CacheParts } from '../cache-parts.js';
import type { Topology } from '../cluster/topology.js';
import { bytesOf } from '../codec/encoded.js';
import type { Words } from '../driver/driver.js';
import { CacheError, OptionError } from '../errors.js';
import type { Carried } from '../replication/carry.js';
import { ConditionalWrite } from '../replication/conditional-write.js';
import { type Call, type CountOptions, resolveTtl, type SetOptions } from './call-options.js';
import { parseVersion } from './version.js';

/** One write, not sent yet. */
interface Issued {
  readonly wire: string;
  readonly stamp: number;
  readonly ttlMs: number;
  readonly call: Call;
}

/** Sends the write; `carried` says what is known of its key. */
type Decide<T> = (write: ConditionalWrite, carried: Carried) => Promise<T>;

export async function storeIf(
  parts: CacheParts,
  mode: 'add' | 'replace',
  key: string,
  value: unknown,
  options: SetOptions,
  call: Call,
): Promise<boolean> {
  const issued = issue(parts, key, options, call);
  const bytes = encode(parts, issued, value);
  return decide(parts, issued, async (write, carried) => {
    if (carried === 'stays' && mode === 'add') return false;
    refuseStaying(carried, issued);
    return write.store(mode, bytes, issued.ttlMs);
  });
}

/** Stores what was loaded under a lease, if that still stands. @throws CacheError at once for a value that cannot be stored */
export function storeLeased(
  parts: CacheParts,
  wire: string,
  value: unknown,
  ttlMs: number,
  token: string,
  call: Call,
): Promise<boolean> {
  const issued: Issued = { wire, ttlMs, call, stamp: parts.stamps.next() };
  const bytes = encode(parts, issued, value);
  // Nobody had an entry when the lease was granted, and it is gone if somebody has one now.
  return send(parts, parts.topology, issued, 'unmoved', call.totalMs, (write) =>
    write.store('leased', bytes, ttlMs, token),
  );
}

/** A command of the node's own protocol upon one key, told by its reply whether it `took` effect. One owner decides, and no other follows. */
export function commandIf(
  parts: CacheParts,
  key: string,
  words: Words,
  took: (reply: unknown) => boolean,
  call: Call,
): Promise<boolean> {
  const issued = issue(parts, key, {}, call);
  return decide(parts, issued, async (write, carried) => {
    refuseStaying(carried, issued);
    return write.command(words, took);
  });
}

export async function compareAndSet(
  parts: CacheParts,
  key: string,
  value: unknown,
  version: string,
  options: SetOptions,
  call: Call,
): Promise<boolean> {
  const issued = issue(parts, key, options, call);
  const bytes = encode(parts, issued, value);
  return decide(parts, issued, async (write) => {
    const token = parseVersion(version, write.primary, parts.write.disabledRules.has('R10'));
    return token === undefined ? false : write.store('compare', bytes, issued.ttlMs, token);
  });
}

/** `direction` is 1 to add `by` and -1 to subtract it. */
export async function count(
  parts: CacheParts,
  key: string,
  direction: 1 | -1,
  by: number,
  options: CountOptions,
  call: Call,
): Promise<number> {
  if (!Number.isSafeInteger(by)) throw new OptionError('by', `must be a safe integer, got ${shown(by)}`);
  const delta = direction * by;
  const { initial = Math.max(0, delta) } = options;
  if (!Number.isSafeInteger(initial) || initial < 0)
    throw new OptionError('initial', `must be an integer from 0 to 2^53 - 1, got ${shown(initial)}`);
  const issued = issue(parts, key, options, call);
  const value = await decide(parts, issued, async (write, carried) => {
    refuseStaying(carried, issued);
    return write.count(delta, initial, issued.ttlMs);
  });
  if (value === undefined)
    throw new CacheError('ERR_INDETERMINATE', 'the counter vanished while it was counted', { key });
  return value;
}

function issue(parts: CacheParts, key: string, options: SetOptions, call: Call): Issued {
  const wire = parts.keys.toWireKey(key);
  return { wire, call, ttlMs: resolveTtl(options.ttlMs, parts.defaultTtlMs), stamp: parts.stamps.next() };
}

/** @throws CacheError for a value that cannot be stored */
function encode(parts: CacheParts, { wire, stamp, ttlMs }: Issued, value: unknown): Buffer {
  const expiresAt = ttlMs === 0 ? 0 : parts.read.calendar.now() + ttlMs;
  return bytesOf(parts.values.encode(wire, secondHash(wire), value, stamp, expiresAt));
}

/**
 * Sends the write at once, unless a former first owner may hold its key: then the key is carried over before, in the order
 * in which such calls were made. A set or delete issued meanwhile has gone ahead: the write, which was made before it, must
 * not come behind.
 *
 * @throws CacheError `ERR_UNAVAILABLE` if the key cannot be carried over in time, or was written meanwhile
 */
async function decide<T>(parts: CacheParts, issued: Issued, work: Decide<T>): Promise<T> {
  const { carry, waiting, topology: first } = parts;
  const { wire, call } = issued;
  if (!waiting.has(wire) && !carry.mayHaveMoved(first, wire))
    return send(parts, first, issued, 'unmoved', call.totalMs, work);
  const { clock } = parts.read;
  const deadline = clock.now() + call.totalMs;
  const sent = await waiting.inTurn(wire, deadline, async (place) => {
    for (;;) {
      const { topology } = parts;
      const carried = await carry.bring({ topology, key: wire, lane: call.lane, deadline });
      // The ring may have changed again.
      if (parts.topology !== topology) continue;
      if (place.isOvertaken) throw unavailable(wire, 'a newer write of the key was issued');
      const leftMs = deadline - clock.now();
      // Those behind may follow as soon as it is sent.
      return leftMs < 1 ? undefined : { end: send(parts, topology, issued, carried, leftMs, work) };
    }
  });
  if (sent === undefined) throw unavailable(wire, 'the key could not be carried over to its new owner in time');
  return sent.end;
}

async function send<T>(
  parts: CacheParts,
  topology: Topology,
  { wire, stamp, call }: Issued,
  carried: Carried,
  totalMs: number,
  work: Decide<T>,
): Promise<T> {
  const isVerified = carried === 'verified';
  const write = new ConditionalWrite(parts.write, { topology, key: wire, totalMs, lane: call.lane, isVerified }, stamp);
  if (topology.replication === 1) return work(write, carried);
  const ended = parts.carry.began(wire, topology.epoch);
  try {
    return await work(write, carried);
  } finally {
    ended();
  }
}

function refuseStaying(carried: Carried, { wire }: Issued): void {
  if (carried === 'stays') throw unavailable(wire, 'a former owner holds the key, and its new one takes no copies');
}

function unavailable(key: string, why: string): CacheError {
  return new CacheError('ERR_UNAVAILABLE', why, { key });
}
