/** Nodes of each kind to run one and the same test against: in-process, Redis, memcached, and rings of several kinds. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache, type NodeOptions } from '../../src/index.js';
import { askOnce } from '../../src/testing/servers/ask-once.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { reached } from '../support/reached.js';

export interface FleetKind {
  readonly name: string;
  readonly redis: number;
  readonly memcached: number;
  readonly sasl: number;
  readonly memory: number;
  readonly replication: number;
}

const kind = (name: string, parts: Partial<FleetKind>): FleetKind => ({
  name,
  redis: 0,
  memcached: 0,
  sasl: 0,
  memory: 0,
  replication: 1,
  ...parts,
});

export const MEMORY = kind('memory', { memory: 2 });
export const REDIS = kind('redis', { redis: 1 });
export const MEMCACHED = kind('memcached', { memcached: 1 });
export const SASL = kind('memcached+sasl', { sasl: 1 });
/** Every key lives on both kinds, the first owner now of this, now of that kind. */
export const MIXED = kind('redis and memcached, two copies', { redis: 1, memcached: 1, replication: 2 });

/** All that know every operation. */
export const FLEETS: readonly FleetKind[] = [MEMORY, REDIS, MEMCACHED, MIXED];
/** And the one that cannot compare, enumerate or take raw commands. */
export const ALL_FLEETS: readonly FleetKind[] = [...FLEETS, SASL];

/** Deadlines that a busy machine meets. */
export const PATIENT = { connectMs: 20_000, attemptMs: 20_000, totalMs: 40_000 };

export class Fleet {
  readonly kind: FleetKind;
  readonly memory: readonly MemoryNode[];
  readonly #caches: { destroy(): Promise<unknown> }[] = [];
  #servers: readonly TestServer[] = [];

  private constructor(fleetKind: FleetKind) {
    this.kind = fleetKind;
    this.memory = times(fleetKind.memory, (i) => new MemoryNode({ name: `memory-${i}` }));
  }

  /** That of the tests around the call: there before the first of them, and gone after the last. */
  static ofTests(fleetKind: FleetKind): Fleet {
    const fleet = new Fleet(fleetKind);
    beforeAll(() => fleet.#start());
    afterAll(() => fleet.stop());
    return fleet;
  }

  static async start(fleetKind: FleetKind): Promise<Fleet> {
    const fleet = new Fleet(fleetKind);
    await fleet.#start();
    return fleet;
  }

  async #start(): Promise<void> {
    const { redis, memcached, sasl } = this.kind;
    this.#servers = await Promise.all([
      ...times(redis, () => startRedis()),
      ...times(memcached, () => startMemcached()),
      ...times(sasl, () => startMemcached({ sasl: { username: 'ann', password: 'p:w' } })),
    ]);
  }

  get servers(): readonly TestServer[] {
    return this.#servers;
  }

  get nodes(): NodeOptions[] {
    return [
      ...this.servers.map(({ url }) => ({ url })),
      ...this.memory.map((store) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) })),
    ];
  }

  /** Operations on entries that the nodes have carried out so far; what concerns a connection does not count. */
  async operations(): Promise<number> {
    const counts = await Promise.all(this.servers.map(operationsOf));
    const inProcess = this.memory.map(({ stats }) => {
      const { get, inspect, store, delete: deleted, touch, count } = stats;
      return get + inspect + store + deleted + touch + count;
    });
    return [...counts, ...inProcess].reduce((sum, count) => sum + count, 0);
  }

  /** Entries on all nodes together. */
  async entries(): Promise<number> {
    const counts = await Promise.all(this.servers.map(entriesOf));
    return [...counts, ...this.memory.map(({ size }) => size)].reduce((sum, count) => sum + count, 0);
  }

  /** The only server of its kind. */
  server(serverKind: TestServer['kind']): TestServer {
    const server = this.servers.find((each) => each.kind === serverKind);
    if (server === undefined) throw new Error(`there is no ${serverKind} in ${this.kind.name}`);
    return server;
  }

  /** A cache over these nodes, in a namespace of its own, connected to all of them; gone after `closeCaches`. */
  async open<V = unknown>(options: CacheOptions = {}): Promise<Cache<V>> {
    const cache = createCache<V>({
      nodes: this.nodes,
      replication: this.kind.replication,
      namespace: `t-${randomUUID()}`,
      timeouts: PATIENT,
      ...options,
    });
    this.#caches.push(cache);
    await reached(cache);
    return cache;
  }

  /** Starts what a test has killed. */
  async restartKilled(): Promise<void> {
    await Promise.all(this.servers.filter(({ isRunning }) => !isRunning).map((server) => server.restart()));
  }

  async closeCaches(): Promise<void> {
    await Promise.all(this.#caches.splice(0).map((cache) => cache.destroy()));
  }

  async stop(): Promise<void> {
    await this.closeCaches();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

async function ask(server: TestServer, question: string, isWhole: (text: string) => boolean): Promise<string> {
  const answer = await askOnce({ host: server.host, port: server.port, tls: false }, question, isWhole);
  if (answer === undefined) throw new Error(`no answer to ${question}`);
  return answer;
}

const memcachedStats = (server: TestServer): Promise<string> =>
  ask(server, 'stats\r\n', (text) => text.endsWith('END\r\n'));

/** Calls of each Redis command so far. */
export async function commandStats(server: TestServer): Promise<ReadonlyMap<string, number>> {
  const text = await ask(
    server,
    'INFO commandstats\r\n',
    (answer) => /^\$(\d+)\r\n/.test(answer) && isWholeBulk(answer),
  );
  return new Map(
    [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map((match) => [match[1] ?? '', Number(match[2])]),
  );
}

function isWholeBulk(text: string): boolean {
  const head = /^\$(\d+)\r\n/.exec(text);
  return head !== null && text.length >= head[0].length + Number(head[1]) + 2;
}

const MEMCACHED_COUNTS = ['cmd_get', 'cmd_set', 'delete_misses', 'delete_hits'].concat([
  'incr_misses',
  'incr_hits',
  'decr_misses',
  'decr_hits',
]);
const OF_CONNECTIONS = ['info', 'client', 'dbsize', 'select', 'auth', 'hello', 'ping', 'config', 'command'];

async function operationsOf(server: TestServer): Promise<number> {
  if (server.kind === 'redis') {
    let sum = 0;
    for (const [name, calls] of await commandStats(server))
      if (!OF_CONNECTIONS.includes(name.split('|')[0] ?? '')) sum += calls;
    return sum;
  }
  const text = await memcachedStats(server);
  return MEMCACHED_COUNTS.reduce((sum, name) => sum + Number(new RegExp(`STAT ${name} (\\d+)`).exec(text)?.[1]), 0);
}

async function entriesOf(server: TestServer): Promise<number> {
  if (server.kind === 'redis') {
    const text = await ask(server, 'DBSIZE\r\n', (answer) => answer.endsWith('\r\n'));
    return Number(/^:(\d+)/.exec(text)?.[1]);
  }
  return Number(/STAT curr_items (\d+)/.exec(await memcachedStats(server))?.[1]);
}
