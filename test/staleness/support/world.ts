/** Real servers, what stands between them and caches, and caches less some rules: all gone when the test has finished. */

import { onTestFinished } from 'vitest';
import type { StalenessRule } from '../../../src/base/staleness-rules.js';
import { assembleCache } from '../../../src/create-cache.js';
import type { Cache, CacheOptions } from '../../../src/index.js';
import type { NodeState } from '../../../src/stats.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { startMemcached } from '../../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import { until } from './until.js';
import type { TestCodec } from './values.js';
import { WatchedCache } from './watched-cache.js';
import { ZombieRelay } from './zombie-relay.js';

export type NodeKind = TestServer['kind'];

/** Short, so that what times out does so soon; long enough for most machines to answer. */
const TIMEOUTS = { connectMs: 1_000, attemptMs: 150, totalMs: 350 };

/** Probes and ejections that take moments. */
export const QUICK_HEALTH = {
  intervalMs: 25,
  timeoutMs: 300,
  unhealthyAfter: 2,
  healthyAfter: 1,
  ejectionMs: 20,
  maxEjectionMs: 40,
  warmingSteps: 1,
  warmingMs: 5,
} as const;

export class World {
  readonly kind: NodeKind;
  readonly codec: TestCodec;
  readonly disabled: ReadonlySet<StalenessRule>;
  /** Every cache of the scenario so far. */
  readonly watched: WatchedCache[] = [];
  readonly #patience: number;

  /** `patience`: every deadline of a call or a probe is so many times as long. */
  constructor(kind: NodeKind, codec: TestCodec, disabled: readonly StalenessRule[], patience = 1) {
    this.kind = kind;
    this.codec = codec;
    this.disabled = new Set(disabled);
    this.#patience = patience;
  }

  /** Neither probes, breakers nor retries unless asked for: what happens is what the scenario does. */
  get options(): CacheOptions {
    return { codec: this.codec, timeouts: TIMEOUTS, health: false, breaker: false, retry: false, fallback: false };
  }

  async server(args: readonly string[] = [], kind: NodeKind = this.kind): Promise<TestServer> {
    const server = await (kind === 'redis' ? startRedis({ args }) : startMemcached({ args }));
    onTestFinished(() => server.stop());
    return server;
  }

  async proxy(server: TestServer): Promise<FaultProxy> {
    const proxy = await FaultProxy.start({ port: server.port });
    onTestFinished(() => proxy.close());
    return proxy;
  }

  async relay(server: TestServer): Promise<ZombieRelay> {
    const relay = await ZombieRelay.start(server.port);
    onTestFinished(() => relay.close());
    return relay;
  }

  /** Where a node can be reached: its server, or what stands before it. */
  node(name: string, { port }: { readonly port: number }, kind: NodeKind = this.kind) {
    return { name, url: `${kind}://127.0.0.1:${port}` };
  }

  async cache(options: CacheOptions): Promise<WatchedCache> {
    const patient = { ...this.options, ...options, ...this.#deadlines(options) };
    const cache = assembleCache<unknown>(patient, this.disabled);
    onTestFinished(async () => {
      await cache.destroy();
    });
    await connected(cache);
    await until('every node is well', () => cache.nodes().every(({ state }) => state === 'healthy'));
    const watched = new WatchedCache(cache, this.codec);
    this.watched.push(watched);
    return watched;
  }

  #deadlines({ timeouts = TIMEOUTS, health = false }: CacheOptions): CacheOptions {
    const scaled = Object.fromEntries(Object.entries(timeouts).map(([name, ms]) => [name, ms * this.#patience]));
    if (typeof health !== 'object') return { timeouts: scaled, health };
    const { timeoutMs = QUICK_HEALTH.timeoutMs } = health;
    return { timeouts: scaled, health: { ...health, timeoutMs: timeoutMs * this.#patience } };
  }
}

/** Every node has a connection for small calls. */
export async function connected(cache: Cache): Promise<void> {
  await until('every node is connected', () => cache.nodes().every(({ isConnected }) => isConnected));
}

/** The node has no connection for small calls: what is written to it now is never sent. */
export async function disconnected(cache: Cache, name: string): Promise<void> {
  await until(`node ${name} is disconnected`, () =>
    cache.nodes().some((node) => node.name === name && !node.isConnected),
  );
}

/** Ends connections through the proxy by `cut`, and waits until the cache has made another for small calls. */
export async function reconnected(cache: Cache, proxy: FaultProxy, cut: () => void): Promise<void> {
  const before = proxy.accepted;
  cut();
  await until('the cache connects anew', () => proxy.accepted > before);
  await connected(cache);
}

/** Cuts the node off by its proxy, until the cache has taken it out of the ring. */
export async function ejected(cache: Cache, name: string, proxy: FaultProxy): Promise<void> {
  proxy.refuse();
  proxy.reset();
  await inState(cache, name, 'ejected');
}

/** Lets the node's proxy pass everything, until the cache has taken it back. */
export async function readmitted(cache: Cache, name: string, proxy: FaultProxy): Promise<void> {
  await proxy.heal();
  await inState(cache, name, 'healthy');
}

function inState(cache: Cache, name: string, state: NodeState): Promise<void> {
  return until(`node ${name} is ${state}`, () =>
    cache.nodes().some((node) => node.name === name && node.state === state),
  );
}

/** Nothing is owed to any node. */
export async function paid(cache: Cache): Promise<void> {
  await until('all debts are paid', () => {
    const { keyDebts, connectionDebts } = cache.stats().ledger as { keyDebts: number; connectionDebts: number };
    return keyDebts === 0 && connectionDebts === 0;
  });
}

/** `count` keys; with `owner`, such as have that node for their first owner. */
export function keysOf(cache: Cache, count: number, owner?: string, prefix = 'k'): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    if (i > 100_000) throw new Error(`node ${owner} owns nothing`);
    const key = `${prefix}${i}`;
    if (owner === undefined || cache.ring.owners(key)[0] === owner) keys.push(key);
  }
  return keys;
}
