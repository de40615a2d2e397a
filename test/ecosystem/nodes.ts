/** Three real Redis nodes and the client under test over them: what the libraries of other people run on here. */

import { Redis } from 'ioredis';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';

export class Nodes {
  readonly servers: readonly TestServer[];
  readonly #clients: Redis[] = [];

  private constructor(servers: readonly TestServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<Nodes> {
    return new Nodes(await Promise.all(Array.from({ length: 3 }, () => startRedis())));
  }

  /** Gone after `stop`. */
  open(): Redis {
    const client = new Redis(this.servers[0]?.port ?? 0, { maxRetriesPerRequest: null });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
