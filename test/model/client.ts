/** One cache and its oracle: makes the calls of a schedule, and hears what comes of them. */

import type { StalenessRule } from '../../src/base/staleness-rules.js';
import type { Cache } from '../../src/cache.js';
import { assembleCache } from '../../src/create-cache.js';
import { CacheError } from '../../src/errors.js';
import type { Lane } from '../../src/node/lane.js';
import type { CacheOptions } from '../../src/options.js';
import { Counters } from './counters.js';
import type { Write } from './history.js';
import { Oracle, type OracleOptions } from './oracle.js';
import { type CallName, COUNTERS, isCall, KEYS, type Step } from './schedule.js';

export const TOTAL_MS = 100;
const PADS = ['', 'x'.repeat(100), 'y'.repeat(2_000)];

export class Client {
  readonly cache: Cache;
  readonly oracle: Oracle;
  /** Hand-offs under way, as far as events tell. */
  handoffs = 0;
  isEnded = false;
  readonly #counters = new Counters();
  readonly #says: (what: string) => void;
  /** Counters of two clients count what both issue. */
  readonly #ownsCounters: boolean;

  constructor(options: CacheOptions, rules: ReadonlySet<StalenessRule>, oracle: OracleOptions, ownsCounters: boolean) {
    this.cache = assembleCache(options, rules);
    this.oracle = new Oracle(oracle);
    this.#says = oracle.says;
    this.#ownsCounters = ownsCounters;
    this.cache.on('handoffStarted', () => this.handoffs++);
    this.cache.on('handoffFinished', () => {
      this.handoffs = 0;
    });
  }

  call({ name, dice, key: index }: Step): void {
    const key = KEYS[index] as string;
    const others = KEYS.slice(index, index + 4);
    const counter = COUNTERS[index % COUNTERS.length] as string;
    const lane = dice < 0.7 ? 'interactive' : dice < 0.85 ? 'bulk' : 'background';
    const ttlMs = dice > 0.6 ? 500 + Math.floor(dice * 3_000) : undefined;
    const each = (call: (key: string) => void): void => KEYS.forEach(call);
    const calls: Readonly<Record<CallName, () => void>> = {
      get: () => this.get(key, lane),
      set: () => this.set(key, PADS[Math.floor(dice * 97) % PADS.length], ttlMs, lane),
      delete: () => this.#delete(key, lane),
      getMany: () => this.#getMany(others),
      getEntry: () => this.#getEntry(key),
      setMany: () => this.#setMany(others),
      deleteMany: () => this.#deleteMany(others),
      add: () => this.#add(key),
      replace: () => this.#replace(key),
      compareAndSet: () => this.#compareAndSet(key),
      touch: () => this.#touch(key),
      increment: () => this.#increment(counter),
      readCounter: () => this.#readCounter(counter),
      deleteCounter: () => this.#deleteCounter(counter),
      setAll: () => each((one) => this.set(one)),
      setAllBriefly: () => each((one) => this.set(one, '', 700)),
      addAll: () => each((one) => this.#add(one)),
      deleteAll: () => {
        each((one) => this.#delete(one, lane));
        for (const one of COUNTERS) this.#deleteCounter(one);
      },
      getAll: () => each((one) => this.get(one)),
      incrementAll: () => {
        for (const one of COUNTERS) this.#increment(one);
      },
    };
    if (isCall(name)) calls[name]();
  }

  get(key: string, lane: Lane = 'interactive'): void {
    // Each lane has connections of its own, and of health only those of small calls tell.
    const read = this.oracle.read(key, lane === 'interactive');
    void this.#track(`get ${key}`, this.cache.get(key, { lane })).then(
      (value) => this.oracle.found(read, value),
      (error) => this.#failed(`get ${key}`, error),
    );
  }

  set(key: string, pad = '', ttlMs: number | undefined = undefined, lane: Lane = 'interactive'): void {
    const write = this.oracle.write(key, ttlMs === undefined ? {} : { ttlMs });
    this.#ends(`set ${key}`, this.cache.set(key, valueFor(write, pad), { lane, ttlMs }), write);
  }

  #delete(key: string, lane: Lane): void {
    const write = this.oracle.write(key, { isDelete: true });
    this.#ends(`delete ${key}`, this.cache.delete(key, { lane }), write);
  }

