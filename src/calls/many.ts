/**
 * Calls on many keys: each key goes its own way to its owners, a wave of them under one topology snapshot, and the batches
 * of the nodes put them together again. No key's failure concerns another.
 */

import { secondHash } from '../base/string-hash.js';
import type { CacheParts } from '../cache-parts.js';
import type { Encoded } from '../codec/encoded.js';
import { CacheError, OptionError, TimeoutError } from '../errors.js';
import { KeyWrite } from '../replication/key-write.js';
import { ListRead } from '../replication/list-read.js';
import type { Call } from './call-options.js';
import { nearValue } from './single.js';

/** What was found, by key; `failures` are the keys that no owner could tell of. */
export type FoundMany<T> = Map<string, T> & { readonly failures: Map<string, CacheError> };

export interface StoredMany {
  /** Keys that enough owners confirmed. */
  readonly stored: number;
  readonly failures: Map<string, CacheError>;
}

export interface DeletedMany {
  readonly deleted: number;
  readonly failures: Map<string, CacheError>;
}

/** Keys under way at once: bounds queues and the time the event loop is kept. */
const WAVE = 4_096;
/** From here on a list of keys is bulk traffic, which small calls need not wait behind. */
const LARGE_LIST = 1_024;

export async function getMany<T>(parts: CacheParts, given: Iterable<string>, call: Call): Promise<FoundMany<T>> {
  const keys = listed(given);
  const found = Object.assign(new Map<string, T>(), { failures: new Map<string, CacheError>() });
  const each: Call = keys.length >= LARGE_LIST && call.lane === 'interactive' ? { ...call, lane: 'bulk' } : call;
  await inWaves(keys, found.failures, parts, each, (rest, done) => {
    const list = new ListRead(parts.read, parts.topology, rest, {
      found(key, value) {
        found.set(key, value as T);
        done();
      },
      missed: done,
      failed(key, error) {
        found.failures.set(key, error);
        done();
      },
    });
    return (key, wire) => {
      const near = nearValue(parts, wire);
      if (near === undefined) list.begin(key, wire);
      else {
        found.set(key, near as T);
        done();
      }
    };
  });
  return found;
}

export async function setMany<T>(
  parts: CacheParts,
  entries: Iterable<readonly [string, T]> | Readonly<Record<string, T>>,
  ttlMs: number,
  call: Call,
): Promise<StoredMany> {
  if (typeof entries !== 'object' || entries === null)
    throw new OptionError('entries', 'must be a Map, a list of pairs or an object');
  // The last value of a key counts, as if they had been set one after another.
  const values = new Map<string, T>(isIterable(entries) ? pairsOf(entries) : Object.entries(entries));
  const written = await writeMany(parts, [...values.keys()], call, (key, wire, stamp) => ({
    bytes: parts.values.encode(
      wire,
      secondHash(wire),
      values.get(key),
      stamp,
      ttlMs === 0 ? 0 : parts.read.calendar.now() + ttlMs,
    ),
    ttlMs,
  }));
  return { stored: written.done, failures: written.failures };
}

export async function deleteMany(parts: CacheParts, keys: Iterable<string>, call: Call): Promise<DeletedMany> {
  const { deleted, failures } = await removeMany(parts, keys, call);
  return { deleted, failures };
}

/** `deleteMany`, and the keys of which an owner held something, were it only what had expired. */
export async function removeMany(
  parts: CacheParts,
  keys: Iterable<string>,
  call: Call,
): Promise<DeletedMany & { readonly found: ReadonlySet<string> }> {
  const found = new Set<string>();
  const nothing = { bytes: undefined, ttlMs: 0 };
  const written = await writeMany(parts, [...new Set(listed(keys))], call, () => nothing, found);
  return { deleted: written.done, failures: written.failures, found };
}

async function writeMany(
  parts: CacheParts,
  keys: readonly string[],
  call: Call,
  encode: (key: string, wire: string, stamp: number) => { readonly bytes: Encoded | undefined; readonly ttlMs: number },
  found?: Set<string>,
): Promise<{ done: number; failures: Map<string, CacheError> }> {
  const written = { done: 0, failures: new Map<string, CacheError>() };
  await inWaves(keys, written.failures, parts, call, (rest, done) => {
    // A write to who owned the key when the call began would leave what has been copied to its new owner since.
    const { topology } = parts;
    return (key, wire) => {
      const stamp = parts.stamps.next();
      const { bytes, ttlMs } = encode(key, wire, stamp);
      const settled = (_: boolean, isFound: boolean): void => {
        written.done++;
        if (isFound) found?.add(key);
        done();
      };
      const failed = (error: CacheError): void => {
        written.failures.set(key, error);
        done();
      };
      new KeyWrite(parts.write, topology, wire, rest, true, stamp, bytes, ttlMs, settled, failed);
    };
  });
  return written;
}

/**
 * Begins the keys wave by wave, each wave with what is left of the call's time; each key must be `done` once. An illegal key
 * or value is a failure of that key, and so is a time that was over before its wave came: nothing is issued for it then, nor
 * after an abort, when nobody listens any more.
 */
async function inWaves(
  keys: readonly string[],
  failures: Map<string, CacheError>,
  parts: CacheParts,
  call: Call,
  wave: (rest: Call, done: () => void) => (key: string, wire: string) => void,
): Promise<void> {
  const { clock } = parts.read;
  const endsAt = clock.now() + call.totalMs;
  for (let from = 0; from < keys.length; from += WAVE) {
    if (call.signal?.aborted === true) return;
    const rest = from === 0 ? call : { ...call, totalMs: endsAt - clock.now() };
    const end = Math.min(from + WAVE, keys.length);
    await new Promise<void>((resolve) => {
      let open = end - from;
      const done = (): void => {
        if (--open === 0) resolve();
      };
      const begin = rest.totalMs > 0 ? wave(rest, done) : tooLate(call.totalMs);
      for (let i = from; i < end; i++) {
        const key = keys[i] as string;
        try {
          begin(key, parts.keys.toWireKey(key));
        } catch (error) {
          failures.set(
            key,
            error instanceof CacheError
              ? error
              : new CacheError('ERR_INVALID_VALUE', 'the value cannot be encoded', { key, cause: error }),
          );
          done();
        }
      }
    });
  }
}

function tooLate(totalMs: number): (key: string) => never {
  return (key) => {
    throw new TimeoutError(`the ${totalMs} ms of the call were over before it came to the key`, totalMs, false, {
      key,
    });
  };
}

/** A string is a list of its characters, which nobody means. */
function listed(keys: Iterable<string>): string[] {
  if (typeof keys !== 'object' || keys === null || !isIterable(keys))
    throw new OptionError('keys', 'must be a list of keys');
  return [...keys];
}

function* pairsOf<T>(entries: Iterable<readonly [string, T]>): Generator<readonly [string, T]> {
  for (const pair of entries) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new OptionError('entries', 'must be pairs of a key and a value');
    yield pair;
  }
}

function isIterable<T>(value: object | Iterable<T>): value is Iterable<T> {
  return Symbol.iterator in value;
}
