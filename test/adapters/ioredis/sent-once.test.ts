/** What may have been executed is not sent again, and a transaction is done as a whole or not at all, whatever the network does. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Redis, Redis as Ring } from '../../../src/ioredis.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import type { StreamFault } from '../../../src/testing/fault-proxy/stream-fault.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { ThreeNodes } from './three-nodes.js';

const ROUNDS = 30;
const CALLS = 60;

/** Cuts that leave a request, or a reply, half on its way. */
const faults = (random: () => number): StreamFault =>
  random() < 0.5
    ? { kind: 'limit', bytes: Math.floor(random() * 3_000) }
    : { kind: 'slicer', size: 1 + Math.floor(random() * 40) };

describe('through a network that cuts connections anywhere', () => {
  let nodes: ThreeNodes;
  let proxies: FaultProxy[];
  let redis: Redis;

  beforeAll(async () => {
    nodes = await ThreeNodes.start();
    proxies = await Promise.all(nodes.servers.map(({ port }, i) => FaultProxy.start({ port, seed: i })));
    redis = new Ring({
      nodes: proxies.map(({ port }) => `redis://127.0.0.1:${port}`),
      commandTimeout: 300,
      breaker: false,
      health: false,
    });
  });

  afterAll(async () => {
    redis.disconnect();
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await nodes.stop();
  });

  it('nothing is done twice, what was confirmed was done, and transactions are done as a whole', async () => {
    const random = seededRandom(7);
    const keys = Array.from({ length: 6 }, (_, i) => `n${i}`);
    const issued = new Map(keys.map((key) => [key, 0]));
    const confirmed = new Map<string, number[]>(keys.map((key) => [key, []]));
    let failed = 0;
    const count = (key: string): Promise<void> => {
      issued.set(key, (issued.get(key) ?? 0) + 1);
      return redis.incr(key).then(
        (value) => void confirmed.get(key)?.push(value),
        () => void failed++,
      );
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (const proxy of proxies) {
        await proxy.heal();
        if (random() < 0.6) proxy.apply(faults(random), random() < 0.5 ? 'toNode' : 'toClient');
      }
      const work: Promise<unknown>[] = [];
      for (let i = 0; i < CALLS; i++) {
        work.push(count(keys[Math.floor(random() * keys.length)] ?? ''));
        if (i % 6 === 0)
          work.push(
            redis
              .multi()
              .incr('{t}:a')
              .rpush('{t}:b', 'x')
              .incr('{t}:c')
              .exec()
              .catch(() => failed++),
          );
      }
      await Promise.all(work);
      // Time to connect anew.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const proxy of proxies) await proxy.heal();
    await expect.poll(() => redis.ping().catch(() => 'out')).toBe('PONG');

    for (const key of keys) {
      const value = Number(await redis.get(key));
      const told = confirmed.get(key) ?? [];
      expect(value).toBeLessThanOrEqual(issued.get(key) ?? 0);
      expect(value).toBeGreaterThanOrEqual(told.length);
      // Each was told a value of its own, in the order of the calls.
      expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
    }
    const [a, b, c] = await Promise.all([redis.get('{t}:a'), redis.llen('{t}:b'), redis.get('{t}:c')]);
    expect([Number(a), Number(c)]).toEqual([b, b]);
    // It was no fair weather, and not the end of the world.
    expect(failed).toBeGreaterThan(ROUNDS);
    expect([...confirmed.values()].flat().length).toBeGreaterThan(ROUNDS);
  });
});
