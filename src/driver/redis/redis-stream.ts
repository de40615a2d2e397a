/** The sockets of a connection to Redis. */

import type { Socket } from 'node:net';

export interface RedisStream {
  /** Where bytes are read and written: the TCP socket or the TLS socket over it. */
  readonly stream: Socket;
  /** The TCP socket itself, which alone can be reset. */
  readonly socket: Socket;
}
