/**
 * Ports of the loopback interface for servers that must be able to come back on the same one.
 *
 * They lie below the range from which systems take the ports of outgoing connections (32,768 on Linux), so that no
 * client takes one while its server is away. Another test run may: whoever starts a server tries another port then.
 */

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

export const LOOPBACK = '127.0.0.1';

const FIRST_PORT = 20_000;
const PAST_LAST_PORT = 32_768;
const ATTEMPTS = 100;

/** Lets a new server listen on a free port, and answers the port. */
export async function listenOnFreePort(server: Server): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (PAST_LAST_PORT - FIRST_PORT));
    try {
      await listenOn(server, port);
      return port;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

export async function listenOn(server: Server, port: number): Promise<void> {
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnFreePort(server);
  server.close();
  await once(server, 'close');
  return port;
}
