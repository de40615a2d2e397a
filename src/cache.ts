/**
 * The cache as its users see it. Every method checks its key and options first (a mistake rejects before any I/O), takes
 * one topology snapshot, and hands the work to `replication/`; here it only becomes a promise.
 */

import type { CacheParts, ClusterCalls, Handoff, RemoveOptions } from './cache-parts.js';
import type { Call, CallFields, CallName, CallOptions, CountOptions, SetOptions } from './calls/call-options.js';
import { FIELDS_OF, heard, isTimeout, notTimeout, resolveCall, resolveTtl } from './calls/call-options.js';
import { compareAndSet, count, storeIf } from './calls/conditional.js';
import { type CacheEntry, getEntry } from './calls/entry.js';
import { getOrSet, NO_OPTIONS } from './calls/get-or-set.js';
import type { Loader } from './calls/load.js';
import type { GetOrSetOptions } from './calls/load-options.js';
import { type DeletedMany, deleteMany, type FoundMany, getMany, type StoredMany, setMany } from './calls/many.js';
import type { MigrationView } from './calls/migration-view.js';
import { clearNamespace, namespaceKeys } from './calls/namespace.js';
import { deleteValue, readValue, writeValue } from './calls/single.js';
import { touchEntry } from './calls/touch.js';
import type { CacheEventName, CacheListener } from './events.js';
import type { NodeOptions } from './options/node-options.js';
import type { CacheStats, CloseReport, NodeView } from './stats.js';

export class Cache<V = unknown> {
  readonly #parts: CacheParts;

