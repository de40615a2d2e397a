/**
 * A caller's own codec, enveloped or raw. Whatever it throws while encoding is the call's typed error; whatever it throws
 * while decoding is a miss. It sees its own copy of the bytes, which it may keep.
 *
 * Enveloped, counters pass it by, as in every enveloped codec: their digits belong to the nodes.
 */

import { readCounter } from '../base/counter.js';
import { FORM_CODEC, formOf, isEnvelope, readEnvelope, type Verdict } from '../envelope.js';
import { CacheError } from '../errors.js';
import type { Encoded } from './encoded.js';
import type { EnvelopeWriter } from './envelope-writer.js';
import { CORRUPT, COUNTER, Kept, keepBytes, type Transcoder } from './transcoder.js';

export interface CodecContext {
  /** The key on the wire, namespace included: an encrypting codec binds to it, so that swapped values are misses. */
  readonly key: string;
}

/** How values become bytes. Both functions are synchronous; see `CodecContext` for what they may bind to. */
export interface Codec<V> {
  /** Bytes, or a string to be stored as UTF-8. A throw rejects the call with `ERR_INVALID_VALUE` before any I/O. */
  encode(value: V, context: CodecContext): Uint8Array | string;
  /** The value again. A throw, or `undefined`, makes the entry a miss. */
  decode(bytes: Buffer, context: CodecContext): V;
  /**
   * Stores exactly what `encode` answers, for entries shared with other clients, at the price of the envelope's
   * guarantees: no stamp, no key check, no exact expiry, no compression.
   * @default false
   */
  readonly raw?: boolean | undefined;
}

export class CustomTranscoder implements Transcoder {
  readonly isEnveloped: boolean;
  readonly #codec: Codec<unknown>;
  readonly #writer: EnvelopeWriter;

  constructor(codec: Codec<unknown>, writer: EnvelopeWriter) {
    this.isEnveloped = codec.raw !== true;
    this.#codec = codec;
    this.#writer = writer;
  }

  encode(key: string, keyHash: number, value: unknown, stamp: number, expiresAt: number): Encoded {
    if (value === undefined) throw invalid('undefined is no value', key);
    const encoded = this.#encoded(key, value);
    if (!this.isEnveloped) return this.#writer.raw(key, encoded);
    if (typeof encoded === 'string') return this.#writer.text(FORM_CODEC, key, keyHash, encoded, stamp, expiresAt);
    return this.#writer.bytes(FORM_CODEC, key, keyHash, encoded, stamp, expiresAt);
  }

  check(bytes: Buffer, start: number, end: number, keyHash: number, calendarMs: number): Verdict {
    return this.isEnveloped ? readEnvelope(bytes, start, end, keyHash, calendarMs) : 'ok';
  }

  keep(bytes: Buffer, start: number, end: number): Kept | typeof CORRUPT {
    if (!this.isEnveloped) return keepBytes(FORM_CODEC, bytes, start, end);
    if (isEnvelope(bytes, start)) return this.#writer.keep(bytes, start, end);
    return new Kept(COUNTER, readCounter(bytes, start, end), 8);
  }

  keepEncoded(encoded: Encoded): Kept | typeof CORRUPT {
    return typeof encoded === 'string' ? this.#writer.keepLatin1(encoded) : this.keep(encoded, 0, encoded.length);
  }

  restore(key: string, kept: Kept): unknown {
    if (kept.flags === COUNTER) return kept.payload;
    if (formOf(kept.flags) !== FORM_CODEC) return CORRUPT;
    const bytes = this.#writer.bytesOf(kept);
    if (bytes === undefined) return CORRUPT;
    try {
      const value = this.#codec.decode(bytes, { key });
      return value === undefined ? CORRUPT : value;
    } catch {
      return CORRUPT;
    }
  }

  #encoded(key: string, value: unknown): Uint8Array | string {
    let encoded: unknown;
    try {
      encoded = this.#codec.encode(value, { key });
    } catch (cause) {
      throw new CacheError('ERR_INVALID_VALUE', 'the codec failed to encode the value', { key, cause });
    }
    if (encoded instanceof Uint8Array) return encoded;
    if (typeof encoded === 'string' && encoded.isWellFormed()) return encoded;
    throw invalid(`the codec's encode must return bytes or a well-formed string, got ${typeof encoded}`, key);
  }
}

function invalid(message: string, key: string): CacheError {
  return new CacheError('ERR_INVALID_VALUE', message, { key });
}
