/**
 * Writes to a memcached over TLS, one piece at a time, each as records of its own.
 *
 * memcached reads a TLS record in parts, and then waits for the socket to become readable though the rest of the record is
 * already decrypted in its memory: the requests in there are answered when the next bytes arrive, or never (seen on 1.6.18:
 * of 200 stores in one write of 23 KB, 141 were answered). It reads a record as a whole where the record holds whole
 * requests, or a part of a single one. So pieces of that kind must not be joined, as a socket does with what waits.
 */

import type { Socket } from 'node:net';
import { Fifo } from '../../base/fifo.js';
import type { RequestSink } from './request-buffer.js';

/** Longest TLS record, and the size of memcached's read buffer. */
export const RECORD_BYTES = 16 * 1024;

export class RecordWriter implements RequestSink {
  readonly #stream: Socket;
  readonly #waiting = new Fifo<Buffer>();
  #waitingBytes = 0;
  #isWriting = false;

  constructor(stream: Socket) {
    this.#stream = stream;
  }

  get writableLength(): number {
    return this.#stream.writableLength + this.#waitingBytes;
  }

  cork(): void {}

  uncork(): void {}

  write(piece: Buffer): void {
    if (!this.#isWriting) {
      this.#put(piece);
      return;
    }
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
  }

  #put(piece: Buffer): void {
    this.#isWriting = true;
    this.#stream.write(piece, this.#written);
  }

  readonly #written = (error?: Error | null): void => {
    this.#isWriting = false;
    const next = this.#waiting.shift();
    // After a failure the connection ends, and what waits with it.
    if (next === undefined || error) return;
    this.#waitingBytes -= next.length;
    this.#put(next);
  };
}
