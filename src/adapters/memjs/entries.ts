/**
 * The calls upon one key, as promises: memjs's arguments in, its results out, the core's guards and ledger between. Whatever
 * is wrong with an argument rejects; nothing throws, and everything is issued before the call returns.
 */

import { isUtf8 } from 'node:buffer';
import type { CacheParts } from '../../cache-parts.js';
import type { Call } from '../../calls/call-options.js';
import { commandIf, count, storeIf } from '../../calls/conditional.js';
import { readValue, writeValue } from '../../calls/single.js';
import { CacheError } from '../../errors.js';
import { KeyWrite } from '../../replication/key-write.js';
import { touch } from '../../replication/touch.js';
import { type ClientSettings, MOST_WAITING } from './client-options.js';
import type { Core } from './core.js';
import { type Life, lifeOf, secondsOf } from './expiry.js';
import { KeyLine } from './key-line.js';
import { fromStored, OPCODE, type Serializer, toAffix, toStored } from './serializer.js';

export interface Found<V = Buffer> {
  /** A Buffer, or what the serializer makes of it; null if there is none. */
  readonly value: V | null;
  /** The client flags, four bytes; or what the serializer makes of them. */
  readonly flags: Buffer | null;
}

export interface Counted {
  readonly success: boolean;
  readonly value: number;
}

/** As many as may wait for room in a lane. */
const WAITING = { maxWaiting: MOST_WAITING, maxBytes: 64 * 1024 * 1024 };
const MAX_BASE64_KEY_BYTES = 186;
const MAX_AMOUNT = 2 ** 32 - 1;

export class Entries {
  serializer: Serializer;
  readonly #parts: CacheParts;
  readonly #expires: number;
  readonly #takesAnyKey: boolean;
  readonly #line: KeyLine;
  #isEnded = false;

  constructor({ parts, takesAnyKey }: Core, { serializer, expires }: Pick<ClientSettings, 'serializer' | 'expires'>) {
    this.#parts = parts;
    this.serializer = serializer;
    this.#expires = expires;
    this.#takesAnyKey = takesAnyKey;
    this.#line = new KeyLine({ clock: parts.read.clock, call: parts.defaults, ...WAITING });
  }

  /** Resolves once everything asked so far has been issued; takes no more. */
  end(): Promise<void> {
    this.#isEnded = true;
    return this.#line.idle;
  }

  async get<V>(key: unknown): Promise<Found<V>> {
    const wire = this.#begin(key);
    const bytes = await this.#line.read(wire, (call) => readValue(this.#parts, wire, call));
    return Buffer.isBuffer(bytes) ? (fromStored(this.serializer, bytes) as Found<V>) : { value: null, flags: null };
  }

  async set(key: unknown, value: unknown, expires: unknown): Promise<boolean> {
    const wire = this.#begin(key);
    const { bytes, life } = this.#stored('set', value, expires);
    if (life !== 'past')
      return this.#line.write(wire, (call) => writeValue(this.#parts, wire, call, bytes, msOf(life)), bytes.length);
    await this.#remove(wire);
    return true;
  }

