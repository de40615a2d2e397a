/** Three real servers: a master and two replicas, the master killed under a cache that reads and writes. */

import { describe, expect, it, onTestFinished } from 'vitest';
import type { StalenessRule } from '../../src/base/staleness-rules.js';
import { assembleCache } from '../../src/create-cache.js';
import { type CacheOptions, createCache, type FailoverOptions } from '../../src/index.js';
import { FaultProxy } from '../../src/testing/fault-proxy/fault-proxy.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { tell } from '../staleness/support/held.js';
import { until } from '../staleness/support/until.js';
import type { TestCodec } from '../staleness/support/values.js';
import { WatchedCache } from '../staleness/support/watched-cache.js';
import { reached } from '../support/reached.js';
import { stopwatch } from '../support/stopwatch.js';

const KEYS = Array.from({ length: 100 }, (_, i) => `k${i}`);
/** A busy machine answers late: a replica that does is passed over like one that lags. */
const HEALTH = { intervalMs: 60, timeoutMs: 4_000, unhealthyAfter: 3, healthyAfter: 1, ejectionMs: 200 };
const SAVING = ['--save', '3600 1000000', '--dbfilename', 'old.rdb'];

interface Setting {
  readonly failover: FailoverOptions;
  readonly codec?: TestCodec;
  readonly disabled?: readonly StalenessRule[];
  readonly args?: readonly string[];
}

class Replicas {
  readonly told: string[] = [];
  readonly #servers: Readonly<Record<string, TestServer>>;
  readonly #proxies: Readonly<Record<string, FaultProxy>>;
  readonly watched: WatchedCache;

  private constructor(
    servers: Readonly<Record<string, TestServer>>,
    proxies: Readonly<Record<string, FaultProxy>>,
    { failover, codec = 'json', disabled = [] }: Setting,
  ) {
    this.#servers = servers;
    this.#proxies = proxies;
    const nodes: CacheOptions['nodes'] = Object.entries(servers).map(([name, { url }]) => ({
      name,
      url,
      group: 'g',
      ...(name === 'a' ? { role: 'primary' } : { role: 'standby', priority: name === 'b' ? 1 : 2 }),
    }));
    // Masters die here, none falls silent: nothing waits for these but an answer.
    const timeouts = { connectMs: 5_000, attemptMs: 2_000, totalMs: 4_000 };
    const options = { nodes, codec, failover, health: HEALTH, timeouts, fallback: false, retry: false } as const;
    this.watched = new WatchedCache(assembleCache<unknown>(options, new Set(disabled)), codec);
    for (const name of ['failedOver', 'failedBack'] as const)
      this.watched.cache.on(name, ({ from, to }) => this.told.push(`${name} ${from} to ${to}`));
    onTestFinished(async () => {
      await this.watched.cache.destroy();
    });
  }

  /** `a`, and `b` and `c` that follow it through proxies of their own. */
  static async start(setting: Setting): Promise<Replicas> {
    const server = async (args: readonly string[] = []): Promise<TestServer> => {
      const started = await startRedis({ args: ['--repl-diskless-sync-delay', '0', ...args] });
      onTestFinished(() => started.stop());
      return started;
    };
    const a = await server(setting.args);
    const follow = async (): Promise<[TestServer, FaultProxy]> => {
      const proxy = await FaultProxy.start({ port: a.port });
      onTestFinished(() => proxy.close());
      return [await server(['--replicaof', `127.0.0.1 ${proxy.port}`]), proxy];
    };
    const [[b, toB], [c, toC]] = await Promise.all([follow(), follow()]);
    const replicas = new Replicas({ a, b, c }, { b: toB, c: toC }, setting);
    await reached(replicas.watched.cache);
    await replicas.replicated();
    await until('that is known', () =>
      replicas.view.members.every(({ isActive, lagBytes }) => isActive || lagBytes !== undefined),
    );
    return replicas;
  }

  get view() {
    const view = this.watched.cache.nodes()[0]?.group;
    if (view === undefined) throw new Error('there is no group');
    return view;
  }

  server(name: string): TestServer {
    return this.#servers[name] as TestServer;
  }

  /** From now on `name` hears nothing of the master. */
  deafen(name: string): void {
    this.#proxies[name]?.apply({ kind: 'hold' }, 'toClient');
  }

  lagOf(name: string): number | undefined {
    return this.view.members.find((member) => member.name === name)?.lagBytes;
  }

