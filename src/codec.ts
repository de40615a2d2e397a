/**
 * Codecs: how values become bytes. `json` writes an envelope (stamp, key check, seal, exact expiry), `string` and `bytes`
 * write the value alone for other clients to read, and a caller may bring his own.
 */

import { type Codec, CustomTranscoder } from './codec/custom-transcoder.js';
import { EnvelopeWriter } from './codec/envelope-writer.js';
import { JsonTranscoder } from './codec/json-transcoder.js';
import { BytesTranscoder, StringTranscoder } from './codec/raw-transcoders.js';
import type { Transcoder } from './codec/transcoder.js';
import type { CompressionOptions } from './compression.js';

export type { Codec, CodecContext } from './codec/custom-transcoder.js';

export type CodecName = 'json' | 'string' | 'bytes';

export interface TranscoderOptions {
  /** @default 'json' */
  readonly codec?: CodecName | Codec<unknown> | undefined;
  /** Identifies this process in the envelopes it writes: a random unsigned 32-bit number. */
  readonly clientId: number;
  /** Compresses payloads of enveloped codecs. @default off */
  readonly compression?: CompressionOptions | undefined;
  /**
   * Largest value, in bytes before compression and without the envelope; a node may take less. It also bounds what
   * decompression may yield.
   * @default 67,108,864
   */
  readonly maxValueBytes?: number | undefined;
}

const DEFAULT_MAX_VALUE_BYTES = 64 * 1_024 * 1_024;

export function createTranscoder(options: TranscoderOptions): Transcoder {
  const { codec = 'json', clientId, compression, maxValueBytes = DEFAULT_MAX_VALUE_BYTES } = options;
  switch (codec) {
    case 'json':
      return new JsonTranscoder(new EnvelopeWriter({ clientId, maxValueBytes, compression }));
    case 'string':
      return new StringTranscoder(maxValueBytes);
    case 'bytes':
      return new BytesTranscoder(maxValueBytes);
    default:
      return new CustomTranscoder(codec, new EnvelopeWriter({ clientId, maxValueBytes, compression }));
  }
}
