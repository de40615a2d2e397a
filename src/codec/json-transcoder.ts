/**
 * The `json` codec: values as JSON has them, each in the form that is cheapest to read back exactly.
 *
 * - Strings are stored as their UTF-8, without quotes; those with lone surrogates as JSON text, which can express them.
 * - A top-level Buffer or Uint8Array is stored byte for byte and comes back as a Buffer.
 * - An integer 0 … 2^53 − 1 is stored as bare digits, so that `set(key, 5)` and then `increment(key)` count on from 5 on
 *   every driver. Digits carry no stamp, no key check and no expiry of their own: what the ledger says of raw values holds
 *   for them (STALENESS R11).
 * - Everything else, `null` and `false` included, is JSON text. What JSON would lose at the top level (`undefined`,
 *   functions, symbols, NaN, infinities, maps, sets, promises, other binary views) is refused; nested, JSON's rules hold.
 */

import { isCounterValue, readCounter, writeCounter } from '../base/counter.js';
import { FORM_BYTES, FORM_JSON, FORM_STRING, formOf, isEnvelope, readEnvelope, type Verdict } from '../envelope.js';
import { CacheError } from '../errors.js';
import type { Encoded } from './encoded.js';
import type { EnvelopeWriter } from './envelope-writer.js';
import { readJson, writeJson } from './json-text.js';
import { CORRUPT, COUNTER, Kept, type Transcoder } from './transcoder.js';

const COUNTER_BYTES = 8;

export class JsonTranscoder implements Transcoder {
  readonly isEnveloped = true;
  readonly #writer: EnvelopeWriter;

  constructor(writer: EnvelopeWriter) {
    this.#writer = writer;
  }

  encode(key: string, keyHash: number, value: unknown, stamp: number, expiresAt: number): Encoded {
    if (typeof value === 'string' && value.isWellFormed()) {
      return this.#writer.text(FORM_STRING, key, keyHash, value, stamp, expiresAt);
    }
    if (typeof value === 'number') {
      if (isCounterValue(value)) return writeCounter(value);
      if (!Number.isFinite(value)) throw refused(String(value), key);
    } else if (ArrayBuffer.isView(value)) {
      if (!(value instanceof Uint8Array)) throw refused('a binary view other than Uint8Array', key);
      return this.#writer.bytes(FORM_BYTES, key, keyHash, value, stamp, expiresAt);
    }
    return this.#writer.text(FORM_JSON, key, keyHash, writeJson(value, key), stamp, expiresAt);
  }

  check(bytes: Buffer, start: number, end: number, keyHash: number, calendarMs: number): Verdict {
    return readEnvelope(bytes, start, end, keyHash, calendarMs);
  }

  keep(bytes: Buffer, start: number, end: number): Kept | typeof CORRUPT {
    if (isEnvelope(bytes, start)) return this.#writer.keep(bytes, start, end);
    return new Kept(COUNTER, readCounter(bytes, start, end), COUNTER_BYTES);
  }

  keepEncoded(encoded: Encoded): Kept | typeof CORRUPT {
    return typeof encoded === 'string' ? this.#writer.keepLatin1(encoded) : this.keep(encoded, 0, encoded.length);
  }

  restore(_key: string, kept: Kept): unknown {
    if (kept.flags === COUNTER) return kept.payload;
    switch (formOf(kept.flags)) {
      case FORM_JSON: {
        const text = this.#writer.textOf(kept);
        return text === undefined ? CORRUPT : readJson(text);
      }
      case FORM_STRING:
        return this.#writer.textOf(kept) ?? CORRUPT;
      case FORM_BYTES:
        return this.#writer.bytesOf(kept) ?? CORRUPT;
      default:
        // Written through a codec of the caller's own, before this cache was given `json`.
        return CORRUPT;
    }
  }
}

function refused(what: string, key: string): CacheError {
  return new CacheError('ERR_INVALID_VALUE', `codec json cannot store ${what}; codec bytes takes binary values`, {
    key,
  });
}
