/** Side by side with ioredis over npm hashring on the same servers: what either writes, the other finds where it looks. */

import { createRequire } from 'node:module';
import { Redis as IoRedis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Redis } from '../../../src/ioredis.js';
import { ThreeNodes } from './three-nodes.js';

/** It has no types. */
const HashRing: new (servers: string[]) => { get(key: string): string } = createRequire(import.meta.url)('hashring');
const KEYS = Array.from({ length: 10_000 }, (_, i) => `user:${i * 7}:${i % 13}`);

describe('ringfence/ioredis and ioredis over hashring', () => {
  let nodes: ThreeNodes;
  let redis: Redis;
  let clients: Map<string, IoRedis>;
  let owner: (key: string) => IoRedis;

  beforeAll(async () => {
    nodes = await ThreeNodes.start();
    redis = new Redis(
      nodes.servers.map(({ url }) => url),
      { placement: 'npm-hashring', commandTimeout: 10_000 },
    );
    clients = new Map(nodes.servers.map(({ host, port }) => [`${host}:${port}`, new IoRedis({ host, port })]));
    const ring = new HashRing([...clients.keys()]);
    owner = (key) => clients.get(ring.get(key)) as IoRedis;
  });

  afterAll(async () => {
    redis.disconnect();
    for (const client of clients.values()) client.disconnect();
    await nodes.stop();
  });

  it("read each other's ten thousand keys, from the only node asked", async () => {
    await Promise.all(KEYS.map((key) => owner(key).set(key, key)));
    expect(await Promise.all(KEYS.map((key) => redis.get(key)))).toEqual(KEYS);
    await redis.flushall();
    await redis.mset(Object.fromEntries(KEYS.map((key) => [key, key])));
    expect(await Promise.all(KEYS.map((key) => owner(key).get(key)))).toEqual(KEYS);
    const sizes = await Promise.all([...clients.values()].map((client) => client.dbsize()));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(KEYS.length);
  });
});
