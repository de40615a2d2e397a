/** The end of a socket that is given up: nothing of it shall reach the server any more. */

import type { Socket } from 'node:net';

export interface RedisStream {
  /** Where bytes are read and written: the TCP socket or the TLS socket over it. */
  readonly stream: Socket;
  /** The TCP socket itself, which alone can be reset. */
  readonly socket: Socket;
}

/**
 * A plain destroy would leave what the kernel holds on its way to the server, to be executed later. A unix socket knows no
 * reset, and keeps nothing on its way once it is closed.
 */
export function dropSocket({ stream, socket }: RedisStream): void {
  if (!socket.destroyed && socket.remoteAddress !== undefined) socket.resetAndDestroy();
  stream.destroy();
  socket.destroy();
}
