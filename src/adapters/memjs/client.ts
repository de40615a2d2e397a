/**
 * memjs's client: its methods, with its arguments and in its two forms. With a callback a call answers nothing and calls
 * back once, `(error, …)`; without one it answers a promise. Positional arguments behind the callback, as memjs had them
 * before version 1, are taken too.
 *
 * The keys lie where memjs puts them and the values are what memjs stores, so both clients may run on the same servers.
 */

import type { CacheParts } from '../../cache-parts.js';
import { OptionError } from '../../errors.js';
import type { CacheEventName, CacheListener } from '../../events.js';
import type { NodeView } from '../../stats.js';
import { type CallForm, formOf } from './call-form.js';
import { CallLog } from './call-log.js';
import type {
  CountCallback,
  CountOptions,
  DoneCallback,
  FlushCallback,
  GetCallback,
  Key,
  Results,
  StatsCallback,
  StoreOptions,
  VersionCallback,
  VersionsCallback,
} from './callbacks.js';
import { type ClientOptions, resolveClientOptions } from './client-options.js';
import { openCore } from './core.js';
import { call, deliver } from './deliver.js';
import { type Counted, Entries, type Found } from './entries.js';
import { EveryServer } from './every-server.js';
import type { Serializer, Value } from './serializer.js';
import { isNamed, type Server, serverList } from './server-list.js';

const QUIT_MS = 2_000;
const NO_RESULT = [null];
const NO_RESULTS = [null, null];
const found = ({ value, flags }: Found<unknown>): readonly unknown[] => [value, flags];
const one = (result: unknown): readonly unknown[] => [result];
const counted = ({ success, value }: Counted): readonly unknown[] => [success, value];

/** `V` is what the serializer makes of stored bytes: without one, a Buffer. */
export class Client<V = Buffer> {
  /** As listed: the place in the list is part of the placement. */
  readonly servers: readonly Server[];
  readonly #log: CallLog;
  readonly #parts: CacheParts;
  readonly #entries: Entries;
  readonly #every: EveryServer;

  /**
   * A client of `[user:pass@]host[:port],…`, by default of the servers that MEMCACHIER_SERVERS or MEMCACHE_SERVERS name, else
   * of localhost:11211. It begins to connect at once.
   *
   * @throws OptionError before anything opens
   */
  static create<V = Buffer>(servers?: string | null, options?: ClientOptions | null): Client<V> {
    return new Client(servers, options);
  }

  private constructor(servers: string | null | undefined, options: ClientOptions | null | undefined) {
    const settings = resolveClientOptions(options);
    const listed = serverList(servers ?? undefined, process.env);
    this.servers = listed.map(({ host, port }) => ({ host, port }));
    const core = openCore(listed, settings, process.env);
    this.#parts = core.parts;
    this.#entries = new Entries(core, settings);
    this.#every = new EveryServer(this.#parts);
    this.#log = new CallLog(settings.logger);
  }

  get serializer(): Serializer {
    return this.#entries.serializer;
  }

  set serializer(serializer: Serializer) {
    this.#entries.serializer = serializer;
  }

