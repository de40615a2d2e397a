/** Three real Redis servers, clients of ours over them, and a plain client of each server that sees what is there. */

import { Redis as IoRedis } from 'ioredis';
import { Redis, type RedisOptions } from '../../../src/ioredis.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

const NAMES = ['a', 'b', 'c'] as const;
export type NodeName = (typeof NAMES)[number];

export class ThreeNodes {
  readonly servers: readonly TestServer[];
  readonly #open: { disconnect(): void }[] = [];

  private constructor(servers: readonly TestServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<ThreeNodes> {
    return new ThreeNodes(await Promise.all(NAMES.map(() => startRedis())));
  }

  get nodes(): { url: string; name: NodeName }[] {
    return this.servers.map(({ url }, i) => ({ url, name: NAMES[i] as NodeName }));
  }

  /** Over all three; commands have time enough for a machine that others share, unless a test says otherwise. */
  open(options: RedisOptions = {}): Redis {
    return this.#kept(new Redis({ nodes: this.nodes, commandTimeout: 5_000, connectTimeout: 3_000, ...options }));
  }

  /** ioredis itself, on one of them. */
  plain(name: NodeName = 'a'): IoRedis {
    const { host, port } = this.server(name);
    // Some tests end its server.
    return this.#kept(new IoRedis({ host, port }).on('error', () => undefined));
  }

  server(name: NodeName): TestServer {
    return this.servers[NAMES.indexOf(name)] as TestServer;
  }

  /** Empties the servers. */
  async flush(): Promise<void> {
    await Promise.all(NAMES.map((name) => this.plain(name).flushall()));
  }

  /** What each server holds. */
  async keys(): Promise<Record<NodeName, string[]>> {
    const [a = [], b = [], c = []] = await Promise.all(NAMES.map((name) => this.plain(name).keys('*')));
    return { a: a.sort(), b: b.sort(), c: c.sort() };
  }

  /** Ends all clients. */
  close(): void {
    for (const client of this.#open.splice(0)) client.disconnect();
  }

  async stop(): Promise<void> {
    this.close();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  #kept<C extends { disconnect(): void }>(client: C): C {
    this.#open.push(client);
    return client;
  }
}

/** The error of a promise that must reject. */
export async function refusal(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; node?: string; key?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not refused');
}

/** Keys of the placement of these tests by their node: found by asking `whereabouts`, so no test depends on the hash. */
export async function keysByNode(nodes: ThreeNodes, redis: Redis, prefix: string): Promise<Record<NodeName, string[]>> {
  const keys = Array.from({ length: 40 }, (_, i) => `${prefix}${i}`);
  await Promise.all(keys.map((key) => redis.set(key, key)));
  const found = await nodes.keys();
  await redis.del(...keys);
  const own = (name: NodeName) => found[name].filter((key) => keys.includes(key));
  return { a: own('a'), b: own('b'), c: own('c') };
}