  async storeIf(mode: 'add' | 'replace', key: unknown, value: unknown, expires: unknown): Promise<boolean> {
    const wire = this.#begin(key);
    const { bytes, life } = this.#stored(mode, value, expires);
    if (life !== 'past')
      return this.#line.write(
        wire,
        (call) => storeIf(this.#parts, mode, wire, bytes, { ttlMs: ttlOf(life) }, call),
        bytes.length,
      );
    // Stored with a date that has been, it is gone at once, and so is what it replaces.
    if (mode === 'replace') return this.#remove(wire);
    return (await this.#line.read(wire, (call) => readValue(this.#parts, wire, call))) === undefined;
  }

  async delete(key: unknown): Promise<boolean> {
    return this.#remove(this.#begin(key));
  }

  async count(direction: 1 | -1, key: unknown, amount: unknown, start: unknown, expires: unknown): Promise<Counted> {
    const wire = this.#begin(key);
    const by = wholeNumber('amount', amount, MAX_AMOUNT);
    const initial = wholeNumber('initial', start || 0, Number.MAX_SAFE_INTEGER);
    const life = this.#life(secondsOf(expires, this.#expires));
    const options = { initial, ttlMs: life === 'past' ? 1 : ttlOf(life) };
    const work = (call: Call): Promise<number> => count(this.#parts, wire, direction, by, options, call);
    return { success: true, value: await this.#line.count(wire, work) };
  }

  async affix(mode: 'append' | 'prepend', key: unknown, value: unknown): Promise<boolean> {
    const wire = this.#begin(key);
    const bytes = toAffix(this.serializer, OPCODE[mode], value);
    const words = [mode, wire, bytes];
    return this.#line.write(wire, (call) => commandIf(this.#parts, wire, words, isStored, call), bytes.length);
  }

  async touch(key: unknown, expires: unknown): Promise<boolean> {
    const wire = this.#begin(key);
    const life = this.#life(secondsOf(expires, this.#expires));
    if (life === 'past') return this.#remove(wire);
    const ttlMs = msOf(life);
    return this.#line.write(wire, ({ totalMs, lane }) => {
      const { topology, write } = this.#parts;
      return touch(write, { topology, key: wire, ttlMs, totalMs, lane });
    });
  }

  /** @throws CacheError for a client that is closed, a limit that is used up, a key that is none */
  #begin(key: unknown): string {
    if (this.#isEnded) throw new CacheError('ERR_CLOSED', 'the client is closed');
    this.#parts.assertOpen();
    this.#parts.assertAllowed?.();
    const wire = this.#parts.keys.toWireKey(textOf(key));
    if (!this.#takesAnyKey && wire.length * 3 > MAX_BASE64_KEY_BYTES) refuseLongWithBlanks(wire);
    return wire;
  }

  #stored(opcode: 'set' | 'add' | 'replace', value: unknown, expires: unknown): { bytes: Buffer; life: Life } {
    const stored = toStored(this.serializer, OPCODE[opcode], value, secondsOf(expires, this.#expires));
    return { bytes: stored.bytes, life: this.#life(stored.expires) };
  }

  #life(seconds: number): Life {
    return lifeOf(seconds, this.#parts.read.clock.wall());
  }

  /** Whether there was an entry. */
  #remove(wire: string): Promise<boolean> {
    return this.#line.write(wire, (call) => {
      const { write, topology, stamps } = this.#parts;
      return new Promise((resolve, reject) => {
        const told = (_: boolean, isFound: boolean): void => resolve(isFound);
        new KeyWrite(write, topology, wire, call, false, stamps.next(), undefined, 0, told, reject);
      });
    });
  }
}

/** Keys with blanks travel encoded, for which there is less room. */
function refuseLongWithBlanks(wire: string): void {
  const isLong = Buffer.byteLength(wire, 'utf8') > MAX_BASE64_KEY_BYTES;
  if (isLong && /[\0-\x20\x7f]/.test(wire))
    throw new CacheError(
      'ERR_INVALID_KEY',
      `a key with blanks or control characters takes at most ${MAX_BASE64_KEY_BYTES} bytes, or 250 with protocol: 'binary'`,
    );
}

function isStored(reply: unknown): boolean {
  return reply === 'STORED';
}

function msOf(life: Exclude<Life, 'past'>): number {
  return life === 'none' ? 0 : life.ttlMs;
}

function ttlOf(life: Exclude<Life, 'past'>): number | 'none' {
  return life === 'none' ? life : life.ttlMs;
}

/** Bytes are a key if they are the UTF-8 of one. */
function textOf(key: unknown): string {
  if (!(key instanceof Uint8Array)) return key as string;
  if (!isUtf8(key)) throw new CacheError('ERR_INVALID_KEY', 'a key of bytes must be UTF-8');
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('utf8');
}

/** Fractions are cut off. */
function wholeNumber(name: string, given: unknown, most: number): number {
  const value = Math.trunc(Number(given ?? Number.NaN));
  if (value >= 0 && value <= most) return value;
  throw new CacheError('ERR_INVALID_VALUE', `${name} must be a number from 0 to ${most}, got ${String(given)}`);
}
