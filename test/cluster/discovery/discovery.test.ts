import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { configSource, parseConfig } from '../../../src/cluster/discovery/config-source.js';
import { Discovery } from '../../../src/cluster/discovery/discovery.js';
import { dnsSource } from '../../../src/cluster/discovery/dns-source.js';
import { parseList } from '../../../src/cluster/discovery/file-source.js';
import type { FoundNode } from '../../../src/cluster/discovery/source.js';
import { createCache } from '../../../src/index.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it did not come about within 15 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('Discovery', () => {
  it('keeps the last good list when its source fails, answers nothing or answers nonsense, and says so once', async () => {
    const clock = new FakeClock();
    const answers: (readonly FoundNode[] | Error)[] = [
      ['redis://a'],
      new Error('no such host'),
      [],
      ['bad'],
      ['redis://b'],
    ];
    const applied: (readonly FoundNode[])[] = [];
    const failures: string[] = [];
    const discovery = new Discovery({
      clock,
      intervalMs: 1_000,
      source: {
        name: 'test',
        read: async () => {
          const answer = answers.shift() ?? ['redis://b'];
          if (answer instanceof Error) throw answer;
          return answer;
        },
      },
      apply: async (nodes) => {
        if (nodes[0] === 'bad') throw new Error('not a URL');
        applied.push(nodes);
      },
      failed: (source, reason) => failures.push(`${source}: ${reason}`),
    });
    discovery.start();
    await clock.advance(4_500);
    discovery.stop();
    expect(applied).toEqual([['redis://a'], ['redis://b']]);
    expect(failures).toEqual(['test: no such host']);
    await clock.advance(5_000);
    expect(applied.length).toBe(2);
  });

  it('closes all the same, and polls, where a source of the caller’s own cannot be watched or left', async () => {
    const left: string[] = [];
    const watches: Readonly<Record<string, unknown>> = {
      throws: () => () => {
        left.push('throws');
        throw new Error('unwatch');
      },
      promises: async () => () => left.push('promises'),
      rejects: () => Promise.reject(new Error('watch')),
      answersNothing: () => undefined,
      answersNoFunction: () => ({ close: () => undefined }),
    };
    for (const watch of Object.values(watches)) {
      const source = { name: 'test', read: async () => ['memory://a'], watch: watch as never };
      const cache = createCache({ nodes: ['memory://a'], discovery: { source } });
      await cache.ready();
      expect(await cache.close()).toEqual({ unpaidDebts: 0 });
      await expect(cache.get('key')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    }
    await until(() => left.length === 2);
    expect(left).toEqual(['throws', 'promises']);
  });

  it('asks again where its source has not answered for long', async () => {
    const clock = new FakeClock();
    let reads = 0;
    const applied: (readonly FoundNode[])[] = [];
    const failures: string[] = [];
    const discovery = new Discovery({
      clock,
      intervalMs: 1_000,
      source: {
        name: 'test',
        read: () => (++reads === 1 ? new Promise(() => undefined) : Promise.resolve(['redis://a'])),
      },
      apply: async (nodes) => void applied.push(nodes),
      failed: (source, reason) => failures.push(`${source}: ${reason}`),
    });
    discovery.start();
    await clock.advance(32_000);
    discovery.stop();
    expect(failures).toEqual(['test: no answer within 30000 ms']);
    expect(applied[0]).toEqual(['redis://a']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('looks once more soon after news that came while it was reading', async () => {
    const clock = new FakeClock();
    let list: readonly FoundNode[] = ['redis://a'];
    let tell = (): void => undefined;
    const applied: (readonly FoundNode[])[] = [];
    const discovery = new Discovery({
      clock,
      intervalMs: 60_000,
      source: {
        name: 'test',
        // What it answers is what stood there when it began.
        read: () => {
          const found = list;
          return new Promise((resolve) => clock.setTimer(() => resolve(found), 500));
        },
        watch: (onNews) => {
          tell = onNews;
          return () => undefined;
        },
      },
      apply: async (nodes) => void applied.push(nodes),
      failed: () => undefined,
    });
    discovery.start();
    await clock.advance(100);
    list = ['redis://b'];
    tell();
    await clock.advance(5_000);
    expect(applied).toEqual([['redis://a'], ['redis://b']]);
    // Also where it is done reading a moment later.
    tell();
    await clock.advance(540);
    list = ['redis://c'];
    tell();
    await clock.advance(5_000);
    expect(applied.at(-1)).toEqual(['redis://c']);
    discovery.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('sources of nodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-discovery-'));
  const path = join(folder, 'nodes.json');
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it('reads lists as JSON, as an object with nodes, and as lines with comments', () => {
    expect(parseList('["redis://a", {"url": "redis://b", "weight": 2}]')).toEqual([
      'redis://a',
      { url: 'redis://b', weight: 2 },
    ]);
    expect(parseList('{"nodes": ["redis://a"]}')).toEqual(['redis://a']);
    expect(parseList('# ours\nredis://a  # first\n\nredis://b:1#x\n')).toEqual(['redis://a', 'redis://b:1#x']);
    expect(() => parseList('{"hosts": []}')).toThrow(SyntaxError);
    expect(() => parseList('[broken')).toThrow(SyntaxError);
  });

  it('follows a file that is replaced, and moves nothing while the list is the same or broken', async () => {
    writeFileSync(path, '["memory://a", "memory://b"]');
    const failures: string[] = [];
    const epochs: number[] = [];
    const cache = createCache({ nodes: ['memory://a'], discovery: { file: path, intervalMs: 60_000 } });
    cache.on('discoveryFailed', ({ reason }) => failures.push(reason));
    cache.on('topologyChanged', ({ epoch }) => epochs.push(epoch));
    const names = (): string =>
      cache
        .nodes()
        .map(({ name }) => name)
        .join();
    await until(() => names() === 'a,b');
    writeFileSync(`${path}.new`, '["memory://b", "memory://a"]');
    renameSync(`${path}.new`, path);
    writeFileSync(`${path}.new`, 'not a node');
    renameSync(`${path}.new`, path);
    await until(() => failures.length === 1);
    expect(names()).toBe('a,b');
    expect(epochs.length).toBe(1);
    writeFileSync(path, '["memory://b", "memory://c"]');
    await until(() => names() === 'b,c');
    await cache.close();
    rmSync(folder, { recursive: true });
  });

  it('names nodes of A and AAAA records by address, whatever their order, and needs only one family', async () => {
    const missing = async (): Promise<never> => Promise.reject(new Error('ENODATA'));
    const both = { resolve4: async () => ['10.0.0.2', '10.0.0.1'], resolve6: async () => ['::1'], resolveSrv: missing };
    expect(await dnsSource({ host: 'x', port: 6379 }, both).read()).toEqual([
      { url: 'redis://10.0.0.1:6379' },
      { url: 'redis://10.0.0.2:6379' },
      { url: 'redis://[::1]:6379' },
    ]);
    const four = { ...both, resolve6: missing };
    expect(await dnsSource({ host: 'x', port: 1 }, four).read()).toHaveLength(2);
    await expect(dnsSource({ host: 'x', port: 1 }, { ...four, resolve4: missing }).read()).rejects.toThrow('ENODATA');
  });

  it('takes target, port and weight from SRV records', async () => {
    const none = async (): Promise<string[]> => [];
    const resolver = {
      resolve4: none,
      resolve6: none,
      resolveSrv: async () => [
        { name: 'b', port: 2, weight: 0 },
        { name: 'a', port: 1, weight: 5 },
      ],
    };
    expect(await dnsSource({ host: '_mc._tcp.x', scheme: 'memcached' }, resolver).read()).toEqual([
      { url: 'memcached://a:1', weight: 5 },
      { url: 'memcached://b:2', weight: 1 },
    ]);
  });

  it('takes the weights of SRV records for shares: of a service that weighs its targets by their number, nothing moves', async () => {
    const records = (weights: readonly number[]) => ({
      resolve4: async () => [],
      resolve6: async () => [],
      resolveSrv: async () => weights.map((weight, i) => ({ name: `n${i}`, port: 1, weight })),
    });
    const weightsOf = async (...weights: number[]) =>
      (await dnsSource({ host: '_redis._tcp.x' }, records(weights)).read()).map((node) =>
        typeof node === 'string' ? undefined : node.weight,
      );
    expect(await weightsOf(33, 33, 33)).toEqual([1, 1, 1]);
    expect(await weightsOf(25, 25, 25, 25)).toEqual([1, 1, 1, 1]);
    expect(await weightsOf(20, 30)).toEqual([1, 1.5]);
    expect(await weightsOf(65_535, 1)).toEqual([1_000, 1]);
    expect(await weightsOf(0, 0)).toEqual([1, 1]);
  });

  it('refuses options of a source that it does not know', () => {
    const refused = (discovery: object) => {
      expect(() => createCache({ nodes: ['memory://a'], discovery })).toThrow(/is not an option/);
    };
    refused({ dns: { host: 'x', type: 'SRV' } });
    refused({ config: { host: 'x', port: 1, timeout: 5 } });
  });

  it('asks a configuration endpoint, answered in pieces, and refuses another shape', async () => {
    const answer = 'CONFIG cluster 0 68\r\n12\nmc-1.x|10.0.0.1|11211 mc-2.x||11212\n\r\nEND\r\n';
    const nodes = [
      { url: 'memcached://10.0.0.1:11211', name: 'mc-1.x:11211' },
      { url: 'memcached://mc-2.x:11212', name: 'mc-2.x:11212' },
    ];
    expect(parseConfig(answer)).toEqual(nodes);
    expect(() => parseConfig('ERROR\r\n')).toThrow(SyntaxError);
    const server = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.write(answer.slice(0, 30));
      setImmediate(() => socket.write(answer.slice(30)));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await configSource({ host: '127.0.0.1', port }).read()).toEqual(nodes);
    await expect(configSource({ host: '127.0.0.1', port: 1 }).read()).rejects.toThrow('ECONNREFUSED');
  });
});
