/** Bare values whose repair in the old place waits are copied forward all the same: what was read is not lost by promoting. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const KEYS = Array.from({ length: 200 }, (_, i) => `k${i}`);

describe('promoting', () => {
  it('keeps what was read at its former owner while a repair of it was held back', async () => {
    const clock = new FakeClock();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => new MemoryNode({ name, clock })) as [
      MemoryNode,
      MemoryNode,
      MemoryNode,
      MemoryNode,
    ];
    const node = (store: MemoryNode) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store, clock }),
    });
    const old = [a, b].map(node);
    const cache = createCache<string>({
      nodes: [...old, node(c), node(d)],
      ...{ clock, replication: 2, codec: 'string', health: false, breaker: false },
      migration: { from: { placement: 'npm-hashring', nodes: old } },
    });
    onTestFinished(async () => {
      await clock.until(cache.destroy());
    });
    await clock.until(cache.ready());
    const readAll = async (): Promise<number> => {
      let hits = 0;
      for (const key of KEYS) if ((await clock.until(cache.get(key))) === 'v') hits++;
      return hits;
    };
    for (const key of KEYS) await clock.until(cache.set(key, 'v'));
    b.restart({ data: 'empty' });
    await clock.advance(700);
    expect(await readAll()).toBe(KEYS.length);
    cache.migration?.rampTo(100);
    expect(await readAll()).toBe(KEYS.length);
    await clock.until(cache.migration?.promote() ?? Promise.resolve());
    expect(await readAll()).toBe(KEYS.length);
  });
});
