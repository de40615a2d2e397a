/**
 * Puts a payload into an envelope, and takes it out again into a form that may be kept. Payloads above `minBytes` are
 * compressed when that makes them smaller; the limit on values is on the payload as it was before.
 */

import { type CompressionOptions, compress, decompress, numberOf } from '../compression.js';
import {
  compressionOf,
  FLAG_ASCII,
  FLAGS_AT,
  FORM_BYTES,
  flagsAt,
  flagsOf,
  formOf,
  HEADER_BYTES,
  type PayloadForm,
  sealEnvelope,
} from '../envelope.js';
import { CacheError } from '../errors.js';
import { type Encoded, MAX_LATIN1 } from './encoded.js';
import { type CORRUPT, Kept, keepBytes, keepText } from './transcoder.js';

const scratch = Buffer.allocUnsafeSlow(MAX_LATIN1);

export interface EnvelopeWriterOptions {
  readonly clientId: number;
  readonly maxValueBytes: number;
  readonly compression?: CompressionOptions | undefined;
}

export class EnvelopeWriter {
  readonly #clientId: number;
  readonly #maxValueBytes: number;
  readonly #compression: Required<CompressionOptions> | undefined;

  constructor({ clientId, maxValueBytes, compression }: EnvelopeWriterOptions) {
    this.#clientId = clientId >>> 0;
    this.#maxValueBytes = maxValueBytes;
    this.#compression = compression && {
      minBytes: compression.minBytes,
      algorithm: compression.algorithm ?? 'deflate-raw',
    };
  }

  /** `text` must be well-formed. */
  text(form: PayloadForm, key: string, keyHash: number, text: string, stamp: number, expiresAt: number): Encoded {
    const length = Buffer.byteLength(text, 'utf8');
    const isAscii = length === text.length;
    this.#admit(length, key);
    if (this.#compression !== undefined && length >= this.#compression.minBytes) {
      return this.#compressed(form, isAscii, keyHash, Buffer.from(text, 'utf8'), stamp, expiresAt);
    }
    const end = HEADER_BYTES + length;
    const isShort = end < MAX_LATIN1;
    const out = isShort ? scratch : Buffer.allocUnsafe(end);
    if (isAscii) out.latin1Write(text, HEADER_BYTES, length);
    else out.utf8Write(text, HEADER_BYTES, length);
    sealEnvelope(out, end, flagsOf(form, isAscii, 0), keyHash, stamp, this.#clientId, expiresAt);
    return isShort ? out.latin1Slice(0, end) : out;
  }

  bytes(form: PayloadForm, key: string, keyHash: number, bytes: Uint8Array, stamp: number, expiresAt: number): Buffer {
    this.#admit(bytes.length, key);
    if (this.#compression !== undefined && bytes.length >= this.#compression.minBytes) {
      return this.#compressed(form, false, keyHash, bytes, stamp, expiresAt);
    }
    return this.#wrapped(flagsOf(form, false, 0), keyHash, bytes, stamp, expiresAt);
  }

  /** The value alone, without an envelope; a copy. */
  raw(key: string, value: Uint8Array | string): Buffer {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
    this.#admit(bytes.length, key);
    return bytes;
  }

  /** The payload of an envelope found whole, as it is: still compressed if it was. */
  keep(bytes: Buffer, start: number, end: number): Kept | typeof CORRUPT {
    const flags = flagsAt(bytes, start);
    const from = start + HEADER_BYTES;
    const isText = formOf(flags) < FORM_BYTES && compressionOf(flags) === 0;
    if (!isText) return keepBytes(flags, bytes, from, end);
    return keepText(flags, bytes, from, end, (flags & FLAG_ASCII) !== 0);
  }

  /** The same of an envelope as a string of one byte a character. */
  keepLatin1(envelope: string): Kept | typeof CORRUPT {
    const flags = envelope.charCodeAt(FLAGS_AT);
    if ((flags & FLAG_ASCII) === 0) {
      const bytes = Buffer.from(envelope, 'latin1');
      return this.keep(bytes, 0, bytes.length);
    }
    return new Kept(flags, envelope.slice(HEADER_BYTES), envelope.length);
  }

  /** The text of a kept payload; `undefined` if it cannot be decompressed. */
  textOf(kept: Kept): string | undefined {
    if (compressionOf(kept.flags) === 0) return String(kept.payload);
    const plain = this.bytesOf(kept);
    return (kept.flags & FLAG_ASCII) !== 0 ? plain?.latin1Slice() : plain?.utf8Slice();
  }

  /** The bytes of a kept binary payload, a fresh copy; `undefined` if they cannot be decompressed. */
  bytesOf(kept: Kept): Buffer | undefined {
    const bytes = Buffer.from(String(kept.payload), 'latin1');
    const compression = compressionOf(kept.flags);
    return compression === 0 ? bytes : decompress(compression, bytes, this.#maxValueBytes);
  }

  #compressed(
    form: PayloadForm,
    isAscii: boolean,
    keyHash: number,
    payload: Uint8Array,
    stamp: number,
    expiresAt: number,
  ): Buffer {
    const algorithm = this.#compression?.algorithm ?? 'deflate-raw';
    const compressed = compress(algorithm, payload);
    if (compressed === undefined) return this.#wrapped(flagsOf(form, isAscii, 0), keyHash, payload, stamp, expiresAt);
    return this.#wrapped(flagsOf(form, isAscii, numberOf(algorithm)), keyHash, compressed, stamp, expiresAt);
  }

  #wrapped(flags: number, keyHash: number, payload: Uint8Array, stamp: number, expiresAt: number): Buffer {
    const out = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
    out.set(payload, HEADER_BYTES);
    sealEnvelope(out, out.length, flags, keyHash, stamp, this.#clientId, expiresAt);
    return out;
  }

  #admit(length: number, key: string): void {
    if (length <= this.#maxValueBytes) return;
    throw new CacheError('ERR_VALUE_TOO_LARGE', `the value takes ${length} bytes of at most ${this.#maxValueBytes}`, {
      key,
    });
  }
}
