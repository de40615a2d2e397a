/** Three nodes of a kind and caches over them that know nothing of each other, as processes do. */

import { expect } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import type { Cache } from '../../src/cache.js';
import { assembleCache } from '../../src/create-cache.js';
import type { Driver } from '../../src/driver/driver.js';
import { createMetaDriver } from '../../src/driver/memcached/meta-driver.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import { CacheError } from '../../src/errors.js';
import type { CacheOptions, CodecName } from '../../src/index.js';
import { PromisedConnection } from '../../src/testing/promised-connection.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { PATIENT } from '../cache/fleet.js';
import { reached } from '../support/reached.js';
import type { Gate } from './gated-driver.js';

/** Kinds of node and codecs that copies are made of. */
export const COPYING: readonly (readonly [Kind, CodecName])[] = [
  ['memory', 'json'],
  ['memory', 'string'],
  ['redis', 'json'],
  ['redis', 'string'],
  ['memcached', 'json'],
];

export const NAMES = ['a', 'b', 'c'];
export type Kind = 'memory' | 'redis' | 'memcached';

/** And connections past the caches. */
export class Nodes {
  readonly servers: readonly TestServer[];
  /** Of kind memory. */
  readonly stores: readonly MemoryNode[];
  readonly #newDriver: (i: number) => Driver;
  #open: { destroy(): unknown }[] = [];

  private constructor(servers: readonly TestServer[], stores: readonly MemoryNode[], newDriver: (i: number) => Driver) {
    this.servers = servers;
    this.stores = stores;
    this.#newDriver = newDriver;
  }

  static async start(kind: Kind): Promise<Nodes> {
    if (kind === 'memory') {
      const stores = NAMES.map((name) => new MemoryNode({ name }));
      return new Nodes([], stores, (i) => createMemoryDriver({ name: NAMES[i] ?? '', store: stores[i] }));
    }
    const servers = await Promise.all(NAMES.map(() => (kind === 'redis' ? startRedis() : startMemcached())));
    return new Nodes(servers, [], (i) => {
      const { host, port } = servers[i] as TestServer;
      return (kind === 'redis' ? createRedisDriver : createMetaDriver)({ address: { host, port } });
    });
  }

  /** A cache of a process of its own over the first `count` nodes. */
  async cache<V = string>(count: number, options: CacheChoice): Promise<Cache<V>> {
    const { gate, rules = [], ...rest } = options;
    const nodes = NAMES.slice(0, count).map((_, i) => this.node(i, gate));
    const cache = assembleCache<V>(
      { nodes, timeouts: PATIENT, fallback: false, health: false, ...rest },
      // What leases are for is seen at once.
      new Set([...rules, 'R9-hold']),
    );
    this.#open.push(cache);
    await reached(cache);
    return cache;
  }

  node(i: number, gate?: Gate) {
    const driver = this.#newDriver(i);
    return { name: NAMES[i] ?? '', driver: gate === undefined ? driver : gate.guard(driver) };
  }

  async connect(i: number): Promise<PromisedConnection> {
    const connection = await this.#newDriver(i).connect({ signal: new AbortController().signal });
    this.#open.push({ destroy: () => connection.destroy(new CacheError('ERR_CLOSED', 'the test is over')) });
    return new PromisedConnection(connection);
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((each) => each.destroy()));
  }

  async stop(): Promise<void> {
    await this.close();
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

export interface CacheChoice {
  readonly codec: CodecName;
  readonly namespace: string;
  readonly replication?: number;
  readonly gate?: Gate;
  readonly rules?: readonly StalenessRule[];
  readonly timeouts?: CacheOptions['timeouts'];
  readonly handoff?: CacheOptions['handoff'];
}

/** A key whose first owner is the first node. */
export function keyOf(cache: Cache<string>): string {
  return Array.from({ length: 50 }, (_, i) => `k${i}`).find((each) => cache.ring.owners(each)[0] === 'a') ?? '';
}

/** Until whatever this cache copies in the background has ended: it shows as operations in flight. */
export async function settled(cache: Cache<string>): Promise<void> {
  let quiet = 0;
  await expect
    .poll(() => {
      quiet = cache.nodes().every(({ inFlight, queued }) => inFlight === 0 && queued === 0) ? quiet + 1 : 0;
      return quiet;
    })
    .toBeGreaterThan(3);
}
