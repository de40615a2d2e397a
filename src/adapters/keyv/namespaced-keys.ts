/**
 * From Keyv's namespace and key to the key in the cache, and back.
 *
 * `namespace:key`, the namespace with `%`, `:` and a leading `~` escaped as in URLs; none is the empty one. It holds no colon
 * then, so no namespace's keys begin as those of another, and `clear` of one finds all of its own and nothing else.
 *
 * The cache tells the keys of a namespace only where they travel as they are, up to 186 bytes with the cache's own namespace.
 * So a key that would be longer is replaced by `~` and its digest here, and the entry holds the key; so is one that begins
 * with `~` or ends as the cache's own keys do. A namespace too long is replaced in the same way.
 */

import { createHash } from 'node:crypto';
import { isLeaseKey } from '../../base/lease-key.js';
import { CacheError } from '../../errors.js';

const DIGESTED = '~';
/** What is left of 186 bytes beside the cache's own namespace and its colon. */
const MAX_BYTES = 121;
/** A digested key takes 44 bytes, the colon one. */
const MAX_NAMESPACE_BYTES = 64;

export class NamespacedKeys {
  /** What every key of this namespace begins with, in the cache. */
  readonly prefix: string;

  constructor(namespace = '') {
    const escaped = namespace.replace(/[%:]/g, encodeURIComponent).replace(/^~/, '%7E');
    this.prefix = `${Buffer.byteLength(escaped) > MAX_NAMESPACE_BYTES ? digestOf(escaped) : escaped}:`;
  }

  /** @throws CacheError `ERR_INVALID_KEY` for a key with lone surrogates */
  toCacheKey(key: string): string {
    const plain = `${this.prefix}${key}`;
    if (!key.startsWith(DIGESTED) && !isLeaseKey(key) && Buffer.byteLength(plain) <= MAX_BYTES) return plain;
    if (!key.isWellFormed())
      throw new CacheError('ERR_INVALID_KEY', 'a key is a well-formed string, and this one has lone surrogates');
    return `${this.prefix}${digestOf(key)}`;
  }

  isDigest(cacheKey: string): boolean {
    return cacheKey.startsWith(DIGESTED, this.prefix.length);
  }

  /** Keyv's key again, unless it is a digest. */
  fromCacheKey(cacheKey: string): string {
    return cacheKey.slice(this.prefix.length);
  }
}

function digestOf(text: string): string {
  return `${DIGESTED}${createHash('sha256').update(text, 'utf8').digest('base64url')}`;
}