  /** Resolves when both replicas have heard of everything. */
  replicated(): Promise<void> {
    // The server waits for what was written by the same connection.
    const ask = (): Promise<string> => tell(this.server('a'), 'SET barrier 1\r\nWAIT 2 100', /:\d+\r\n$/);
    return until('both replicas follow', async () => /:2\r\n$/.test(await ask()));
  }

  isMaster(name: string): Promise<boolean> {
    return tell(this.server(name), 'INFO replication', /\r\n\r\n$|master_repl_offset.*\r\n/).then((text) =>
      text.includes('role:master'),
    );
  }

  writeAll(keys: readonly string[] = KEYS): Promise<unknown> {
    return Promise.all(keys.map((key) => this.watched.set(key)));
  }

  active(name: string): Promise<void> {
    const holds = (): boolean => this.view.active === name && this.watched.cache.nodes()[0]?.isConnected === true;
    return until(`${name} is active`, holds).catch((cause: unknown) => {
      throw new Error(`${this.told.join()}: ${JSON.stringify(this.view)}`, { cause });
    });
  }
}

describe('a group of a Redis master and its replicas', () => {
  it('with promote: passes over the replica that lags too far, makes the other a master, and misses nothing that it had', async () => {
    const replicas = await Replicas.start({ failover: { promote: true, maxLagBytes: 2_000, failback: 'manual' } });
    const { watched, told } = replicas;
    await replicas.writeAll();
    await replicas.replicated();
    replicas.deafen('b');
    await replicas.writeAll(KEYS.slice(0, 50));
    await until(
      'the lag of b is seen',
      () => (replicas.lagOf('b') ?? 0) > 2_000 && (replicas.lagOf('c') ?? 9_999) < 1_000,
    );

    const sinceKilledMs = stopwatch();
    await replicas.server('a').kill9();
    await replicas.active('c');
    const tookMs = sinceKilledMs();
    expect(told).toEqual(['failedOver a to c']);
    expect(await replicas.isMaster('c')).toBe(true);
    expect(await replicas.isMaster('b')).toBe(false);
    watched.hits = 0;
    await watched.read(KEYS);
    expect(watched.hits).toBe(KEYS.length);
    await replicas.writeAll();
    await watched.read(KEYS);
    expect(watched.hits).toBe(2 * KEYS.length);
    expect(watched.stale).toEqual([]);
    expect(tookMs).toBeLessThan(3_000);
  });

  it('with promote: reads nothing that the replica had not heard of, and the rest', async () => {
    const replicas = await Replicas.start({ failover: { promote: true, failback: 'manual' } });
    const { watched } = replicas;
    await replicas.writeAll();
    await replicas.replicated();
    replicas.deafen('b');
    replicas.deafen('c');
    await replicas.writeAll(KEYS.slice(0, 50));
    await Promise.all(KEYS.slice(50, 60).map((key) => watched.delete(key)));
    await replicas.server('a').kill9();
    await replicas.active('b');
    watched.hits = 0;
    await watched.read(KEYS);
    expect(watched.hits).toBe(40);
    expect(watched.stale).toEqual([]);
  });

  it('without promote: waits until somebody else has made a replica a master', async () => {
    const replicas = await Replicas.start({ failover: {} });
    await replicas.writeAll();
    await replicas.server('a').kill9();
    await until('the primary is seen to be gone', () => replicas.view.members[0]?.state === 'ejected');
    await expect(replicas.watched.cache.failover('b')).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      message: 'b cannot take over: it is a replica; make it a master, or allow that by failover.promote',
    });
    expect(replicas.told).toEqual([]);
    expect(await replicas.isMaster('b')).toBe(false);
    await tell(replicas.server('c'), 'REPLICAOF NO ONE', /OK\r\n$/);
    await replicas.active('c');
    expect(replicas.told).toEqual(['failedOver a to c']);
    await replicas.writeAll();
    await replicas.watched.read(KEYS);
    expect(replicas.watched.stale).toEqual([]);
  });

  it('by hand and with promote: moves to a replica while the master lives, and back', async () => {
    const replicas = await Replicas.start({ failover: { promote: true } });
    const { watched } = replicas;
    await replicas.writeAll();
    await replicas.replicated();
    await watched.cache.failover('b');
    await replicas.active('b');
    await watched.read(KEYS);
    await replicas.writeAll();
    await watched.cache.failover('a');
    await replicas.active('a');
    await watched.read(KEYS);
    await replicas.writeAll();
    watched.hits = 0;
    await watched.read(KEYS);
    expect(watched.hits).toBe(KEYS.length);
    expect(watched.stale).toEqual([]);
    expect(replicas.told).toEqual(['failedOver a to b', 'failedBack b to a']);
  });

  it('notices that the active master was made to follow another, whose older data it has from then on', async () => {
    const replicas = await Replicas.start({ failover: { strategy: 'manual' }, codec: 'string' });
    const { watched } = replicas;
    await replicas.writeAll();
    await replicas.replicated();
    await tell(replicas.server('c'), 'REPLICAOF NO ONE', /OK\r\n$/);
    await replicas.writeAll();
    await watched.read(KEYS);
    expect(watched.hits).toBe(KEYS.length);
    await tell(replicas.server('a'), `REPLICAOF 127.0.0.1 ${replicas.server('c').port}`, /OK\r\n$/);
    await until('it has its data', () =>
      tell(replicas.server('a'), 'INFO replication', /master_repl_offset.*\r\n/).then((text) =>
        /link_status:up/.test(text),
      ),
    );
    await until('that is noticed', () => replicas.view.members[0]?.replicates === 'replica');
    await watched.read(KEYS);
    expect(watched.stale).toEqual([]);
  });

  const comeBack = async (setting: Omit<Setting, 'failover'>): Promise<Replicas> => {
    const failover = { promote: true, failbackDelayMs: 300 };
    const replicas = await Replicas.start({ ...setting, args: SAVING, failover });
    const { watched } = replicas;
    await replicas.writeAll();
    await tell(replicas.server('a'), 'SAVE', /OK\r\n$/);
    await replicas.replicated();
    replicas.deafen('b');
    replicas.deafen('c');
    await replicas.writeAll(KEYS.slice(0, 50));
    await replicas.server('a').kill9();
    await replicas.active('b');
    await watched.read(KEYS);
    await replicas.writeAll(KEYS.slice(50, 70));
    await replicas.server('a').restart();
    await replicas.active('a');
    await watched.read(KEYS);
    await replicas.writeAll();
    await watched.read(KEYS);
    return replicas;
  };

  for (const codec of ['json', 'string'] as const)
    it(`fails back after a while to a primary that comes back with what it had saved, and reads nothing old (${codec})`, async () => {
      const { watched, told } = await comeBack({ codec });
      expect(told).toEqual(['failedOver a to b', 'failedBack b to a']);
      expect(watched.stale).toEqual([]);
      expect(watched.hits / watched.reads).toBeGreaterThan(codec === 'json' ? 0.5 : 0.3);
    });

  it('would read old values with rule R6 switched off (string)', async () => {
    const { watched } = await comeBack({ codec: 'string', disabled: ['R6'] });
    expect(watched.stale).not.toEqual([]);
  });
});

