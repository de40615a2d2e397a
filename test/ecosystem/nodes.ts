/** Three real Redis nodes and the client under test over them: what the libraries of other people run on here. */

import { Redis, type RedisOptions } from '../../src/ioredis.js';
import { askOnce } from '../../src/testing/servers/ask-once.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';

/** Deadlines that a busy machine meets. */
const PATIENT = { connectMs: 3_000, attemptMs: 3_000, totalMs: 6_000 };

export class Nodes {
  readonly servers: readonly TestServer[];
  readonly #clients: Redis[] = [];

  private constructor(servers: readonly TestServer[]) {
    this.servers = servers;
  }

  /** @param args of each server, besides ours */
  static async start(args?: readonly string[]): Promise<Nodes> {
    return new Nodes(await Promise.all(Array.from({ length: 3 }, () => startRedis({ args }))));
  }

  /** Gone after `stop`. */
  open(options: RedisOptions = {}): Redis {
    const client = new Redis({
      nodes: this.servers.map(({ url }) => url),
      timeouts: PATIENT,
      maxRetriesPerRequest: null,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** How many keys each server holds. */
  async sizes(): Promise<number[]> {
    const answers = this.servers.map((server) => askOnce(server, 'DBSIZE\r\n', (text) => text.endsWith('\r\n')));
    return (await Promise.all(answers)).map((text) => Number(text?.slice(1)));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
