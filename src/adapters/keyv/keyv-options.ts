/** What a `KeyvRingfence` is made of: a cache of its own, or one that lives on without it. */

import { Cache } from '../../cache.js';
import { type CacheParts, partsOf } from '../../cache-parts.js';
import { createCache } from '../../create-cache.js';
import { OptionError } from '../../errors.js';
import type { CacheOptions } from '../../options.js';

export interface KeyvContractOptions {
  /**
   * The version of Keyv whose answers `deleteMany` gives: one boolean in Keyv 5, one a key in Keyv 6.
   * @default that of the Keyv which was given the adapter last
   */
  readonly keyv?: 5 | 6 | undefined;
}

/** Options of `createCache`; the adapter owns the cache and `disconnect` closes it. */
export interface KeyvRingfenceOptions extends Omit<CacheOptions, 'codec'>, KeyvContractOptions {
  /**
   * Put before Keyv's own namespace and key: whatever Keyv is told, the adapter stays inside. It is Keyv's namespace too
   * until Keyv has one of its own. @default 'keyv', and none for Keyv
   */
  readonly namespace?: string | undefined;
}

/** A cache that is used for other things besides, with codec `json` or one of its own; `disconnect` leaves it open. */
export interface KeyvCacheOptions extends KeyvContractOptions {
  readonly cache: Cache;
}

export interface KeyvBacking {
  readonly cache: Cache;
  readonly parts: CacheParts;
  readonly isOwn: boolean;
  /** The namespace that the adapter was given, which is that of its own cache. */
  readonly namespace: string | undefined;
  readonly keyv: 5 | 6 | undefined;
}

const DEFAULT_NAMESPACE = 'keyv';
/** Keyv's other stores have no bound, and programs set what they have in one turn. */
const MOST_WAITING = 262_144;

/** @throws OptionError for an option that is unknown or out of range, before anything opens */
export function backingOf(given: Cache | KeyvCacheOptions | KeyvRingfenceOptions): KeyvBacking {
  if (given instanceof Cache) return ofCache(given, undefined);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new OptionError('options', 'must be options of a cache, or { cache }');
  const { keyv, ...options } = given;
  if (keyv !== undefined && keyv !== 5 && keyv !== 6)
    throw new OptionError('keyv', `must be 5 or 6, got ${String(keyv)}`);
  if ('cache' in options) {
    const { cache, ...others } = options;
    const [other] = Object.keys(others);
    if (other !== undefined) throw new OptionError(other, 'is an option of the cache, which has been made already');
    return ofCache(cache, keyv);
  }
  if (Reflect.get(options, 'codec') !== undefined)
    throw new OptionError('codec', 'must be left out: Keyv serialises, and what it stores is text');
  const { namespace, bulkhead = {} } = options;
  const isRoomy = typeof bulkhead === 'object' && bulkhead !== null;
  const cache = createCache({
    ...options,
    namespace: namespace ?? DEFAULT_NAMESPACE,
    bulkhead: isRoomy ? { maxQueued: MOST_WAITING, ...bulkhead } : bulkhead,
  });
  const parts = partsOfCache(cache);
  // Stores that Keyv's users come from have no deadline: a burst is answered as long as its nodes answer.
  const bePatient = (): void => {
    for (const { patience } of parts.topology.nodes) patience.flowMs = parts.read.attemptMs;
  };
  bePatient();
  cache.on('topologyChanged', bePatient);
  return { cache, parts, isOwn: true, namespace, keyv };
}

function ofCache(cache: Cache, keyv: 5 | 6 | undefined): KeyvBacking {
  return { cache, parts: partsOfCache(cache), isOwn: false, namespace: undefined, keyv };
}

function partsOfCache(cache: Cache): CacheParts {
  const parts = typeof cache === 'object' && cache !== null ? partsOf.get(cache) : undefined;
  if (parts === undefined) throw new OptionError('cache', 'must be a cache made by createCache of this package');
  return parts;
}
