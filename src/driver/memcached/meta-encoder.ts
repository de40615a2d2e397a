/** Requests of the meta protocol. */

import type { CountOperation, StoreOperation } from '../driver.js';
import { type AffixStore, isAffix } from './affix.js';
import { keyToken, LONGEST_KEY_BYTES, MAX_KEY_BYTES, writePlainKey } from './key-token.js';
import { FLAG_BYTES } from './memcached-options.js';
import { RequestBuffer } from './request-buffer.js';

/** More than any request without its value: the key in either form and all flags. */
const HEADER_ROOM = LONGEST_KEY_BYTES + 313;

export const MIN_OPAQUE = 1000;
export const MAX_OPAQUE = 9999;

const SPACE = 32;
const LETTER = { a: 97, b: 98, d: 100, g: 103, m: 109, s: 115, t: 116, c: 99, f: 102, v: 118 } as const;
const FLAG = {
  mode: 77,
  delta: 68,
  initial: 74,
  vivify: 78,
  opaque: 79,
  ttl: 84,
  compare: 67,
  clientFlags: 70,
} as const;
const MODE = { add: 69, replace: 82, decrement: 68, append: 65, prepend: 80 } as const;

/** A store that keeps the flags another client has set on the entry. */
export interface FlaggedStore extends StoreOperation {
  readonly clientFlags?: number;
}

/** Each method that takes a key tells whether the server takes that key; if not, nothing was written. */
export class MetaEncoder extends RequestBuffer {
  private isBase64 = false;
  private readonly isVerbatim: boolean;
  private readonly maxKeyBytes: number;

  /** `isVerbatim`: see `MemcachedOptions`. */
  constructor(pieceBytes?: number, isVerbatim = false) {
    super(pieceBytes);
    this.isVerbatim = isVerbatim;
    this.maxKeyBytes = isVerbatim ? LONGEST_KEY_BYTES : MAX_KEY_BYTES;
  }

  get(key: string, opaque: number): boolean {
    if (!this.begin(LETTER.g, key)) return false;
    this.keyFlag();
    if (this.isVerbatim) this.flag(LETTER.f);
    this.flag(LETTER.v);
    this.end(opaque);
    return true;
  }

  /** Asks for remaining time to live, CAS value and client flags. */
  inspect(key: string, withValue: boolean, opaque: number): boolean {
    if (!this.begin(LETTER.g, key)) return false;
    this.keyFlag();
    this.flag(LETTER.t);
    this.flag(LETTER.c);
    this.flag(LETTER.f);
    if (withValue) this.flag(LETTER.v);
    this.end(opaque);
    return true;
  }

  store(operation: FlaggedStore, expiry: number, opaque: number): boolean {
    if (!this.begin(LETTER.s, operation.key)) return false;
    if (isAffix(operation)) return this.affix(operation, opaque);
    const value = this.isVerbatim ? operation.bytes.subarray(FLAG_BYTES) : (operation.latin1 ?? operation.bytes);
    this.bytes[this.length++] = SPACE;
    this.number(value.length);
    this.keyFlag();
    if (expiry !== 0) this.numbered(FLAG.ttl, expiry);
    if (this.isVerbatim) this.flagsOf(operation.bytes);
    switch (operation.mode) {
      case 'add':
        this.mode(MODE.add);
        break;
      case 'replace':
        this.mode(MODE.replace);
        break;
      case 'compare':
      case 'leased':
        this.flag(FLAG.compare);
        this.ascii(operation.token ?? '');
        if (operation.clientFlags) this.numbered(FLAG.clientFlags, operation.clientFlags);
        break;
    }
    this.end(opaque);
    this.value(value);
    return true;
  }

  /** Only to what still has the CAS value, where there is one. */
  private affix({ affix, bytes, token }: AffixStore, opaque: number): boolean {
    this.bytes[this.length++] = SPACE;
    this.number(bytes.length);
    this.keyFlag();
    this.mode(MODE[affix]);
    if (token !== undefined) {
      this.flag(FLAG.compare);
      this.ascii(token);
    }
    this.end(opaque);
    this.value(bytes);
    return true;
  }

  /** Only what still has the CAS value, where there is one. */
  delete(key: string, opaque: number, token?: string): boolean {
    if (!this.begin(LETTER.d, key)) return false;
    this.keyFlag();
    if (token !== undefined) {
      this.flag(FLAG.compare);
      this.ascii(token);
    }
    this.end(opaque);
    return true;
  }

  /** Makes a placeholder where there is nothing, and tells the CAS value. */
  lease(key: string, expiry: number, opaque: number): boolean {
    if (!this.begin(LETTER.g, key)) return false;
    this.keyFlag();
    this.numbered(FLAG.vivify, expiry);
    this.flag(LETTER.c);
    this.end(opaque);
    return true;
  }

  /** Asks for the CAS value too: a placeholder must not be prolonged. */
  touch(key: string, expiry: number, opaque: number): boolean {
    if (!this.begin(LETTER.g, key)) return false;
    this.keyFlag();
    this.numbered(FLAG.ttl, expiry);
    this.flag(LETTER.c);
    this.end(opaque);
    return true;
  }

  count(operation: CountOperation, expiry: number, opaque: number): boolean {
    if (!this.begin(LETTER.a, operation.key)) return false;
    this.keyFlag();
    if (operation.delta < 0) this.mode(MODE.decrement);
    this.numbered(FLAG.delta, Math.abs(operation.delta));
    if (operation.initial !== undefined) {
      this.numbered(FLAG.vivify, expiry);
      this.numbered(FLAG.initial, operation.initial);
    }
    this.flag(LETTER.v);
    this.end(opaque);
    return true;
  }

  /** A command as it is; one byte a character. */
  line(text: string): void {
    this.open(text.length + 2);
    this.ascii(text);
    this.lineBreak();
  }

  private begin(command: number, key: string): boolean {
    this.open(HEADER_ROOM);
    const bytes = this.bytes;
    const start = this.length;
    bytes[start] = LETTER.m;
    bytes[start + 1] = command;
    bytes[start + 2] = SPACE;
    this.isBase64 = false;
    const end = writePlainKey(bytes, start + 3, key, this.maxKeyBytes);
    if (end !== -1) {
      this.length = end;
      return true;
    }
    const token = keyToken(key, this.maxKeyBytes);
    if (token === undefined) {
      this.drop();
      return false;
    }
    this.isBase64 = token.isBase64;
    this.length = start + 3;
    this.ascii(token.text);
    return true;
  }

  private keyFlag(): void {
    if (this.isBase64) this.flag(LETTER.b);
  }

  /** The flags in front of a verbatim value, unless they are what the server takes them to be anyway. */
  private flagsOf(bytes: Buffer): void {
    const flags = bytes.readUInt32BE(0);
    if (flags !== 0) this.numbered(FLAG.clientFlags, flags);
  }

  private flag(letter: number): void {
    this.bytes[this.length++] = SPACE;
    this.bytes[this.length++] = letter;
  }

  private mode(letter: number): void {
    this.flag(FLAG.mode);
    this.bytes[this.length++] = letter;
  }

  private numbered(letter: number, value: number): void {
    this.flag(letter);
    this.number(value);
  }

  private end(opaque: number): void {
    this.flag(FLAG.opaque);
    this.number(opaque);
    this.lineBreak();
  }
}
