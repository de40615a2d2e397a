/** A port of one test's own, closed after it. */

import { createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';

const servers = new Set<Server>();

afterEach(() => {
  for (const server of servers) server.close();
  servers.clear();
});

export async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer(onConnection);
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

/** A port at which nothing listens any more. */
export async function closedPort(): Promise<number> {
  const port = await listen(() => undefined);
  await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
  servers.clear();
  return port;
}
