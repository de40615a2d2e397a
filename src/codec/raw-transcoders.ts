/**
 * The `string` and `bytes` codecs: the value and nothing else, so that other clients can read and write the same entries.
 * There is no stamp, no key check and no expiry of their own; the ledger trusts raw copies only where this process had
 * its write confirmed.
 */

import { isUtf8 } from 'node:buffer';
import { includes, isWellFormed } from '../base/string-calls.js';
import type { Verdict } from '../envelope.js';
import { CacheError } from '../errors.js';
import { bytesOf, type Encoded, MAX_LATIN1 } from './encoded.js';
import { CORRUPT, Kept, keepBytes, keepText, ownLatin1, type Transcoder } from './transcoder.js';

/** Raw values have no flags. */
const NO_FLAGS = 0;
const REPLACEMENT = '\ufffd';

/** Well-formed strings as their UTF-8. Bytes that are no UTF-8 are a miss rather than a mangled string. */
export class StringTranscoder implements Transcoder {
  readonly isEnveloped = false;
  readonly #maxValueBytes: number;

  constructor(maxValueBytes: number) {
    this.#maxValueBytes = maxValueBytes;
  }

  encode(key: string, _keyHash: number, value: unknown): Encoded {
    if (typeof value !== 'string') throw refused('string', `takes strings, not ${typeof value}`, key);
    if (!isWellFormed(value)) throw refused('string', 'cannot store a lone surrogate', key);
    const length = Buffer.byteLength(value, 'utf8');
    admit(length, this.#maxValueBytes, key);
    return length === value.length && length < MAX_LATIN1 ? value : Buffer.from(value, 'utf8');
  }

  check(): Verdict {
    return 'ok';
  }

  keep(bytes: Buffer, start: number, end: number): Kept | typeof CORRUPT {
    const kept = keepText(NO_FLAGS, bytes, start, end, false);
    // Decoding puts the replacement character where bytes make no sense; only then it is worth a second look.
    const isMangled =
      kept !== CORRUPT && includes(kept.payload as string, REPLACEMENT) && !isUtf8(bytes.subarray(start, end));
    return isMangled ? CORRUPT : kept;
  }

  keepEncoded(encoded: Encoded): Kept | typeof CORRUPT {
    if (typeof encoded !== 'string') return this.keep(encoded, 0, encoded.length);
    return new Kept(NO_FLAGS, ownLatin1(encoded), encoded.length);
  }

  restore(_key: string, kept: Kept): unknown {
    return kept.payload;
  }
}

/** Buffers and other Uint8Arrays, byte for byte; they come back as Buffers. */
export class BytesTranscoder implements Transcoder {
  readonly isEnveloped = false;
  readonly #maxValueBytes: number;

  constructor(maxValueBytes: number) {
    this.#maxValueBytes = maxValueBytes;
  }

  encode(key: string, _keyHash: number, value: unknown): Buffer {
    if (!(value instanceof Uint8Array))
      throw refused('bytes', `takes a Buffer or Uint8Array, not ${typeof value}`, key);
    admit(value.length, this.#maxValueBytes, key);
    // A copy: the caller may write to its buffer as soon as the call returns, and the bytes leave later.
    return Buffer.from(value);
  }

  check(): Verdict {
    return 'ok';
  }

  keep(bytes: Buffer, start: number, end: number): Kept | typeof CORRUPT {
    return keepBytes(NO_FLAGS, bytes, start, end);
  }

  keepEncoded(encoded: Encoded): Kept | typeof CORRUPT {
    const bytes = bytesOf(encoded);
    return this.keep(bytes, 0, bytes.length);
  }

  restore(_key: string, kept: Kept): unknown {
    return Buffer.from(String(kept.payload), 'latin1');
  }
}

function refused(codec: string, problem: string, key: string): CacheError {
  return new CacheError('ERR_INVALID_VALUE', `codec ${codec} ${problem}`, { key });
}

function admit(length: number, maxValueBytes: number, key: string): void {
  if (length <= maxValueBytes) return;
  throw new CacheError('ERR_VALUE_TOO_LARGE', `the value takes ${length} bytes of at most ${maxValueBytes}`, { key });
}
