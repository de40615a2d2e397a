/**
 * RESP2 replies, parsed in place in the chunks the socket delivers.
 *
 * Bulk strings and array heads are told one by one, so that the values of a long MGET settle as they arrive and are
 * never sliced or copied; only an element cut by the end of a chunk is carried over, and a large one is collected in a
 * list and joined once, never grown chunk by chunk. Anything that is not RESP, or a bulk above `maxBulkBytes`, throws:
 * the connection is then no longer in step and must be destroyed.
 */

import { guessSpeaker } from './foreign-speaker.js';

const CR = 13;
const MINUS = 45;
const COLON = 58;
const PLUS = 43;
const DOLLAR = 36;
const STAR = 42;
/** Longest line accepted (status, error, number). */
const MAX_LINE = 65_536;

export interface ReplySink {
  /** A bulk string `bytes[start, end)`, valid only during the call. */
  bulk(bytes: Buffer, start: number, end: number): void;
  /** A null bulk string or null array. */
  nil(): void;
  /** The head of an array: `count` elements follow. */
  array(count: number): void;
  integer(value: number): void;
  status(text: string): void;
  error(text: string): void;
}

export class ProtocolViolation extends Error {}

/** A bulk string longer than allowed was announced. */
export class BulkTooLarge extends Error {
  readonly announcedBytes: number;

  constructor(announcedBytes: number) {
    super(`a value of ${announcedBytes} bytes was announced`);
    this.announcedBytes = announcedBytes;
  }
}

export class RespParser {
  readonly #sink: ReplySink;
  readonly #maxBulkBytes: number;
  #carried: Buffer[] = [];
  #carriedBytes = 0;
  /** Bytes the carried element is known to need before parsing it again can succeed. */
  #needed = 0;

  constructor(sink: ReplySink, maxBulkBytes: number) {
    this.#sink = sink;
    this.#maxBulkBytes = maxBulkBytes;
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#carriedBytes > 0) {
      this.#carried.push(chunk);
      this.#carriedBytes += chunk.length;
      if (this.#carriedBytes < this.#needed) return;
      bytes = Buffer.concat(this.#carried, this.#carriedBytes);
      this.#carried = [];
      this.#carriedBytes = 0;
    }
    const consumed = this.#parse(bytes);
    if (consumed < bytes.length) {
      this.#carried.push(consumed === 0 ? bytes : bytes.subarray(consumed));
      this.#carriedBytes = bytes.length - consumed;
    }
  }

  /** Parses whole elements; answers how many bytes they took. */
  #parse(bytes: Buffer): number {
    const sink = this.#sink;
    const length = bytes.length;
    let start = 0;
    while (start < length) {
      const type = bytes[start];
      if (type === DOLLAR || type === STAR || type === COLON) {
        let at = start + 1;
        let digit = at < length ? (bytes[at] as number) : CR;
        const isNegative = digit === MINUS;
        if (isNegative) digit = ++at < length ? (bytes[at] as number) : CR;
        const firstDigit = at;
        let value = 0;
        while (digit >= 48 && digit <= 57) {
          value = value * 10 + digit - 48;
          digit = ++at < length ? (bytes[at] as number) : CR;
        }
        if (at - firstDigit > 20) throw new ProtocolViolation('a number without end');
        if (at + 1 >= length) return this.#incomplete(start, length - start + 1);
        if (digit !== CR || at === firstDigit) throw new ProtocolViolation('a length or number was expected');
        at += 2;
        if (type === DOLLAR) {
          if (isNegative) {
            start = at;
            sink.nil();
            continue;
          }
          if (value > this.#maxBulkBytes) throw new BulkTooLarge(value);
          const end = at + value;
          if (end + 2 > length) return this.#incomplete(start, end + 2 - start);
          start = end + 2;
          if (bytes[end] !== CR) throw new ProtocolViolation('a value does not end where it said');
          sink.bulk(bytes, at, end);
        } else {
          start = at;
          if (type === COLON) sink.integer(isNegative ? -value : value);
          else if (isNegative) sink.nil();
          else sink.array(value);
        }
      } else if (type === PLUS || type === MINUS) {
        const end = bytes[start + 3] === CR ? start + 3 : bytes.indexOf(CR, start);
        if (end === -1 || end + 1 >= length) {
          if (length - start > MAX_LINE) throw new ProtocolViolation('a line without end');
          return this.#incomplete(start, length - start + 1);
        }
        // Nearly all statuses are this one.
        const isOk = end === start + 3 && bytes[start + 1] === 79 && bytes[start + 2] === 75;
        const text = isOk ? 'OK' : bytes.latin1Slice(start + 1, end);
        start = end + 2;
        if (type === PLUS) sink.status(text);
        else sink.error(text);
      } else {
        throw new ProtocolViolation(guessSpeaker(bytes, start));
      }
    }
    return length;
  }

  #incomplete(start: number, needed: number): number {
    this.#needed = needed;
    return start;
  }
}
