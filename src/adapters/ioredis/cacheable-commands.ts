/**
 * Commands on keys that are declared cacheable, carried out by the calls of a cache: with copies, stand-ins, debts and all.
 *
 * Values are the bytes that any other client sees. A command that a cache cannot carry out is refused, since what it does
 * to one copy would be unknown to all that is known of the key.
 */

import { Cache } from '../../cache.js';
import type { CacheParts } from '../../cache-parts.js';
import { commandIf } from '../../calls/conditional.js';
import { removeMany } from '../../calls/many.js';
import type { Words } from '../../driver/driver.js';
import { CacheError } from '../../errors.js';
import type { Cacheable } from './cacheable-keys.js';
import type { Asker } from './fleet.js';
import { failing } from './reply.js';
import { remainingMs, storeTerms } from './set-options.js';
import { keyText } from './words.js';

type Handler = (name: string, args: Words) => Promise<unknown>;

/** Done by the one node that decides on the key; where there are copies, they cannot follow. */
const DECIDED = new Set(
  'append decr decrby getdel getex getset incr incrby incrbyfloat setbit setrange bitfield'.split(' '),
);
const UNITS: Readonly<Record<string, string>> = {
  expire: 'EX',
  pexpire: 'PX',
  expireat: 'EXAT',
  pexpireat: 'PXAT',
  setex: 'EX',
  psetex: 'PX',
};

/** How many arguments they take, where a server would refuse what is stored here all the same. */
const COUNTS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  get: [1, 1],
  set: [2, 9],
  setnx: [2, 2],
  setex: [3, 3],
  psetex: [3, 3],
  ttl: [1, 1],
  pttl: [1, 1],
  persist: [1, 1],
};

