/**
 * The end of a socket that is given up: with RST where that can be, so that nothing the kernel still holds reaches the peer
 * to be executed later.
 */

import type { Socket } from 'node:net';

/**
 * Synchronous for `socket`, the TCP socket; `stream`, the TLS socket over it, goes with it. A unix socket knows no reset.
 *
 * libuv refuses to reset a socket whose shutdown has begun, as it has once the peer's end was read, and Node then forgets the
 * handle without closing it: it stays open as long as the process. A TLS socket that is destroyed in the turn of the reset
 * is worked on after its memory is gone (Node 20: a segmentation fault); it ends by itself when the TCP socket has closed.
 */
export function resetSocket(socket: Socket, stream: Socket = socket): void {
  const isShutDown = socket.writableEnded || stream.writableEnded;
  if (socket.destroyed || socket.pending || socket.localPort === undefined || isShutDown) {
    stream.destroy();
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}