  #touch(key: string): void {
    this.oracle.touched(key, 5_000);
    void this.#track(`touch ${key}`, this.cache.touch(key, 5_000)).catch(() => undefined);
  }

  #deleteCounter(key: string): void {
    this.#counters.deleted(key);
    void this.#track(`delete ${key}`, this.cache.delete(key)).catch(() => undefined);
  }

  #getMany(keys: readonly string[]): void {
    const reads = keys.map((key) => this.oracle.read(key));
    void this.#track('getMany', this.cache.getMany(keys)).then(
      (found) => {
        for (const read of reads) if (!found.failures.has(read.key)) this.oracle.found(read, found.get(read.key));
      },
      (error) => this.#failed('getMany', error),
    );
  }

  #getEntry(key: string): void {
    const read = this.oracle.read(key);
    void this.#track(`getEntry ${key}`, this.cache.getEntry(key)).then(
      (entry) => this.oracle.found(read, entry?.value),
      () => undefined,
    );
  }

  #setMany(keys: readonly string[]): void {
    const writes = keys.map((key) => this.oracle.write(key));
    const entries = writes.map((write) => [write.key, valueFor(write)] as const);
    void this.#track('setMany', this.cache.setMany(entries)).then(
      ({ failures }) => {
        for (const write of writes) this.oracle.wrote(write, failures.has(write.key) ? 'unsure' : 'done');
      },
      (error) => this.#failed('setMany', error),
    );
  }

  #deleteMany(keys: readonly string[]): void {
    const writes = keys.map((key) => this.oracle.write(key, { isDelete: true }));
    void this.#track('deleteMany', this.cache.deleteMany(keys)).then(
      ({ failures }) => {
        for (const write of writes) this.oracle.wrote(write, failures.has(write.key) ? 'unsure' : 'done');
      },
      (error) => this.#failed('deleteMany', error),
    );
  }

  #add(key: string): void {
    const floor = this.oracle.floorOf(key);
    const write = this.oracle.write(key, { isConditional: true });
    this.#ends(`add ${key}`, this.cache.add(key, valueFor(write)), write, (isDone) => {
      if (!isDone) this.oracle.foundEntry(write, floor, 'add');
    });
  }

  #replace(key: string): void {
    const floor = this.oracle.floorOf(key);
    const write = this.oracle.write(key, { isConditional: true });
    this.#ends(`replace ${key}`, this.cache.replace(key, valueFor(write)), write, (isDone) => {
      if (isDone) this.oracle.foundEntry(write, floor, 'replace');
    });
  }

  #compareAndSet(key: string): void {
    void this.#track(`getEntry ${key}`, this.cache.getEntry<string>(key)).then(
      (entry) => {
        if (entry?.version === undefined || this.isEnded) return;
        const base = Number(entry.value.split('=')[1]);
        const floor = this.oracle.floorOf(key);
        const write = this.oracle.write(key, { isConditional: true });
        const call = this.cache.compareAndSet(key, valueFor(write), entry.version);
        this.#ends(`compareAndSet ${key}`, call, write, (isDone) => {
          if (isDone) this.oracle.replaced(key, base, floor);
        });
      },
      () => undefined,
    );
  }

  #increment(key: string): void {
    const since = this.#counters.incremented(key);
    void this.#track(`increment ${key}`, this.cache.increment(key)).then(
      (value) => this.#counted(key, value, since, false),
      () => undefined,
    );
  }

  #readCounter(key: string): void {
    const since = this.#counters.now(key);
    void this.#track(`get ${key}`, this.cache.get(key)).then(
      (value) => this.#counted(key, Number(value ?? 0), since, true),
      (error) => this.#failed(`get ${key}`, error),
    );
  }

  #counted(key: string, value: number, since: number, isRead: boolean): void {
    const wrong = this.#counters.wrong(key, value, since, isRead);
    if (wrong !== undefined && this.#ownsCounters) this.#says(wrong);
  }

  #ends(label: string, call: Promise<boolean>, write: Write, ended: (isDone: boolean) => void = () => undefined): void {
    void this.#track(`${label} (${write.seq})`, call).then(
      (isDone) => {
        ended(isDone);
        this.oracle.wrote(write, isDone ? 'done' : write.isConditional ? 'refused' : 'unsure');
      },
      (error) => {
        // Only of a conditional write it is said whether it may have happened.
        const isNowhere = write.isConditional && error instanceof CacheError && error.code !== 'ERR_INDETERMINATE';
        this.oracle.wrote(write, isNowhere ? 'refused' : 'unsure');
      },
    );
  }

  #track<T>(label: string, call: Promise<T>): Promise<T> {
    return this.oracle.track(label, TOTAL_MS, call);
  }

  #failed(label: string, error: unknown): void {
    if (!this.isEnded) this.#says(`${label} failed: ${String(error)}`);
  }
}

function valueFor({ key, seq }: Write, pad = ''): string {
  return `${key}=${seq}=${pad}`;
}
