/**
 * The data of an in-process node: keys to bytes with exact expiry, a token per write, and a bound in bytes.
 *
 * Values are kept as latin1 strings, one character a byte: they cost no more to copy than pooled buffers, pin no slab
 * of the pool, and oblige `read` to lend a scratch buffer, which keeps callers honest about copying.
 */

import { LRUCache } from 'lru-cache';
import { type Lease, NO_EXPIRY, type TtlMs } from '../driver.js';

/** Counted for each entry besides its key and its value. */
export const ENTRY_OVERHEAD_BYTES = 64;

export interface StoredEntry {
  readonly value: string;
  /** By the monotonic clock; `Infinity` if it never expires. */
  readonly expiresAt: number;
  /** Counts the writes of the whole node, as memcached does. */
  readonly token: number;
}

/** Everything a node held at one moment; expiries stay absolute, so that old data does not live longer. */
export type MemorySnapshot = ReadonlyMap<string, Omit<StoredEntry, 'token'>>;

export interface MemoryStoreOptions {
  /** Bound of keys, values and overhead together. */
  readonly maxBytes: number;
  /** Past the bound: `evict` the least recently used, or `refuse` the write and keep what is there. */
  readonly whenFull: 'evict' | 'refuse';
}

/** Leases at once; more are refused, as if held. */
const MAX_LEASES = 65_536;

export class MemoryStore {
  readonly #entries: LRUCache<string, StoredEntry>;
  readonly #maxBytes: number;
  readonly #refusesWhenFull: boolean;
  readonly #leases = new Map<string, { readonly token: number; readonly expiresAt: number }>();
  #lastToken = 0;
  /** Never starts again: the lease of another life must not match. */
  #lastLease = 0;
  #evictions = 0;

  constructor(options: MemoryStoreOptions) {
    this.#maxBytes = options.maxBytes;
    this.#refusesWhenFull = options.whenFull === 'refuse';
    this.#entries = new LRUCache({
      maxSize: options.maxBytes,
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.#evictions++;
      },
    });
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get evictions(): number {
    return this.#evictions;
  }

  /** Entries alive at `now`; forgets the expired ones on the way. */
  count(now: number): number {
    this.#dropExpired(now);
    return this.#entries.size;
  }

  /** The live entry, which counts as used. */
  read(key: string, now: number): StoredEntry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAt > now) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** `false`, and nothing changes, if there is no room: a full node that refuses, or an entry larger than the bound. */
  write(key: string, value: string, expiresAt: number, now: number): boolean {
    const size = sizeOf(key, value.length);
    if (size > this.#maxBytes) return false;
    if (this.#refusesWhenFull && !this.#hasRoom(key, size, now)) return false;
    this.#entries.set(key, { value, expiresAt, token: ++this.#lastToken }, { size });
    this.#leases.delete(key);
    return true;
  }

  /** Gives a present entry another expiry; its token stays. */
  expire(key: string, entry: StoredEntry, expiresAt: number): void {
    this.#entries.set(key, { ...entry, expiresAt }, { size: sizeOf(key, entry.value.length) });
  }

  /** Ends a lease too. */
  remove(key: string): void {
    this.#entries.delete(key);
    this.#leases.delete(key);
  }

  lease(key: string, expiresAt: number, now: number): Lease {
    if (this.read(key, now) !== undefined) return 'present';
    if (this.#leases.size >= MAX_LEASES)
      for (const [each, lease] of this.#leases) if (lease.expiresAt <= now) this.#leases.delete(each);
    const standing = this.#leases.get(key);
    if ((standing !== undefined && standing.expiresAt > now) || this.#leases.size >= MAX_LEASES) return 'held';
    const token = ++this.#lastLease;
    this.#leases.set(key, { token, expiresAt });
    return { token: String(token) };
  }

  isLeased(key: string, token: string | undefined, now: number): boolean {
    const lease = this.#leases.get(key);
    return lease !== undefined && lease.expiresAt > now && String(lease.token) === token;
  }

  keys(prefix: string, now: number): string[] {
    this.#dropExpired(now);
    const found: string[] = [];
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) found.push(key);
    // Whoever removes all keys must end the leases too.
    for (const key of this.#leases.keys()) if (key.startsWith(prefix)) found.push(key);
    return found;
  }

  snapshot(): MemorySnapshot {
    const copy = new Map<string, Omit<StoredEntry, 'token'>>();
    this.#entries.rforEach(({ value, expiresAt }, key) => copy.set(key, { value, expiresAt }));
    return copy;
  }

  /**
   * Replaces all data. Tokens start at 1 again, as after a restart of memcached, so a token of another life or another
   * node may well match by accident: nobody may rely on the contrary.
   */
  load(snapshot: MemorySnapshot): void {
    this.#entries.clear();
    this.#leases.clear();
    this.#lastToken = 0;
    for (const [key, { value, expiresAt }] of snapshot) {
      const size = sizeOf(key, value.length);
      this.#entries.set(key, { value, expiresAt, token: ++this.#lastToken }, { size });
    }
  }

  #hasRoom(key: string, size: number, now: number): boolean {
    const present = this.#entries.peek(key);
    const freed = present === undefined ? 0 : sizeOf(key, present.value.length);
    if (this.bytes - freed + size <= this.#maxBytes) return true;
    this.#dropExpired(now);
    const left = this.#entries.has(key) ? freed : 0;
    return this.bytes - left + size <= this.#maxBytes;
  }

  #dropExpired(now: number): void {
    const expired: string[] = [];
    for (const [key, entry] of this.#entries.entries()) if (entry.expiresAt <= now) expired.push(key);
    for (const key of expired) this.#entries.delete(key);
  }
}

function sizeOf(key: string, valueBytes: number): number {
  return key.length + valueBytes + ENTRY_OVERHEAD_BYTES;
}

export function expiryOf(ttlMs: TtlMs, now: number): number {
  return ttlMs === NO_EXPIRY ? Number.POSITIVE_INFINITY : now + ttlMs;
}

/** Rounded up, so that a live entry never reads as one without expiry. */
export function remainingTtlMs(entry: StoredEntry, now: number): TtlMs {
  return entry.expiresAt === Number.POSITIVE_INFINITY ? NO_EXPIRY : Math.ceil(entry.expiresAt - now);
}
