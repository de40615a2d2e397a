/**
 * A storage adapter for Keyv 5 and Keyv 6 over a ring of Redis and Memcached nodes.
 *
 * It stays a cache: a read that no owner can answer is a miss, and a write that fewer owners confirmed than `write` asks for
 * answers `false` and emits `error`. A cache made with `onUnavailable: 'throw'` rejects instead. Mistakes, and calls after
 * `disconnect`, reject always, and Keyv makes of that what it makes of every adapter's errors.
 *
 * The contracts differ in two places. A time to live is relative in Keyv 5 and a point in time in Keyv 6: see `lifetime`. And
 * `deleteMany` answers one boolean there and one for each key here; which of them uses the adapter shows when it is given it,
 * since only Keyv 6 asks for `capabilities` and only Keyv 5 for `opts`.
 */

import type { Cache } from '../../cache.js';
import { type EventName, GuardedEmitter, type Listener } from './guarded-emitter.js';
import { capabilities, type KeyvCapabilities } from './keyv-capabilities.js';
import { backingOf, type KeyvBacking, type KeyvCacheOptions, type KeyvRingfenceOptions } from './keyv-options.js';
import { lifetimeOf } from './lifetime.js';
import { type KeyvStoredEntry, NamespacedStore } from './namespaced-store.js';

type AnyListener = (...values: unknown[]) => void;

export class KeyvRingfence {
  readonly #backing: KeyvBacking;
  readonly #events = new GuardedEmitter();
  #namespace: string | undefined;
  #store: NamespacedStore;
  #contract: 5 | 6;

  /** @throws OptionError for an option that is unknown or out of range, before anything opens */
  constructor(options: Cache | KeyvCacheOptions | KeyvRingfenceOptions = {}) {
    this.#backing = backingOf(options);
    this.#contract = this.#backing.keyv ?? 6;
    this.#namespace = this.#backing.namespace;
    this.#store = this.#storeOf(this.#namespace);
  }

  /** Keyv's namespace. Every call works in the one that is set when it is made. */
  get namespace(): string | undefined {
    return this.#namespace;
  }

  set namespace(namespace: string | undefined) {
    this.#namespace = namespace;
    this.#store = this.#storeOf(namespace);
  }

  /** What Keyv 5 wants to know before it offers an iterator, which it does for dialects it knows. */
  get opts(): Record<string, unknown> {
    this.#contract = this.#backing.keyv ?? 5;
    const names = this.cache.nodes().map(({ name }) => name);
    return { dialect: 'redis', url: `ringfence://${names.join(',')}`, namespace: this.#namespace };
  }

  /** What Keyv 6 wants to know before it passes points in time. */
  get capabilities(): KeyvCapabilities {
    this.#contract = this.#backing.keyv ?? 6;
    return capabilities();
  }

  /** The cache that stores: its nodes, its events, its statistics. */
  get cache(): Cache {
    return this.#backing.cache;
  }

  async get<Value = unknown>(key: string): Promise<Value | undefined> {
    return (await this.#store.get(key)) as Value | undefined;
  }

  async getMany<Value = unknown>(keys: string[]): Promise<(Value | undefined)[]> {
    return (await this.#store.getMany(keys)) as (Value | undefined)[];
  }

  async has(key: string): Promise<boolean> {
    return (await this.#store.get(key)) !== undefined;
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return (await this.#store.getMany(keys)).map((value) => value !== undefined);
  }

  /** @param ttlOrExpires milliseconds: a duration, or a point in time (see `lifetime`) @default that of the cache */
  async set(key: string, value: unknown, ttlOrExpires?: number): Promise<boolean> {
    return this.#store.set(key, value, lifetimeOf(ttlOrExpires, Date.now()));
  }

  /** One answer for each entry, in their order (Keyv 5 says that it wants none, and passes them on). */
  setMany(entries: KeyvStoredEntry[]): Promise<boolean[]>;
  setMany(entries: KeyvStoredEntry[]): Promise<void>;
  async setMany(entries: KeyvStoredEntry[]): Promise<unknown> {
    return this.#store.setMany(entries);
  }

  /** `true` if there was an entry, and enough owners confirmed that it is gone. On memcached one that ended within this second still was. */
  async delete(key: string): Promise<boolean> {
    return (await this.#store.remove([key])).deleted[0] === true;
  }

  /** For Keyv 6 what `delete` answers, for each key; for Keyv 5 `true` if anything was there and all of it is gone. */
  deleteMany(keys: string[]): Promise<boolean[]>;
  deleteMany(keys: string[]): Promise<boolean>;
  async deleteMany(keys: string[]): Promise<boolean[] | boolean> {
    const contract = this.#contract;
    const { deleted, isConfirmed } = await this.#store.remove(keys);
    return contract === 6 ? deleted : isConfirmed && deleted.includes(true);
  }

  /**
   * Removes what is in Keyv's namespace, on all nodes, and nothing else.
   *
   * @throws CacheError `ERR_UNAVAILABLE` if a node could not be cleared; its older entries no longer count here
   */
  async clear(): Promise<void> {
    await this.#store.clear();
  }

  /** Keys and values of a namespace as they are found. @default the one that is set @throws CacheError if a node cannot be asked */
  async *iterator<Value>(namespace?: string): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    const store = namespace === undefined ? this.#store : this.#storeOf(namespace);
    for await (const [key, value] of store.entries()) yield [key, value as Awaited<Value>];
  }

  /** Closes the cache if the adapter made it; one that it was given stays open. */
  async disconnect(): Promise<void> {
    if (this.#backing.isOwn) await this.cache.close();
  }

  on(name: EventName, listener: Listener): this {
    this.#events.on(name, listener);
    return this;
  }

  addListener(name: EventName, listener: Listener): this {
    return this.on(name, listener);
  }

  prependListener(name: EventName, listener: Listener): this {
    this.#events.on(name, listener, true);
    return this;
  }

  once(name: EventName, listener: Listener): this {
    this.#events.once(name, listener);
    return this;
  }

  prependOnceListener(name: EventName, listener: Listener): this {
    this.#events.once(name, listener, true);
    return this;
  }

  off(name: EventName, listener: Listener): this {
    this.#events.off(name, listener);
    return this;
  }

  removeListener(name: EventName, listener: Listener): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: EventName): this {
    this.#events.removeAll(name);
    return this;
  }

  /** Whether anybody listened. What a listener throws reaches nobody, and an `error` that nobody hears is none. */
  emit(name: EventName, ...values: unknown[]): boolean {
    return this.#events.emit(name, ...values);
  }

  eventNames(): EventName[] {
    return this.#events.names();
  }

  listenerCount(name: EventName): number {
    return this.#events.count(name);
  }

  listeners(name: EventName): AnyListener[] {
    return this.#events.listeners(name);
  }

  rawListeners(name: EventName): AnyListener[] {
    return this.#events.rawListeners(name);
  }

  #storeOf(namespace: string | undefined): NamespacedStore {
    return new NamespacedStore(this.#backing, namespace, (error) => this.#events.emit('error', error));
  }
}
