/**
 * A cache whose every write is numbered and whose every read is judged: a value of an earlier write than the last one
 * issued before the read began is stale, whatever became of that write. A miss is legal, and counted.
 */

import type { Cache, CallOptions, Loader, SetOptions } from '../../../src/index.js';
import { keyIn, makeValue, numberIn, type TestCodec } from './values.js';

export type Reading = (key: string) => Promise<unknown>;

export class WatchedCache {
  readonly cache: Cache;
  readonly stale: string[] = [];
  hits = 0;
  reads = 0;
  readonly #codec: TestCodec;
  readonly #issued = new Map<string, number>();
  #last = 0;

  constructor(cache: Cache, codec: TestCodec) {
    this.cache = cache;
    this.#codec = codec;
  }

  /** Number of the last write or delete of the key issued here. */
  issued(key: string): number {
    return this.#issued.get(key) ?? 0;
  }

  /** `bytes` makes the value that long. */
  set(key: string, { bytes = 0, ...options }: SetOptions & { readonly bytes?: number } = {}): Promise<boolean> {
    return this.cache.set(key, this.next(key, bytes), options);
  }

  delete(key: string, options: CallOptions = {}): Promise<boolean> {
    this.next(key);
    return this.cache.delete(key, options);
  }

  /** A value that counts as written from now on, for writes of other kinds. */
  next(key: string, bytes = 0): unknown {
    this.#issued.set(key, ++this.#last);
    return makeValue(this.#codec, key, this.#last, bytes);
  }

  /** The last write of the key did not take place, as the cache has said itself: that of `number` is the last one. */
  withdraw(key: string, number: number): void {
    this.#issued.set(key, number);
  }

  /** A loader that brings what was true when it began. */
  loader(key: string, gate: Promise<void> = Promise.resolve()): Loader<unknown> {
    const value = makeValue(this.#codec, key, this.issued(key));
    return async () => {
      await gate;
      return value;
    };
  }

  /** Reads the keys at once, by `get` or otherwise, and answers the numbers of the writes that came back. */
  read(keys: readonly string[], how: Reading = (key) => this.cache.get(key)): Promise<(number | undefined)[]> {
    return Promise.all(keys.map((key) => this.#read(key, how)));
  }

  async #read(key: string, how: Reading): Promise<number | undefined> {
    const least = this.issued(key);
    const value = await how(key);
    this.reads++;
    if (value === undefined) return undefined;
    const number = numberIn(value) ?? -1;
    if (keyIn(value) !== key) this.stale.push(`${key} answered the value of ${keyIn(value)}`);
    else if (number < least) this.stale.push(`${key} answered write ${number} after write ${least} was issued`);
    else this.hits++;
    return number;
  }
}
