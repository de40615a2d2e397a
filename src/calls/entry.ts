/** `getEntry`: a value with all that is known of it. */

import type { CacheParts } from '../cache-parts.js';
import { CacheError } from '../errors.js';
import { readEntry } from '../replication/entry-read.js';
import type { Call } from './call-options.js';
import { versionOf } from './version.js';

export interface CacheEntry<T> {
  readonly value: T;
  readonly source: 'node' | 'replica' | 'handoff' | 'near' | 'fallback' | 'loader';
  /** The node that answered, if one did. */
  readonly node: string | undefined;
  /** Possibly out of date: no owner could be asked. */
  readonly stale: boolean;
  /** Remaining time to live; `'none'` without expiry, `undefined` where it is not known. */
  readonly ttlMs: number | 'none' | undefined;
  /** Opaque; for `compareAndSet`. `undefined` where the source has none. */
  readonly version: string | undefined;
  /** How long ago the value was read from or confirmed by a node. */
  readonly ageMs: number;
}

/** @throws CacheError `ERR_UNAVAILABLE` if no owner answers and the cache does not degrade */
export async function getEntry<T>(parts: CacheParts, key: string, call: Call): Promise<CacheEntry<T> | undefined> {
  return entryOf<T>(parts, key, parts.keys.toWireKey(key), call);
}

/** The entry of a key whose wire key is known. */
export async function entryOf<T>(
  parts: CacheParts,
  key: string,
  wire: string,
  call: Call,
): Promise<CacheEntry<T> | undefined> {
  const { entry, error } = await readEntry(parts.read, { topology: parts.topology, key: wire, ...call });
  if (entry !== undefined) {
    const { value, node, source, ttlMs, token } = entry;
    return {
      value: value as T,
      source,
      node: node.name,
      stale: false,
      ttlMs: ttlMs === 0 ? 'none' : ttlMs,
      version: token === undefined ? undefined : versionOf(node, token),
      ageMs: 0,
    };
  }
  if (error === undefined) return undefined;
  const remembered = parts.read.fallbackValue(wire, error);
  if (remembered !== undefined) {
    const { value, ageMs } = remembered;
    const unknown = { node: undefined, ttlMs: undefined, version: undefined };
    return { value: value as T, source: 'fallback', stale: true, ageMs, ...unknown };
  }
  if (parts.read.degrades && !parts.read.isOver()) return undefined;
  throw new CacheError('ERR_UNAVAILABLE', `no owner of the key answered: ${error.message}`, {
    node: error.node,
    key,
    cause: error,
  });
}
