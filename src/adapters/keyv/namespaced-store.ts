/**
 * One Keyv namespace in a cache.
 *
 * A read that no owner can answer is a miss. A write that too few owners confirmed is told to `report`, unless the cache throws
 * where it cannot answer; then so does this. Mistakes and calls after the end reject always.
 */

import type { Call } from '../../calls/call-options.js';
import { removeMany } from '../../calls/many.js';
import { clearNamespace, namespaceKeys } from '../../calls/namespace.js';
import { CacheError } from '../../errors.js';
import type { KeyvBacking } from './keyv-options.js';
import { type Lasting, type Lifetime, lifetimeIn } from './lifetime.js';
import { NamespacedKeys } from './namespaced-keys.js';
import { heldKey, toText, toValue } from './stored-text.js';

export interface KeyvStoredEntry extends Lasting {
  readonly key: string;
  readonly value: unknown;
}

/** Entries under way at once, and keys of which the values are read in one go. */
const WAVE = 4_096;
const PAGE = 256;

export class NamespacedStore {
  readonly #backing: KeyvBacking;
  readonly #keys: NamespacedKeys;
  readonly #report: (error: unknown) => void;

  constructor(backing: KeyvBacking, namespace: string | undefined, report: (error: unknown) => void) {
    this.#backing = backing;
    this.#keys = new NamespacedKeys(namespace === backing.namespace ? undefined : namespace);
    this.#report = report;
  }

  async get(key: string): Promise<unknown> {
    return toValue(await this.#backing.cache.get(this.#keys.toCacheKey(key)));
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const cacheKeys = keys.map((key) => this.#keys.toCacheKey(key));
    const found = await this.#backing.cache.getMany(cacheKeys);
    return cacheKeys.map((cacheKey) => toValue(found.get(cacheKey)));
  }

  /** Whether enough owners confirmed it. What has ended already is removed instead. */
  async set(key: string, value: unknown, lifetime: Lifetime): Promise<boolean> {
    const isStored = await this.#store(key, value, lifetime);
    if (!isStored) this.#report(unconfirmed(key));
    return isStored;
  }

  /**
   * Whether enough owners confirmed it, for each entry; the last of several with one key counts. Never rejects: an entry that
   * cannot be stored concerns no other. The first failure is reported.
   */
  async setMany(entries: readonly KeyvStoredEntry[]): Promise<boolean[]> {
    const last = [...new Map(entries.map((entry) => [entry.key, entry])).values()];
    const stored = new Set<string>();
    const failures: unknown[] = [];
    for (let from = 0; from < last.length; from += WAVE) {
      const now = Date.now();
      const store = async ({ key, value, ttl, expires }: KeyvStoredEntry): Promise<void> => {
        if (await this.#store(key, value, lifetimeIn({ ttl, expires }, now))) stored.add(key);
        else failures.push(unconfirmed(key));
      };
      const settled = await Promise.allSettled(last.slice(from, from + WAVE).map(store));
      for (const { reason } of settled.filter((each) => each.status === 'rejected')) failures.push(reason);
    }
    if (failures[0] !== undefined) this.#report(failures[0]);
    return entries.map(({ key }) => stored.has(key));
  }

  /** `deleted`: whether there was an entry that is gone now, for each key. */
  async remove(keys: readonly string[]): Promise<{ readonly deleted: boolean[]; readonly isConfirmed: boolean }> {
    const { parts } = this.#backing;
    const cacheKeys = keys.map((key) => this.#keys.toCacheKey(key));
    const { found, failures } = await removeMany(parts, cacheKeys, this.#call());
    const [failure] = failures.values();
    if (failure !== undefined) {
      if (!parts.read.degrades || failure.code === 'ERR_CLOSED' || failure.code === 'ERR_INVALID_KEY') throw failure;
      this.#report(failure);
    }
    return { deleted: cacheKeys.map((key) => found.has(key)), isConfirmed: failure === undefined };
  }

  /** @throws CacheError `ERR_UNAVAILABLE` if a node could not be cleared; its older entries no longer count here */
  clear(): Promise<void> {
    return clearNamespace(this.#backing.parts, this.#call(), this.#keys.prefix);
  }

  /** Keys and values as they are found. @throws CacheError if a node cannot be asked */
  async *entries(): AsyncGenerator<readonly [key: string, value: unknown]> {
    const page: string[] = [];
    for await (const cacheKey of namespaceKeys(this.#backing.parts, () => this.#call(), this.#keys.prefix)) {
      if (page.push(cacheKey) === PAGE) yield* this.#read(page.splice(0));
    }
    yield* this.#read(page);
  }

  async *#read(cacheKeys: readonly string[]): AsyncGenerator<readonly [key: string, value: unknown]> {
    const texts = await this.#backing.cache.getMany(cacheKeys);
    for (const [cacheKey, text] of texts) {
      const key = this.#keys.isDigest(cacheKey) ? heldKey(text) : this.#keys.fromCacheKey(cacheKey);
      const value = toValue(text);
      if (key !== undefined && value !== undefined) yield [key, value];
    }
  }

  async #store(key: string, value: unknown, lifetime: Lifetime): Promise<boolean> {
    const { cache } = this.#backing;
    const cacheKey = this.#keys.toCacheKey(key);
    if (lifetime === 'over') return cache.delete(cacheKey);
    return cache.set(cacheKey, toText(value, key, this.#keys.isDigest(cacheKey)), { ttlMs: lifetime });
  }

  /** @throws CacheError `ERR_CLOSED`, or `ERR_RATE_LIMITED` */
  #call(): Call {
    const { parts } = this.#backing;
    parts.assertOpen();
    parts.assertAllowed?.();
    return parts.defaults;
  }
}

function unconfirmed(key: string): CacheError {
  return new CacheError('ERR_UNAVAILABLE', 'fewer owners than asked for confirmed that the value is stored', { key });
}
