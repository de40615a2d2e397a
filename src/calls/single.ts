/** One value read, written or deleted: what several public calls have in common. Nothing here throws but for a bad value. */

import { secondHash } from '../base/string-hash.js';
import type { CacheParts } from '../cache-parts.js';
import type { Encoded } from '../codec/encoded.js';
import { CORRUPT } from '../codec/transcoder.js';
import type { CacheError } from '../errors.js';
import { KeyRead } from '../replication/key-read.js';
import { KeyWrite } from '../replication/key-write.js';
import { setOnSoleOwner } from '../replication/sole-write.js';
import type { Call } from './call-options.js';

/** What the near cache has; `undefined` if nothing, or what a caller's codec cannot decode any more. */
export function nearValue({ near, values }: CacheParts, wire: string): unknown {
  const kept = near?.get(wire);
  if (kept === undefined) return undefined;
  const value = values.restore(wire, kept);
  return value === CORRUPT ? undefined : value;
}

/** From the near cache, else from the owners. */
export function readValue(parts: CacheParts, wire: string, call: Call): Promise<unknown> {
  const near = nearValue(parts, wire);
  if (near !== undefined) return Promise.resolve(near);
  return new Promise((resolve) => {
    new KeyRead(parts.read, parts.topology, wire, call, false, resolve);
  });
}

/** @throws CacheError, before anything is issued, for a value that cannot be stored */
export function writeValue(
  parts: CacheParts,
  wire: string,
  call: Call,
  value: unknown,
  ttlMs: number,
): Promise<boolean> {
  const now = parts.read.calendar.now();
  const stamp = parts.stamps.next(now);
  const expiresAt = ttlMs === 0 ? 0 : now + ttlMs;
  const { values } = parts;
  const encoded = values.encode(wire, values.isEnveloped ? secondHash(wire) : 0, value, stamp, expiresAt);
  return write(parts, wire, call, stamp, encoded, ttlMs);
}

export function deleteValue(parts: CacheParts, wire: string, call: Call): Promise<boolean> {
  return write(parts, wire, call, parts.stamps.next(), undefined, 0);
}

function write(
  parts: CacheParts,
  wire: string,
  call: Call,
  stamp: number,
  value: Encoded | undefined,
  ttlMs: number,
): Promise<boolean> {
  const { topology } = parts;
  return new Promise((resolve) => {
    if (value !== undefined && setOnSoleOwner(parts.write, topology, wire, call, stamp, value, ttlMs, resolve)) return;
    // A promise that rejects rejects this one: its own function for that would be held by every write in flight.
    const reject = (error: CacheError): void => resolve(Promise.reject(error));
    new KeyWrite(parts.write, topology, wire, call, false, stamp, value, ttlMs, resolve, reject);
  });
}