describe('a Redis node that gets a standby', () => {
  it('keeps its place and its values where the group bears its name', async () => {
    const servers = await Promise.all([startRedis(), startRedis()]);
    for (const server of servers) onTestFinished(() => server.stop());
    const [{ url }, standby] = servers;
    const nodes = [{ name: 'a', url }, 'memory://x'];
    const cache = createCache({
      nodes,
      namespace: 'n',
      timeouts: { connectMs: 5_000, attemptMs: 2_000, totalMs: 2_000 },
    });
    onTestFinished(async () => {
      await cache.destroy();
    });
    await reached(cache);
    await Promise.all(KEYS.map((key) => cache.set(key, `v of ${key}`)));
    const before = [cache.ring.fingerprint, ...KEYS.map((key) => cache.ring.owners(key))];
    let isOver = false;
    cache.on('handoffFinished', () => {
      isOver = true;
    });
    await cache.setNodes([
      { name: 'a-1', url, group: 'a', role: 'primary' },
      { name: 'a-2', url: standby.url, group: 'a', role: 'standby' },
      'memory://x',
    ]);
    await until('the hand-off is over', () => isOver);
    expect([cache.ring.fingerprint, ...KEYS.map((key) => cache.ring.owners(key))]).toEqual(before);
    const read = await Promise.all(KEYS.map((key) => cache.get(key)));
    expect(read).toEqual(KEYS.map((key) => `v of ${key}`));
  });
});
