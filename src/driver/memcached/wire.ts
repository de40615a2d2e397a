/** An open socket: hands over what arrives, tells its end once, and gives up by RST. */

import type { OnReadOpts, Socket } from 'node:net';
import { resetSocket } from '../../base/reset-socket.js';
import { NodeError } from '../../errors.js';
import { RecordWriter } from './record-writer.js';
import type { RequestSink } from './request-buffer.js';

export interface WireOwner {
  /** `length` bytes stand at the beginning of `bytes`, which serves again for the next ones. */
  received(bytes: Buffer, length: number): void;
  /** Called once; not after `reset`. */
  ended(error: NodeError): void;
}

export class Wire {
  /** Of the node. */
  readonly where: string;
  #raw: Socket | undefined;
  #stream: Socket | undefined;
  #sink: RequestSink | undefined;
  #owner: WireOwner | undefined;

  constructor(where: string) {
    this.where = where;
  }

  /** The TCP socket, or the TLS socket over it. */
  get stream(): Socket {
    if (this.#stream === undefined) throw new NodeError('lost', 'the socket is not open');
    return this.#stream;
  }

  /** Where to write. */
  get sink(): RequestSink {
    if (this.#sink === undefined) throw new NodeError('lost', 'the socket is not open');
    return this.#sink;
  }

  get isTls(): boolean {
    return this.#stream !== this.#raw;
  }

  /** Our end as the server's `stats conns` names it; `undefined` on a unix socket. */
  get localName(): string | undefined {
    const { localAddress, localPort, localFamily } = this.#raw ?? {};
    if (localAddress === undefined || localPort === undefined) return undefined;
    return localFamily === 'IPv6' ? `tcp6:[${localAddress}]:${localPort}` : `tcp:${localAddress}:${localPort}`;
  }

  /** Options for a socket that reads into one buffer again and again. */
  readInto(buffer: Buffer): OnReadOpts {
    return {
      buffer,
      callback: (length) => {
        this.#owner?.received(buffer, length);
        return true;
      },
    };
  }

  open(raw: Socket, stream: Socket): void {
    this.#raw = raw;
    this.#stream = stream;
    this.#sink = this.isTls ? new RecordWriter(stream) : stream;
  }

  /** Call it in the turn in which the wire opened: what arrives earlier is lost. */
  attach(owner: WireOwner): void {
    const { stream } = this;
    this.#owner = owner;
    if (this.isTls) stream.on('data', (chunk: Buffer) => this.#owner?.received(chunk, chunk.length));
    stream.on('error', (cause) =>
      this.#end(new NodeError('lost', `the connection failed: ${cause.message}`, { cause })),
    );
    stream.on('end', () => this.#end(new NodeError('lost', 'the server closed the connection')));
    stream.on('close', () => this.#end(new NodeError('lost', 'the connection was closed')));
    if (stream.destroyed) queueMicrotask(() => this.#end(new NodeError('lost', 'the connection was closed')));
  }

  /** Synchronous. Nothing that the kernel still holds reaches the server, except on a unix socket, which knows no RST. */
  reset(): void {
    this.#owner = undefined;
    if (this.#raw !== undefined) resetSocket(this.#raw, this.#stream);
  }

  #end(error: NodeError): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.ended(error);
  }
}
