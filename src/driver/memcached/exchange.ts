/** A request of the binary protocol that is no operation of the port: the handshake's, and raw commands. */

import type { CacheError } from '../../errors.js';
import type { ResponseFrame } from './binary-frames.js';

export interface Exchange {
  readonly kind: 'exchange';
  readonly opcode: number;
  /** Whether the answer is complete. */
  take(frame: ResponseFrame, bytes: Buffer): boolean;
  fail(error: CacheError): void;
}