  get(key: Key): Promise<Found<V>>;
  get(key: Key, callback: GetCallback<V> | null): void;
  get(key: Key, callback?: GetCallback<V> | null): Promise<Found<V>> | undefined {
    return deliver(this.#log.heard('GET', this.#entries.get<V>(key)), callback, found, NO_RESULTS);
  }

  set(key: Key, value: Value | V, options?: StoreOptions): Promise<boolean>;
  set(key: Key, value: Value | V, options: StoreOptions | null | undefined, callback: DoneCallback | null): void;
  set(key: Key, value: Value | V, callback: DoneCallback | null, expires?: number): void;
  set(key: Key, value: Value | V, ...rest: readonly unknown[]): Promise<boolean> | undefined {
    const { callback, expires } = this.#form('SET', rest);
    return this.#told('SET', this.#entries.set(key, value, expires), callback);
  }

  add(key: Key, value: Value | V, options?: StoreOptions): Promise<boolean>;
  add(key: Key, value: Value | V, options: StoreOptions | null | undefined, callback: DoneCallback | null): void;
  add(key: Key, value: Value | V, callback: DoneCallback | null, expires?: number): void;
  add(key: Key, value: Value | V, ...rest: readonly unknown[]): Promise<boolean> | undefined {
    const { callback, expires } = this.#form('ADD', rest);
    return this.#told('ADD', this.#entries.storeIf('add', key, value, expires), callback);
  }

  replace(key: Key, value: Value | V, options?: StoreOptions): Promise<boolean>;
  replace(key: Key, value: Value | V, options: StoreOptions | null | undefined, callback: DoneCallback | null): void;
  replace(key: Key, value: Value | V, callback: DoneCallback | null, expires?: number): void;
  replace(key: Key, value: Value | V, ...rest: readonly unknown[]): Promise<boolean> | undefined {
    const { callback, expires } = this.#form('REPLACE', rest);
    return this.#told('REPLACE', this.#entries.storeIf('replace', key, value, expires), callback);
  }

  delete(key: Key): Promise<boolean>;
  delete(key: Key, callback: DoneCallback | null): void;
  delete(key: Key, callback?: DoneCallback | null): Promise<boolean> | undefined {
    return this.#told('DELETE', this.#entries.delete(key), callback);
  }

  increment(key: Key, amount: number, options?: CountOptions): Promise<Counted>;
  increment(key: Key, amount: number, options: CountOptions | null | undefined, callback: CountCallback | null): void;
  increment(key: Key, amount: number, callback: CountCallback | null, expires?: number, initial?: number): void;
  increment(key: Key, amount: number, ...rest: readonly unknown[]): Promise<Counted> | undefined {
    const { callback, expires, initial } = this.#form('INCREMENT', rest);
    const work = this.#entries.count(1, key, amount, initial, expires);
    return deliver(this.#log.heard('INCREMENT', work), callback, counted, NO_RESULTS);
  }

  decrement(key: Key, amount: number, options?: CountOptions): Promise<Counted>;
  decrement(key: Key, amount: number, options: CountOptions | null | undefined, callback: CountCallback | null): void;
  decrement(key: Key, amount: number, callback: CountCallback | null, expires?: number, initial?: number): void;
  decrement(key: Key, amount: number, ...rest: readonly unknown[]): Promise<Counted> | undefined {
    const { callback, expires, initial } = this.#form('DECREMENT', rest);
    const work = this.#entries.count(-1, key, amount, initial, expires);
    return deliver(this.#log.heard('DECREMENT', work), callback, counted, NO_RESULTS);
  }

  append(key: Key, value: Value | V): Promise<boolean>;
  append(key: Key, value: Value | V, callback: DoneCallback | null): void;
  append(key: Key, value: Value | V, callback?: DoneCallback | null): Promise<boolean> | undefined {
    return this.#told('APPEND', this.#entries.affix('append', key, value), callback);
  }

  prepend(key: Key, value: Value | V): Promise<boolean>;
  prepend(key: Key, value: Value | V, callback: DoneCallback | null): void;
  prepend(key: Key, value: Value | V, callback?: DoneCallback | null): Promise<boolean> | undefined {
    return this.#told('PREPEND', this.#entries.affix('prepend', key, value), callback);
  }

  /** Gives an entry another time to live, in seconds; 0 is the client's own. */
  touch(key: Key, expires: number): Promise<boolean>;
  touch(key: Key, expires: number, callback: DoneCallback | null): void;
  touch(key: Key, expires: number, callback?: DoneCallback | null): Promise<boolean> | undefined {
    return this.#told('TOUCH', this.#entries.touch(key, expires), callback);
  }

  /** Empties every server, whoever else uses it. `error` is the last of those in `results`; the promise rejects with it. */
  flush(): Promise<Results>;
  flush(callback: FlushCallback | null): void;
  flush(callback?: FlushCallback | null): Promise<Results> | undefined {
    const results: Results = {};
    return deliver(this.#log.heard('FLUSH', this.#every.flush(results)), callback, one, [results]);
  }

  /** Calls back once for every server. */
  stats(callback?: StatsCallback): void {
    this.statsWithKey('', callback);
  }

  statsWithKey(key: string, callback?: StatsCallback): void {
    this.#every.stats(key, (error, server, stats) => {
      if (error !== null) this.#log.failed(`STATS (${key})`, error);
      call(callback, [error, server, stats]);
    });
  }

  resetStats(callback?: StatsCallback): void {
    this.statsWithKey('reset', callback);
  }

  /** Of the first server. */
  version(): Promise<string>;
  version(callback: VersionCallback | null): void;
  version(callback?: VersionCallback | null): Promise<string> | undefined {
    return this.#told('VERSION', this.#every.version(), callback);
  }

  /** By server. */
  versionAll(): Promise<Record<string, string>>;
  versionAll(callback: VersionsCallback | null): void;
  versionAll(callback?: VersionsCallback | null): Promise<Record<string, string>> | undefined {
    return this.#told('VERSIONALL', this.#every.versions(), callback);
  }

  /** The place in the list of the server that owns the key. @throws OptionError when assigned to */
  get getServer(): (key: string) => number {
    return (key) => this.servers.indexOf(this.server(key));
  }

  set getServer(_: unknown) {
    throw new OptionError('getServer', 'cannot be replaced: createCache offers other placements');
  }

  /** The server that owns the key, or stands in for it. */
  server(key: string): Server {
    const { topology } = this.#parts;
    const { name } = topology.primary(topology.placement.hash(key), key);
    return this.servers.find((server) => isNamed(name, server)) as Server;
  }

  /** What is thought of each server: whether it is connected, its breaker, its counts. */
  nodes(): NodeView[] {
    return this.#parts.nodeViews();
  }

  on<E extends CacheEventName>(name: E, listener: CacheListener<E>): this {
    this.#parts.events.on(name, listener);
    return this;
  }

  off<E extends CacheEventName>(name: E, listener: CacheListener<E>): this {
    this.#parts.events.off(name, listener);
    return this;
  }

  /** Lets what is under way finish, for up to 2 s, and closes; what is asked later fails with `ERR_CLOSED`. */
  async quit(): Promise<void> {
    await this.#entries.end();
    await this.#parts.lifecycle.close(QUIT_MS);
  }

  /** Closes at once: what is under way fails. */
  async close(): Promise<void> {
    void this.#entries.end();
    await this.#parts.lifecycle.close(0);
  }

  #told<T>(command: string, work: Promise<T>, callback: unknown): Promise<T> | undefined {
    return deliver(this.#log.heard(command, work), callback, one, NO_RESULT);
  }

  #form(command: string, rest: readonly unknown[]): CallForm {
    const form = formOf(rest);
    if (form.isOld) this.#log.oldForm(command);
    return form;
  }
}
