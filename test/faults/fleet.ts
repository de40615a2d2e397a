/**
 * A cache over real servers, each behind a fault proxy of its own, for one test. All of it is gone when the test has
 * finished, and the test fails if any handle, listener or unhandled event is left: the rules that every row asserts.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type Cache, type CacheOptions, createCache, type NodeOptions } from '../../src/index.js';
import { FaultProxy } from '../../src/testing/fault-proxy/fault-proxy.js';
import { trackLeaks } from '../../src/testing/leaks.js';
import { askOnce } from '../../src/testing/servers/ask-once.js';
import { freePort } from '../../src/testing/servers/free-port.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { stopwatch } from '../support/stopwatch.js';

export interface FleetOptions {
  /** One server each, named a, b, c … @default one redis */
  readonly kinds?: readonly TestServer['kind'][];
  /** Arguments of every server, or of the i-th. */
  readonly args?: readonly string[] | ((i: number) => readonly string[]);
  /** Connects past the proxies. */
  readonly isDirect?: boolean;
  readonly cache?: CacheOptions;
  /** What every node is told besides. */
  readonly node?: NodeOptions;
}

/** Deadlines that a busy machine meets, for all that is not about them. */
export const PATIENT = { connectMs: 10_000, attemptMs: 5_000, totalMs: 10_000 };

/** How long a connection of a test's own may take to open. */
export const OPENING_MS = 20_000;

/** Notices an outage in a tenth of a second, and lets the node back as soon as it answers. */
export const QUICK_HEALTH = {
  intervalMs: 30,
  // A node that is merely starved on a busy machine is no outage; those here are refused at once.
  timeoutMs: 1_500,
  unhealthyAfter: 2,
  healthyAfter: 1,
  ejectionMs: 60,
  warmingSteps: 1,
  warmingMs: 10,
};

/** How one call ended, and how long it took: without what our own event loop stood still for, and by the clock. */
export interface Ending {
  readonly ms: number;
  readonly wallMs: number;
  readonly value?: unknown;
  readonly error?: unknown;
}

/** What a busy machine may add to any time measured, besides what it keeps our own event loop from running. */
export const LATENESS_MS = 150;

export class Fleet {
  readonly cache: Cache;
  readonly servers: readonly TestServer[];
  readonly proxies: readonly FaultProxy[];

  constructor(cache: Cache, servers: readonly TestServer[], proxies: readonly FaultProxy[]) {
    this.cache = cache;
    this.servers = servers;
    this.proxies = proxies;
  }

  /** The first server and its proxy. */
  get server(): TestServer {
    return this.servers[0] as TestServer;
  }

  get proxy(): FaultProxy {
    return this.proxies[0] as FaultProxy;
  }

  /** `count` keys whose first owner is `node`. */
  keysOf(node: string, count: number): string[] {
    const keys: string[] = [];
    for (let i = 0; keys.length < count; i++) if (this.cache.ring.owners(`key-${i}`)[0] === node) keys.push(`key-${i}`);
    return keys;
  }

  /** The node as the cache sees it. */
  view(name: string) {
    const view = this.cache.nodes().find((node) => node.name === name);
    if (view === undefined) throw new Error(`there is no node ${name}`);
    return view;
  }
}

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { kinds = ['redis'], args, isDirect = false } = options;
  clean();
  const servers = await Promise.all(
    kinds.map((kind, i) => {
      const own = typeof args === 'function' ? args(i) : args;
      return kind === 'redis' ? startRedis({ args: own }) : startMemcached({ args: own });
    }),
  );
  for (const server of servers) onTestFinished(() => server.stop());
  const proxies = isDirect ? [] : await Promise.all(servers.map(({ port }) => startProxy(port)));
  const nodes = servers.map(({ kind, port }, i) => ({
    url: `${kind}://127.0.0.1:${proxies[i]?.port ?? port}`,
    name: nameOf(i),
    ...options.node,
  }));
  const cache = await openCache({ nodes, ...options.cache });
  await until(() => cache.nodes().every(({ isConnected }) => isConnected));
  return new Fleet(cache, servers, proxies);
}

/** Fails the test if anything is left behind once all else of it has been undone; call it first. */
export function clean(): void {
  const tracker = trackLeaks({ settleMs: 10_000 });
  onTestFinished(() => tracker.assertNoLeaks());
}

export async function startProxy(port: number): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ port });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Loads what nodes of this scheme are spoken to with, so that a measured connect is not the one that loads it. */
export async function loadDriver(scheme: string): Promise<void> {
  const cache = createCache({ nodes: [`${scheme}://127.0.0.1:${await freePort()}`], health: false });
  await until(() => cache.nodes()[0]?.lastError !== undefined);
  await cache.destroy();
}

/** A cache that is ready, or that has tried every node, and is gone after the test. */
export async function openCache(options: CacheOptions): Promise<Cache> {
  const cache = createCache(options);
  onTestFinished(async () => {
    await cache.destroy();
  });
  await until(() => cache.nodes().every(({ isConnected, lastError }) => isConnected || lastError !== undefined));
  return cache;
}

export const nameOf = (i: number): string => String.fromCharCode(97 + i);

/** What a Redis server says to one command, asked past everything. */
export async function ask(server: { readonly host: string; readonly port: number }, command: string): Promise<string> {
  const answer = await askOnce(server, `${command}\r\n`, (text) => {
    const length = /^\$(\d+)\r\n/.exec(text);
    return length === null ? /^[^$].*\r\n$/s.test(text) : text.length >= length[0].length + Number(length[1]) + 2;
  });
  if (answer === undefined) throw new Error(`no answer to ${command}`);
  return answer;
}

export async function ending(call: () => Promise<unknown>): Promise<Ending> {
  const [ownMs, beganAt] = [stopwatch(), performance.now()];
  const times = () => ({ ms: ownMs(), wallMs: performance.now() - beganAt });
  return call().then(
    (value) => ({ ...times(), value }),
    (error: unknown) => ({ ...times(), error }),
  );
}

/** Resolves once it holds; the test's own deadline bounds the wait unless `limitMs` does. */
export async function until(holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`still not so after ${limitMs} ms: ${holds}`);
    await sleep(5);
  }
}

/** Stores them all, again where a deadline was missed: for what a test begins with. */
export async function storeAll(cache: Cache, keys: readonly string[], value: unknown): Promise<void> {
  const store = (key: string): Promise<void> => until(() => cache.set(key, value));
  await Promise.all(keys.map(store));
}

/** What a call that must fail failed with: `code` and `reason` where it has them. */
export function failureOf(error: unknown): {
  readonly code?: string;
  readonly reason?: string;
  readonly message: string;
} {
  if (!(error instanceof Error)) throw new Error(`not an error: ${String(error)}`);
  const code = 'code' in error ? { code: String(error.code) } : {};
  const reason = 'reason' in error ? { reason: String(error.reason) } : {};
  return { ...code, ...reason, message: error.message };
}