export class CacheableCommands {
  readonly #parts: CacheParts;
  readonly #cache: Cache<Buffer>;
  readonly #isCacheable: Cacheable;
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(parts: CacheParts, isCacheable: Cacheable) {
    this.#parts = parts;
    this.#cache = new Cache<Buffer>(parts);
    this.#isCacheable = isCacheable;
    const expire: Handler = (name, args) => this.#expire(name, args);
    const remaining: Handler = (name, args) => this.#remaining(name, args);
    const remove: Handler = (_, args) => this.#remove(args);
    const exists: Handler = (_, args) => this.#exists(args);
    const setFor: Handler = (name, [key = '', amount = '', value = '']) =>
      this.#set(name, [key, value, UNITS[name] ?? '', amount]);
    this.#handlers = new Map<string, Handler>([
      ['get', (_, args) => this.#get(args)],
      ['set', (name, args) => this.#set(name, args)],
      ['setnx', (_, args) => this.#setnx(args)],
      ['setex', setFor],
      ['psetex', setFor],
      ['mget', (_, args) => this.#mget(args)],
      ['mset', (_, args) => this.#mset(args)],
      ['del', remove],
      ['unlink', remove],
      ['exists', exists],
      ['touch', exists],
      ['ttl', remaining],
      ['pttl', remaining],
      ['expire', expire],
      ['pexpire', expire],
      ['expireat', expire],
      ['pexpireat', expire],
      ['persist', (_, args) => this.#persist(args)],
    ]);
  }

  /** Keys that would travel under another name, and bytes that are no text, are data all the same. */
  has(key: string | Buffer): boolean {
    const text = keyText(key);
    if (typeof key !== 'string' && !Buffer.from(text).equals(key)) return false;
    if (!this.#isCacheable(text)) return false;
    try {
      return this.#parts.keys.toWireKey(text) === text;
    } catch {
      return false;
    }
  }

  /** Whether there is a way to carry out the command, whose keys are its first argument, or several. */
  knows(name: string): boolean {
    return this.#handlers.has(name) || DECIDED.has(name);
  }

  /** A command that it `knows`. @param args all of them of cacheable keys */
  ask(name: string, args: Words, asker: Asker): void {
    this.#answer(name, args).then(
      (reply) => asker.replied(reply),
      (error: CacheError) => asker.failed(error),
    );
  }

  /** GET, where there is no `Command`. */
  text(key: string): Promise<string | null> {
    return this.#cache.get(key).then(textOf, (error: Error) => failing(error, { name: 'get', args: [key] }));
  }

  /** SET, where there is no `Command`: all its words. */
  store(words: Words): Promise<unknown> {
    const args = words.slice(1);
    return this.#answer('set', args).catch((error: Error) => failing(error, { name: 'set', args }));
  }

  /** All nodes are being emptied: nothing that is remembered here counts any more, nor what is being read. */
  forgetAll(): void {
    const { read, near, fallback, negatives } = this.#parts;
    read.generations.bumpAll();
    near?.clear();
    fallback?.clear();
    negatives.clear();
  }

  /** @throws CacheError for a command that a cache cannot carry out, if one of its keys is cacheable */
  refuse(name: string, keys: readonly (string | Buffer)[]): void {
    const key = keys.find((one) => this.has(one));
    if (key !== undefined) throw refusal(name, keyText(key));
  }

  async #answer(name: string, args: Words): Promise<unknown> {
    this.#parts.assertOpen();
    const handler = this.#handlers.get(name);
    const [least, most] = COUNTS[name] ?? [0, Number.POSITIVE_INFINITY];
    if (args.length < least || args.length > most) return this.#refuse(name);
    if (handler !== undefined) return handler(name, args);
    const key = keyText(args[0] ?? '');
    if (this.#parts.topology.wantedReplication > 1) throw refusal(name, key);
    let answer: unknown;
    const took = (reply: unknown): boolean => {
      answer = reply;
      return true;
    };
    await commandIf(this.#parts, key, [name, ...args], took, this.#parts.defaults);
    return answer;
  }

  async #get([key = '']: Words): Promise<Buffer | null> {
    return (await this.#cache.get(keyText(key))) ?? null;
  }

  async #set(name: string, [key = '', value = '', ...options]: Words): Promise<string | null> {
    const wire = keyText(key);
    const terms = storeTerms(options, this.#parts.read.clock.wall());
    if (terms === undefined) return this.#refuse(name);
    const { mode, ttlMs } = terms;
    if (ttlMs !== 'none' && ttlMs <= 0) {
      await this.#remove([key]);
      return 'OK';
    }
    const bytes = bytesOf(value);
    if (mode === 'add') return (await this.#cache.add(wire, bytes, { ttlMs })) ? 'OK' : null;
    if (mode === 'replace') return (await this.#cache.replace(wire, bytes, { ttlMs })) ? 'OK' : null;
    if (!(await this.#cache.set(wire, bytes, { ttlMs }))) throw this.#unconfirmed(name, wire);
    return 'OK';
  }

  async #setnx([key = '', value = '']: Words): Promise<number> {
    return (await this.#cache.add(keyText(key), bytesOf(value))) ? 1 : 0;
  }

  async #mget(keys: Words): Promise<(Buffer | null)[]> {
    const found = await this.#cache.getMany(keys.map(keyText));
    return keys.map((key) => found.get(keyText(key)) ?? null);
  }

  async #mset(words: Words): Promise<string> {
    const entries = new Map<string, Buffer>();
    for (let i = 0; i < words.length; i += 2) entries.set(keyText(words[i] ?? ''), bytesOf(words[i + 1] ?? ''));
    const { failures } = await this.#cache.setMany(entries);
    for (const [, error] of failures) throw error;
    return 'OK';
  }

  async #remove(keys: Words): Promise<number> {
    const { found, failures } = await removeMany(this.#parts, keys.map(keyText), this.#parts.defaults);
    for (const [, error] of failures) throw error;
    return found.size;
  }

  async #exists(keys: Words): Promise<number> {
    const found = await this.#cache.getMany(keys.map(keyText));
    return keys.reduce((count, key) => count + (found.has(keyText(key)) ? 1 : 0), 0);
  }

  async #remaining(name: string, [key = '']: Words): Promise<number> {
    const ttlMs = await this.#cache.ttl(keyText(key));
    if (ttlMs === undefined) return -2;
    if (ttlMs === 'none') return -1;
    return name === 'pttl' ? Math.round(ttlMs) : Math.floor((ttlMs + 500) / 1_000);
  }

  async #expire(name: string, [key = '', amount, ...conditions]: Words): Promise<number> {
    const ttlMs = remainingMs(UNITS[name] ?? '', amount, this.#parts.read.clock.wall());
    if (ttlMs === undefined || conditions.length > 0) return this.#refuse(name);
    if (ttlMs <= 0) return this.#remove([key]);
    return (await this.#cache.touch(keyText(key), ttlMs)) ? 1 : 0;
  }

  async #persist([key = '']: Words): Promise<number> {
    const ttlMs = await this.#cache.ttl(keyText(key));
    if (ttlMs === undefined || ttlMs === 'none') return 0;
    return (await this.#cache.touch(keyText(key), 'none')) ? 1 : 0;
  }

  #refuse(name: string): never {
    throw new CacheError('ERR_INVALID_VALUE', `${name}: with these arguments it cannot be done on a cacheable key`);
  }

  #unconfirmed(name: string, key: string): CacheError {
    const { topology } = this.#parts;
    const node = topology.nodes[topology.placement.primaryOf(topology.placement.hash(key), key)]?.name;
    return new CacheError('ERR_UNAVAILABLE', `${name}: too few of the key's owners confirmed it`, { node, key });
  }
}

function refusal(name: string, key: string): CacheError {
  return new CacheError(
    'ERR_INVALID_KEY',
    `${name} cannot be done on a key that is declared cacheable; it needs one that cacheable leaves out`,
    { key },
  );
}

function textOf(value: Buffer | undefined): string | null {
  return value === undefined ? null : value.utf8Slice(0, value.length);
}

function bytesOf(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
