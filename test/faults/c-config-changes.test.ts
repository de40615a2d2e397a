/** Rows C11 to C14: options that are wrong, that change while the cache runs, or that come in a URL. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type CacheOptions, createCache, type NodeOptions, OptionError } from '../../src/index.js';
import { clean, type Ending, ending, openCache, PATIENT, startFleet, until } from './fleet.js';

describe('options that are wrong, or change', () => {
  // Planted fault: nodes are checked one by one, and each when it first connects.
  it.each<[CacheOptions['nodes'], string]>([
    [[], 'nodes'],
    [['redis://a:1', 'redis://a:1'], 'nodes[1].name'],
    [
      [
        { url: 'redis://a:1', name: 'x' },
        { url: 'redis://b:1', name: 'x' },
      ],
      'nodes[1].name',
    ],
    [[{ url: 'redis://a:1', weight: 0 }], 'nodes[0].weight'],
    [[{ url: 'redis://a:1', weight: Number.NaN }], 'nodes[0].weight'],
    [[{ url: 'redis://a:1', weight: -1 }], 'nodes[0].weight'],
    [['redis://a:99999'], 'nodes[0].url'],
    [['http://a'], 'nodes[0].url'],
    [['redis://'], 'nodes[0].url'],
  ])('C11 %j: refused before anything opens, by its path', (nodes, path) => {
    clean();
    let error: unknown;
    try {
      void createCache({ nodes }).destroy();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', path });
  });

  // Planted fault: nodes that stay are built anew with each list.
  it('C12 the list of nodes changed all the time under load: nothing fails, what is the same moves nothing', async () => {
    const fleet = await startFleet({
      kinds: ['redis', 'redis', 'redis', 'redis'],
      cache: { health: false, namespace: 'c12', handoff: { migrate: false }, timeouts: PATIENT },
    });
    const { cache, proxies } = fleet;
    const node = (i: number, weight = 1): NodeOptions => ({
      url: `redis://127.0.0.1:${proxies[i]?.port}`,
      name: 'abcd'[i] ?? '',
      weight,
    });
    const lists = [
      [node(0), node(1), node(2)],
      [node(0), node(1), node(2), node(3)],
      [node(0), node(1), node(2), node(3)],
      [node(0), node(1, 2), node(2), node(3)],
    ];
    const epochs: number[] = [];
    const ends: Ending[] = [];
    const open = new Set<Promise<unknown>>();
    const track = (call: () => Promise<unknown>): void => {
      const settled = ending(call).then((end) => {
        ends.push(end);
        open.delete(settled);
      });
      open.add(settled);
    };
    const accepted = proxies[0]?.accepted;
    for (let round = 0; round < 20; round++) {
      const before = cache.stats().epoch;
      await cache.setNodes(lists[round % lists.length] ?? []);
      if (round % lists.length === 2) epochs.push(cache.stats().epoch - before);
      for (let tick = 0; tick < 10; tick++) {
        for (let i = 0; i < 20; i++) {
          const key = `key ${(round * 37 + tick * 11 + i) % 500}`;
          if (i % 2 === 0) track(() => cache.set(key, key));
          else track(() => cache.get(key));
        }
        await sleep(5);
      }
    }
    await Promise.all(open);
    expect(ends.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(ends.filter(({ value }) => value === false)).toEqual([]);
    // None has waited for a deadline, that of a connection to a node that is no more, say.
    expect(Math.max(...ends.map(({ ms }) => ms))).toBeLessThan(PATIENT.attemptMs);
    expect(epochs).toEqual([0, 0, 0, 0, 0]);
    // What stays keeps its connections.
    expect(proxies[0]?.accepted).toBeLessThanOrEqual((accepted ?? 0) + 2);
    expect(cache.nodes().map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });

  // Planted fault: a list is taken over up to its first mistake.
  it('C13 a bad list: refused whole, the old one keeps serving', async () => {
    const { cache } = await startFleet({ kinds: ['redis', 'redis'], cache: { health: false, timeouts: PATIENT } });
    await cache.set('key', 'value');
    const print = cache.ring.fingerprint;
    for (const list of [
      [],
      ['redis://c:1', 'redis://c:1'],
      ['redis://c:1', { url: 'redis://d:1', weight: 0 }],
      'nonsense',
    ] as const) {
      const { error } = await ending(() => cache.setNodes(list as readonly string[]));
      expect(error).toBeInstanceOf(OptionError);
      expect(cache.ring.fingerprint).toBe(print);
      expect(await cache.get('key')).toBe('value');
    }
    expect((await ending(() => cache.addNode({ url: 'redis://e:1', name: 'a' }))).error).toBeInstanceOf(OptionError);
    expect(cache.nodes()).toHaveLength(2);
  });

  // Planted fault: the query of a URL becomes options, as with ioredis.
  it('C14 options in the query of a URL: none is taken, above all none of security', async () => {
    const { server } = await startFleet({ isDirect: true, cache: { health: false, timeouts: PATIENT } });
    const query =
      'enableOfflineQueue=true&tls=true&insecureSkipVerify=true&password=x&db=3&family=6&name=evil&weight=9';
    const cache = await openCache({
      nodes: [`redis://127.0.0.1:${server.port}/?${query}`],
      health: false,
      timeouts: PATIENT,
    });
    await until(() => cache.nodes()[0]?.isConnected === true);
    expect(cache.nodes()[0]).toMatchObject({ name: `127.0.0.1:${server.port}`, weight: 1 });
    expect(await cache.set('key', 'value')).toBe(true);
    expect(await cache.get('key')).toBe('value');
    const plain = await openCache({ nodes: [`redis://127.0.0.1:${server.port}`], health: false, timeouts: PATIENT });
    expect(await plain.get('key')).toBe('value');
  });
});
