/**
 * Clients of others and a cache on the same servers, 10,000 keys each way: what either wrote the other finds, and the cache
 * finds it on the first node that it asks.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';
import { createPlacement, type PlacementKind } from '../../src/placements.js';
import { startMemcached } from '../../src/testing/servers/memcached-server.js';
import { startRedis } from '../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../src/testing/servers/test-server.js';
import { reached } from '../support/reached.js';
import { isNutcrackerWanted, Nutcracker } from './nutcracker.js';
import {
  ioredisAt,
  ioredisHashring,
  npmMemcached,
  npmMemjs,
  type OtherClient,
  type Weighted,
} from './other-clients.js';

const COUNT = 10_000;
const WEIGHTS = [3, 1, 2];
const PATIENT = { connectMs: 10_000, attemptMs: 15_000, totalMs: 20_000 };

let memcached: TestServer[] = [];
let redis: TestServer[] = [];

beforeAll(async () => {
  memcached = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  redis = await Promise.all([startRedis(), startRedis(), startRedis()]);
});

afterAll(() => Promise.all([...memcached, ...redis].map((server) => server.stop())));

/** Keys as they are in real life: short and long, some beyond ASCII, which clients hash in unlike ways. */
function entriesOf(kind: string, whose: string): Map<string, string> {
  const form = ['user:', 'page/ä/', 'сессия:', `${'k'.repeat(120)}:`, 'cart:€:'];
  return new Map(Array.from({ length: COUNT }, (_, i) => [`${kind}:${form[i % 5]}${i * 7919}`, `${whose} ${i}`]));
}

const equal = (servers: readonly TestServer[]): Weighted[] => servers.map((server) => ({ server, weight: 1 }));
const weighted = (servers: readonly TestServer[]): Weighted[] =>
  servers.map((server, i) => ({ server, weight: WEIGHTS[i] ?? 1 }));

async function expectSideBySide(kind: PlacementKind, nodes: readonly Weighted[], other: OtherClient): Promise<void> {
  const cache: Cache<string> = createCache<string>({
    nodes: nodes.map(({ server: { url }, weight }) => ({ url, weight })),
    placement: kind,
    codec: 'string',
    fallback: false,
    health: false,
    timeouts: PATIENT,
  });
  try {
    await reached(cache);
    const [theirs, ours] = [entriesOf(kind, 'theirs'), entriesOf(`${kind}:ours`, 'ours')];

    await other.write(theirs);
    const found = await cache.getMany(theirs.keys());
    expect(found.failures.size).toBe(0);
    expect(found).toEqual(theirs);
    // Every key was found where the placement says, by one question: no node was asked for a key that it does not hold.
    const places = nodes.map(({ server: { host, port }, weight }) => ({ host, port, weight }));
    const placement = createPlacement(kind, places);
    const expected = new Map(placement.members.map(({ name }) => [name, 0]));
    for (const key of theirs.keys()) {
      const owner = placement.owners(key, 1)[0] ?? '';
      expected.set(owner, (expected.get(owner) ?? 0) + 1);
    }
    expect(new Map(cache.nodes().map(({ name, hits }) => [name, hits]))).toEqual(expected);
    expect(cache.stats()).toMatchObject({ hits: COUNT, misses: 0, failures: 0, calls: { walks: 0, retries: 0 } });
    expect(Math.min(...expected.values())).toBeGreaterThan(COUNT / 20);

    expect(await cache.setMany(ours)).toMatchObject({ stored: COUNT });
    expect(await other.read([...ours.keys()])).toEqual([...ours.values()]);
  } finally {
    other.close();
    await cache.destroy();
  }
}

describe('10,000 keys each way', () => {
  it('beside npm memcached, over servers of unlike weight', async () => {
    const nodes = weighted(memcached);
    await expectSideBySide('npm-memcached', nodes, npmMemcached(nodes));
  });

  it('beside memjs', async () => {
    const nodes = equal(memcached);
    await expectSideBySide('npm-memjs', nodes, npmMemjs(nodes));
  });

  it('beside ioredis sharded by hashring, over servers of unlike weight', async () => {
    const nodes = weighted(redis);
    await expectSideBySide('npm-hashring', nodes, ioredisHashring(nodes));
  });

  it.runIf(isNutcrackerWanted)('beside ioredis through nutcracker, over servers of unlike weight', async () => {
    const nodes = weighted(redis);
    const proxy = await Nutcracker.start({
      distribution: 'ketama',
      hash: 'fnv1a_64',
      isRedis: true,
      servers: nodes.map(({ server: { host, port }, weight }) => `${host}:${port}:${weight}`),
    });
    try {
      await expectSideBySide('twemproxy-redis-ketama-fnv1a_64', nodes, ioredisAt(proxy.port));
    } finally {
      await proxy.stop();
    }
  });

  it.runIf(isNutcrackerWanted)('beside npm memcached through nutcracker', async () => {
    const proxy = await Nutcracker.start({
      distribution: 'modula',
      hash: 'murmur',
      isRedis: false,
      servers: memcached.map(({ host, port }) => `${host}:${port}:1`),
    });
    const [first] = memcached;
    try {
      const other = npmMemcached(
        first === undefined ? [] : [{ server: { ...first, host: '127.0.0.1', port: proxy.port }, weight: 1 }],
      );
      await expectSideBySide('twemproxy-modula-murmur', equal(memcached), other);
    } finally {
      await proxy.stop();
    }
  });
});
