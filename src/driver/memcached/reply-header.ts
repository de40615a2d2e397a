/**
 * The first line of a meta reply, read in place: two letters, for `VA` the length of the value, then flags, of which those
 * that this client asks for or must heed are kept. One record is filled again and again, so that a reply costs no object.
 */

import { FLAG_BYTES } from './memcached-options.js';

/** The line has not ended yet. */
export const INCOMPLETE = -1;
/** Some other line: an error text, or no memcached at all. */
export const NOT_META = -2;

/** Two letters as one number. */
const code = (letters: string): number => (letters.charCodeAt(0) << 8) | letters.charCodeAt(1);
export const VA = code('VA');
export const HD = code('HD');
export const EN = code('EN');
export const NF = code('NF');
export const NS = code('NS');
export const EX = code('EX');
export const MN = code('MN');

export const NO_OPAQUE = -1;
const NO_EXPIRY_TOLD = -1;
/** Nine digits stay below 2^31; no server takes values that large. */
const MAX_LENGTH_DIGITS = 9;

const CR = 13;
const LF = 10;
const SPACE = 32;
const ZERO = 48;

export class ReplyHeader {
  code = 0;
  valueLength = 0;
  opaque = NO_OPAQUE;
  /** Won, lost or stale (`W`, `Z`, `X`): there is no value to serve, only a placeholder or an invalidated one. */
  isPlaceholder = false;
  /** The lease is ours (`W`), of a placeholder and no stale item. */
  isWon = false;
  /** Seconds left, -1 for none. */
  ttlSeconds = NO_EXPIRY_TOLD;
  clientFlags = 0;
  /** The CAS value stands at [tokenStart, tokenEnd). */
  tokenStart = 0;
  tokenEnd = 0;

  /** Reads the line at `start`; the position behind its line break, or `INCOMPLETE`, or `NOT_META`. */
  read(bytes: Buffer, start: number, end: number): number {
    if (end - start < 4) return bytes.subarray(start, end).includes(LF) ? NOT_META : INCOMPLETE;
    const letters = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
    if (letters !== VA && letters !== EN && letters !== HD && letters !== NF && letters !== NS) {
      if (letters !== EX && letters !== MN) return NOT_META;
    }
    this.code = letters;
    this.opaque = NO_OPAQUE;
    this.isPlaceholder = false;
    this.isWon = false;
    this.clientFlags = 0;
    let at = start + 2;
    if (letters === VA) {
      if (bytes[at] !== SPACE) return NOT_META;
      const digits = ++at;
      let length = 0;
      for (; at < end; at++) {
        const digit = (bytes[at] as number) - ZERO;
        if (digit < 0 || digit > 9) break;
        length = length * 10 + digit;
      }
      if (at === digits ? at < end : at - digits > MAX_LENGTH_DIGITS) return NOT_META;
      this.valueLength = length;
    }
    return this.#readFlags(bytes, at, end);
  }

  /**
   * Puts the client flags before the value at `start`, and answers where they begin. They take the place of the end of this
   * header, which has been read: a value need not be copied to follow them.
   */
  writeFlags(bytes: Buffer, start: number): number {
    return bytes.writeUInt32BE(this.clientFlags >>> 0, start - FLAG_BYTES) - FLAG_BYTES;
  }

  #readFlags(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (at + 1 < end) {
      if (bytes[at] === CR) return bytes[at + 1] === LF ? at + 2 : NOT_META;
      if (bytes[at] !== SPACE) return NOT_META;
      const flag = bytes[at + 1] as number;
      at += 2;
      switch (flag) {
        case 79: {
          let opaque = 0;
          for (; at < end; at++) {
            const digit = (bytes[at] as number) - ZERO;
            if (digit < 0 || digit > 9) break;
            opaque = opaque * 10 + digit;
          }
          this.opaque = opaque;
          break;
        }
        case 87: // W
          this.isWon = !this.isPlaceholder;
          this.isPlaceholder = true;
          break;
        case 88: // X
          this.isWon = false;
          this.isPlaceholder = true;
          break;
        case 90: // Z
          this.isPlaceholder = true;
          break;
        case 99: // c
          this.tokenStart = at;
          this.tokenEnd = at = endOfWord(bytes, at, end);
          break;
        case 116: {
          const stop = endOfWord(bytes, at, end);
          this.ttlSeconds = bytes[at] === 45 ? NO_EXPIRY_TOLD : decimal(bytes, at, stop);
          at = stop;
          break;
        }
        case 102: {
          const stop = endOfWord(bytes, at, end);
          this.clientFlags = decimal(bytes, at, stop);
          at = stop;
          break;
        }
        case CR:
        case SPACE:
          at--;
          break;
        default:
          at = endOfWord(bytes, at, end);
      }
    }
    return INCOMPLETE;
  }
}

function endOfWord(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] as number) > SPACE) at++;
  return at;
}

/** The number told by digits alone; NaN if there is anything else, or nothing. */
export function decimal(bytes: Buffer, start: number, end: number): number {
  if (start === end) return Number.NaN;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
