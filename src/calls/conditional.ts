/** The public calls whose outcome depends on what is stored, checked and handed to `ConditionalWrite`. */

import { secondHash } from '../base/string-hash.js';
import type { CacheParts } from '../cache-parts.js';
import { bytesOf } from '../codec/encoded.js';
import { CacheError, OptionError } from '../errors.js';
import { ConditionalWrite } from '../replication/conditional-write.js';
import { type Call, type CountOptions, resolveTtl, type SetOptions } from './call-options.js';
import { parseVersion } from './version.js';

interface Prepared {
  readonly write: ConditionalWrite;
  readonly ttlMs: number;
  /** @throws CacheError for a value that cannot be stored */
  encode(value: unknown): Buffer;
}

export async function storeIf(
  parts: CacheParts,
  mode: 'add' | 'replace',
  key: string,
  value: unknown,
  options: SetOptions,
  call: Call,
): Promise<boolean> {
  const { write, ttlMs, encode } = prepare(parts, key, options, call);
  return write.store(mode, encode(value), ttlMs);
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
  const { write, encode } = prepareWire(parts, wire, ttlMs, call);
  const bytes = encode(value);
  return write.store('leased', bytes, ttlMs, token);
}

export async function compareAndSet(
  parts: CacheParts,
  key: string,
  value: unknown,
  version: string,
  options: SetOptions,
  call: Call,
): Promise<boolean> {
  const { write, ttlMs, encode } = prepare(parts, key, options, call);
  const bytes = encode(value);
  const token = parseVersion(version, write.primary, parts.write.disabledRules.has('R10'));
  return token === undefined ? false : write.store('compare', bytes, ttlMs, token);
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
  if (!Number.isSafeInteger(by)) throw new OptionError('by', `must be a safe integer, got ${String(by)}`);
  const delta = direction * by;
  const { initial = Math.max(0, delta) } = options;
  if (!Number.isSafeInteger(initial) || initial < 0)
    throw new OptionError('initial', `must be an integer from 0 to 2^53 - 1, got ${String(initial)}`);
  const { write, ttlMs } = prepare(parts, key, options, call);
  const value = await write.count(delta, initial, ttlMs);
  if (value === undefined)
    throw new CacheError('ERR_INDETERMINATE', 'the counter vanished while it was counted', { key });
  return value;
}

function prepare(parts: CacheParts, key: string, options: SetOptions, call: Call): Prepared {
  return prepareWire(parts, parts.keys.toWireKey(key), resolveTtl(options.ttlMs, parts.defaultTtlMs), call);
}

function prepareWire(parts: CacheParts, wire: string, ttlMs: number, call: Call): Prepared {
  const stamp = parts.stamps.next();
  const expiresAt = ttlMs === 0 ? 0 : parts.read.calendar.now() + ttlMs;
  return {
    write: new ConditionalWrite(
      parts.write,
      { topology: parts.topology, key: wire, totalMs: call.totalMs, lane: call.lane },
      stamp,
    ),
    ttlMs,
    encode: (value) => bytesOf(parts.values.encode(wire, secondHash(wire), value, stamp, expiresAt)),
  };
}
