/** Free ports of the loopback interface, below those that systems give to outgoing connections. */

import { once } from 'node:events';
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

const FIRST = 12_000;
const RANGE = 8_000;
const ATTEMPTS = 100;

/** @returns a port that was free a moment ago. */
export async function freePort() {
  for (let attempt = 1; ; attempt++) {
    const server = createServer();
    try {
      server.listen(FIRST + Math.floor(Math.random() * RANGE), LOOPBACK);
      await once(server, 'listening');
      const { port } = server.address();
      server.close();
      await once(server, 'close');
      return port;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