  /** Use `createCache`. */
  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  /** The value, or `undefined` if there is none that can be trusted. */
  get<T = V>(key: string, options?: CallOptions): Promise<T | undefined> {
    try {
      const wire = this.#parts.keys.toWireKey(key);
      const call = this.#call(options);
      return heard('get', readValue(this.#parts, wire, call), call) as Promise<T | undefined>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The value with all that is known of it: where it came from, how long it lives, its version. */
  getEntry<T = V>(key: string, options?: CallOptions): Promise<CacheEntry<T> | undefined> {
    return this.#run('getEntry', options, (call) => getEntry<T>(this.#parts, key, call));
  }

  /** What was found; keys that no owner could tell of, or that came too late, are in `.failures`. Never rejects for a node's sake. */
  getMany<T = V>(keys: Iterable<string>, options?: CallOptions): Promise<FoundMany<T>> {
    return this.#run('getMany', options, (call) => getMany<T>(this.#parts, keys, call));
  }

  /** Stores the value; `true` once as many owners as `write` asks for have confirmed it. */
  set<T extends V = V>(key: string, value: T, options?: SetOptions): Promise<boolean> {
    try {
      const wire = this.#parts.keys.toWireKey(key);
      const call = this.#call(options, FIELDS_OF.set);
      const ttlMs = resolveTtl(options?.ttlMs, this.#parts.defaultTtlMs);
      return heard('set', writeValue(this.#parts, wire, call, value, ttlMs), call);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Stores many, all in one deadline; values that cannot be stored and keys that too few owners confirmed are in `failures`. */
  setMany<T extends V = V>(
    entries: Iterable<readonly [string, T]> | Readonly<Record<string, T>>,
    options: SetOptions = {},
  ): Promise<StoredMany> {
    return this.#run('setMany', options, (call) =>
      setMany(this.#parts, entries, resolveTtl(options.ttlMs, this.#parts.defaultTtlMs), call),
    );
  }

  /** Stores the value only if there is none. `false` means that there is one, and nothing else. @throws CacheError if the owner cannot tell */
  add<T extends V = V>(key: string, value: T, options: SetOptions = {}): Promise<boolean> {
    return this.#run('add', options, (call) => storeIf(this.#parts, 'add', key, value, options, call));
  }

  /** Stores the value only if there is one. @throws CacheError if the owner cannot tell */
  replace<T extends V = V>(key: string, value: T, options: SetOptions = {}): Promise<boolean> {
    return this.#run('replace', options, (call) => storeIf(this.#parts, 'replace', key, value, options, call));
  }

  /** Stores the value only if `version`, from `getEntry`, is still that of the entry. @throws CacheError if the owner cannot tell */
  compareAndSet<T extends V = V>(key: string, value: T, version: string, options: SetOptions = {}): Promise<boolean> {
    const parts = this.#parts;
    return this.#run('compareAndSet', options, (call) => compareAndSet(parts, key, value, version, options, call));
  }

  /** Removes the entry; `true` once as many owners as `write` asks for have confirmed that it is gone. */
  delete(key: string, options?: CallOptions): Promise<boolean> {
    return this.#run('delete', options, (call) => deleteValue(this.#parts, this.#parts.keys.toWireKey(key), call));
  }

  deleteMany(keys: Iterable<string>, options?: CallOptions): Promise<DeletedMany> {
    return this.#run('deleteMany', options, (call) => deleteMany(this.#parts, keys, call));
  }

  async has(key: string, options?: CallOptions): Promise<boolean> {
    return (await this.get(key, options)) !== undefined;
  }

  /** Gives the entry another time to live. `false` if there is none. */
  touch(key: string, ttlMs: number | 'none', options?: CallOptions): Promise<boolean> {
    return this.#run('touch', options, (call) => touchEntry(this.#parts, key, ttlMs, call));
  }

  /** Remaining time to live in ms, `'none'` without expiry, `undefined` without an entry. */
  async ttl(key: string, options?: CallOptions): Promise<number | 'none' | undefined> {
    return (await this.getEntry(key, options))?.ttlMs;
  }

  /** Adds to a counter: 0 to 2^53 − 1. A missing one starts at `initial`, by default at `by`. @throws CacheError if the owner cannot tell, or the entry is no counter */
  increment(key: string, by = 1, options: CountOptions = {}): Promise<number> {
    return this.#run('increment', options, (call) => count(this.#parts, key, 1, by, options, call));
  }

  /** Subtracts from a counter, which stops at 0. A missing counter starts at `initial`, by default at 0. */
  decrement(key: string, by = 1, options: CountOptions = {}): Promise<number> {
    return this.#run('decrement', options, (call) => count(this.#parts, key, -1, by, options, call));
  }

  /** The value, or what `loader` makes of it: one loader per key at a time in this process, its value stored. */
  getOrSet<T = V>(key: string, loader: Loader<T>, options: GetOrSetOptions = NO_OPTIONS): Promise<T> {
    return this.#run('getOrSet', options, (call) => getOrSet<T>(this.#parts, key, loader, options, call));
  }

  /** Removes every entry of this namespace, on all nodes. @throws CacheError `ERR_UNAVAILABLE` if a node could not be cleared; its older entries no longer count here */
  clear(options?: CallOptions): Promise<void> {
    return this.#run('clear', options, (call) => clearNamespace(this.#parts, call));
  }

  /** The keys of this namespace, each once up to four million; keys too long to travel as they are cannot be told. `timeoutMs` is for each page of a node's answer. @throws CacheError if a node cannot be asked */
  keys(options?: CallOptions): AsyncIterableIterator<string> {
    return namespaceKeys(this.#parts, () => this.#call(options));
  }

  /** Adds a node; resolves once it owns its share, while its keys follow in a hand-off. @throws OptionError */
  addNode(node: string | NodeOptions): Promise<void> {
    return this.#change((cluster) => cluster.addNode(node));
  }

  /**
   * Removes a node, handing its keys over first unless `drain` is false. Without a namespace or with `handoff.migrate: false`
   * it resolves at once: keys move as they are read, while the node runs, for up to `handoff.windowMs`. @throws OptionError
   */
  removeNode(name: string, options?: RemoveOptions): Promise<void> {
    return this.#change((cluster) => cluster.removeNode(name, options));
  }

  /** Gives a node another share of the keys. @throws OptionError */
  reweight(name: string, weight: number): Promise<void> {
    return this.#change((cluster) => cluster.reweight(name, weight));
  }

  /** Makes the ring consist of these nodes, all or nothing; unchanged nodes keep connections and health. @throws OptionError */
  setNodes(nodes: readonly (string | NodeOptions)[]): Promise<void> {
    return this.#change((cluster) => cluster.setNodes(nodes));
  }

  /** Takes a node out of the ring while it is being worked on, or lets it return by way of its probes. @throws OptionError */
  maintenance(name: string, on: boolean): Promise<void> {
    return this.#change((cluster) => cluster.maintenance(name, on));
  }

  /** Makes the node called `to` the active one of its group, until it fails. @throws OptionError; CacheError `ERR_UNAVAILABLE` if it cannot be */
  failover(to: string): Promise<void> {
    return this.#change((cluster) => cluster.failover(to));
  }

  /** The hand-off under way: its migration can be paused, and the whole of it ended. */
  get handoff(): Handoff {
    return this.#parts.cluster.handoff;
  }

  /** The keys' move from another placement, as the option `migration` asks for. */
  get migration(): MigrationView | undefined {
    return this.#parts.cluster.migration;
  }

  /** Probes every node now and tells what is thought of each. */
  async health(): Promise<NodeView[]> {
    await this.#change((cluster) => cluster.look());
    return this.nodes();
  }

  /** The breakers of the nodes: their statistics, and `forceOpen`, `forceClosed` and `reset` by name. */
  get breakers(): CacheParts['breakers'] {
    return this.#parts.breakers;
  }

  get ring(): CacheParts['ring'] {
    return this.#parts.ring;
  }

  nodes(): NodeView[] {
    return this.#parts.nodeViews();
  }

  stats(): CacheStats {
    return this.#parts.stats();
  }

  on<E extends CacheEventName>(name: E, listener: CacheListener<E>): this {
    this.#parts.events.on(name, listener);
    return this;
  }

  off<E extends CacheEventName>(name: E, listener: CacheListener<E>): this {
    this.#parts.events.off(name, listener);
    return this;
  }

  /** Resolves once every node has been reached or has failed to be, and one was reached. @throws CacheError `ERR_UNAVAILABLE` if none is within 5 s */
  ready(): Promise<void> {
    return this.#parts.lifecycle.ready();
  }

  /** Lets what is under way finish, pays debts that can be paid, and closes. Idempotent; resolves within `timeoutMs` (default 2,000). */
  close({ timeoutMs = 2_000 }: { readonly timeoutMs?: number | undefined } = {}): Promise<CloseReport> {
    return isTimeout(timeoutMs, 0) ? this.#parts.lifecycle.close(timeoutMs) : Promise.reject(notTimeout(timeoutMs, 0));
  }

  /** Closes at once: what is under way fails with `ERR_CLOSED`. Idempotent. */
  destroy(): Promise<CloseReport> {
    return this.#parts.lifecycle.close(0);
  }

  /** @throws CacheError for a bad option, an aborted signal, a closed cache, or a limit that is used up */
  #call(options: CallOptions | undefined, fields: CallFields = FIELDS_OF.get): Call {
    this.#parts.assertOpen();
    this.#parts.assertAllowed?.();
    return options === undefined ? this.#parts.defaults : resolveCall(options, this.#parts.defaults, fields);
  }

  async #change(change: (cluster: ClusterCalls) => Promise<void>): Promise<void> {
    this.#parts.assertOpen();
    await change(this.#parts.cluster);
  }

  /** Whatever `work` throws is a rejection. */
  #run<T>(name: CallName, options: CallOptions | undefined, work: (call: Call) => Promise<T>): Promise<T> {
    try {
      const call = this.#call(options, FIELDS_OF[name]);
      return heard(name, work(call), call);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
