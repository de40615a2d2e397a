/** Rule R13: what is read on a stand-in lives on there, up to the life it was given, and has that life when it is handed back. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { reached } from '../support/reached.js';
import { Nodes } from './claim-nodes.js';

const DAY_MS = 86_400_000;
const STAND_IN_TTL_MS = 60_000;

async function start(names = ['a', 'b'], options: CacheOptions = {}) {
  const clock = new FakeClock();
  const stores = names.map((name) => new MemoryNode({ name, clock }));
  const cache = createCache({
    nodes: stores.map((store) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, clock, store }),
    })),
    retry: false,
    fallback: false,
    random: () => 0.5,
    clock,
    ...options,
  });
  onTestFinished(async () => {
    await clock.until(cache.destroy());
  });
  await clock.until(cache.ready());
  const keysOf = (name: string) =>
    Array.from({ length: 100 }, (_, i) => `session${i}`).filter((each) => cache.ring.owners(each)[0] === name);
  const [key, other] = keysOf('a') as [string, string];
  const [own] = keysOf('b') as [string];
  const [a, b] = stores as [MemoryNode, MemoryNode];
  const inState = async (state: string): Promise<void> => {
    const stateOf = () => cache.nodes().find(({ name }) => name === 'a')?.state;
    for (let i = 0; i < 100 && stateOf() !== state; i++) await clock.advance(500);
    expect(stateOf()).toBe(state);
  };
  const outage = async (): Promise<void> => {
    a.kill();
    await inState('ejected');
    expect(cache.ring.owners(key)).not.toContain('a');
  };
  const back = async (): Promise<void> => {
    a.restart({ data: 'keep' });
    await inState('healthy');
    await clock.advance(5_000);
    expect(cache.ring.owners(key)[0]).toBe('a');
  };
  /** What a read each `everyMs` finds, once for each value that it finds. */
  const read = async (forMs: number, everyMs = 1_000, how: () => Promise<unknown> = () => cache.get(key)) => {
    const found = new Set<unknown>();
    for (let ms = 0; ms < forMs; ms += everyMs) {
      await clock.advance(everyMs);
      found.add(await clock.until(how()));
    }
    return [...found];
  };
  return { clock, cache, b, key, other, own, outage, back, read };
}

describe('a session on a stand-in', () => {
  it('that is read lives on through the outage, and after it', async () => {
    const { clock, cache, key, outage, back, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    expect(await read(180_000)).toEqual(['in']);
    await back();
    expect(await read(180_000)).toEqual(['in']);
    const left = await clock.until(cache.ttl(key));
    expect(left).toSatisfy((ms: number) => ms > DAY_MS - 600_000 && ms <= DAY_MS);
  });

  it.each<[string, (cache: Awaited<ReturnType<typeof start>>['cache'], key: string) => Promise<unknown>]>([
    ['getMany', async (cache, key) => (await cache.getMany([key])).get(key)],
    ['getEntry', async (cache, key) => (await cache.getEntry(key))?.value],
  ])('lives on by %s too, and without an end of its own', async (_, how) => {
    const { clock, cache, key, outage, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in'));
    expect(await read(180_000, 1_000, () => how(cache, key))).toEqual(['in']);
  });

  it('lives on if it is read every half of standInTtlMs', async () => {
    const { clock, cache, key, outage, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    await read(STAND_IN_TTL_MS / 2);
    expect(await read(300_000, STAND_IN_TTL_MS / 2)).toEqual(['in']);
  });

  it('is carried back with its own life by a migration', async () => {
    const { clock, cache, key, outage, back } = await start(['a', 'b'], { namespace: 'app' });
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    await back();
    await clock.advance(5 * STAND_IN_TTL_MS);
    expect(await clock.until(cache.get(key))).toBe('in');
  });

  it('that nobody reads is gone after standInTtlMs', async () => {
    const { clock, cache, key, other, outage, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    await clock.until(cache.set(other, 'in', { ttlMs: DAY_MS }));
    expect(await read(STAND_IN_TTL_MS + 1)).toEqual(['in']);
    expect(await clock.until(cache.get(other))).toBeUndefined();
  });

  it('ends when its own time is over', async () => {
    const { clock, cache, key, outage, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: 100_000 }));
    expect(await read(99_000)).toEqual(['in']);
    expect(await read(2_000, 2_000)).toEqual([undefined]);
  });

  it.each([
    ['shorter', DAY_MS, 100_000],
    ['longer', 70_000, DAY_MS],
  ])('lives as long as touch last said, which was %s', async (_, firstMs, thenMs) => {
    const { clock, cache, key, outage, back, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: firstMs }));
    expect(await clock.until(cache.touch(key, thenMs))).toBe(true);
    expect(await clock.until(cache.ttl(key))).toBeLessThanOrEqual(STAND_IN_TTL_MS);
    expect(await read(50_000)).toEqual(['in']);
    await back();
    await read(1_000);
    const left = await clock.until(cache.ttl(key));
    expect(left).toSatisfy((ms: number) => ms > thenMs - 100_000 && ms < thenMs - 50_000);
  });

  it('that was touched while it was handed back ends when that says', async () => {
    const { clock, cache, key, outage, back, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    await back();
    expect(await clock.until(cache.touch(key, 20_000))).toBe(true);
    expect(await read(19_000)).toEqual(['in']);
    expect(await read(2_000, 2_000)).toEqual([undefined]);
  });
});

describe('a renewal', () => {
  it('is tried once in a quarter of standInTtlMs, however many read', async () => {
    const { clock, cache, b, key, outage, read } = await start();
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    const looks: string[] = [];
    const stores: string[] = [];
    const execute = b.execute.bind(b);
    b.execute = (operation, now) => {
      if (operation.key.endsWith(key) && operation.kind === 'inspect') looks.push(operation.key);
      if (operation.key.endsWith(key) && operation.kind === 'store') stores.push(operation.key);
      return execute(operation, now);
    };
    expect(await read(4 * STAND_IN_TTL_MS, 100)).toEqual(['in']);
    expect(looks.length).toSatisfy((times: number) => times >= 15 && times <= 17);
    expect(stores.length).toSatisfy((times: number) => times >= 7 && times <= 12);
  });

  it('does not lengthen what another process has stored meanwhile', async () => {
    const { clock, cache, b, key, outage } = await start();
    const another = createCache({
      nodes: [{ name: 'b', driver: createMemoryDriver({ name: 'b', clock, store: b }) }],
      health: false,
      clock,
    });
    onTestFinished(async () => {
      await clock.until(another.destroy());
    });
    await clock.until(another.ready());
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    await clock.advance(30_000);
    let written: Promise<boolean> | undefined;
    const execute = b.execute.bind(b);
    b.execute = (operation, now) => {
      const bytes = execute(operation, now);
      // The renewal has looked; what is sent now is there before what it stores.
      if (operation.kind === 'inspect') written ??= another.set(key, 'out', { ttlMs: 5_000 });
      return bytes;
    };
    expect(await clock.until(cache.get(key))).toBe('in');
    await clock.drain();
    expect(await written).toBe(true);
    expect(await clock.until(cache.get(key))).toBe('out');
    await clock.advance(5_000);
    expect(await clock.until(cache.get(key))).toBeUndefined();
  });

  it('is not for what a node holds in its own right, and was touched there', async () => {
    const { clock, cache, own, outage, read } = await start();
    await clock.until(cache.set(own, 'in', { ttlMs: DAY_MS }));
    await outage();
    expect(await clock.until(cache.touch(own, 20_000))).toBe(true);
    expect(await read(19_000, 1_000, () => cache.get(own))).toEqual(['in']);
    expect(await read(2_000, 2_000, () => cache.get(own))).toEqual([undefined]);
  });
});

describe('on a real redis', () => {
  it('a session is there through an outage and after it', async () => {
    const nodes = await Nodes.start('redis');
    // So long does no busy machine keep us from reading.
    const standInTtlMs = 3_000;
    const timeouts = { connectMs: 5_000, attemptMs: 5_000, totalMs: 10_000 };
    const cache = createCache({
      nodes: [nodes.node(0), nodes.node(1)],
      health: { standInTtlMs },
      fallback: false,
      timeouts,
    });
    onTestFinished(async () => {
      await cache.destroy();
      await nodes.stop();
    });
    await reached(cache);
    const key = Array.from({ length: 100 }, (_, i) => `session${i}`).find(
      (each) => cache.ring.owners(each)[0] === 'a',
    ) as string;
    await cache.maintenance('a', true);
    // Renewals have a lane of their own, whose first connection takes its time.
    await cache.get(key, { lane: 'background' });
    expect(await cache.set(key, 'in', { ttlMs: DAY_MS })).toBe(true);
    expect(await cache.touch(key, DAY_MS / 2)).toBe(true);
    const readFor = async (ms: number): Promise<void> => {
      for (const end = Date.now() + ms; Date.now() < end; ) {
        expect(await cache.get(key)).toBe('in');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await readFor(1.25 * standInTtlMs);
    expect(await cache.ttl(key)).toSatisfy((left: number) => left <= standInTtlMs + 1_000);
    await cache.maintenance('a', false);
    await readFor(1.25 * standInTtlMs);
    expect(cache.ring.owners(key)).toEqual(['a']);
    expect(await cache.ttl(key)).toSatisfy((left: number) => left > DAY_MS / 2 - 60_000 && left <= DAY_MS / 2);
  });
});

describe('a copy on a stand-in', () => {
  it('lives briefly there, and comes back with the life it had', async () => {
    const { clock, cache, key, read } = await start(['a', 'b', 'c'], { replication: 2 });
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    const [, second] = cache.ring.owners(key) as [string, string];
    await clock.until(cache.maintenance('a', true));
    const third = cache.ring.owners(key).find((name) => name !== second);
    expect(await read(5_000, 1_000, () => cache.get(key, { read: { prefer: 'any' } }))).toEqual(['in']);
    await clock.until(cache.maintenance(second, true));
    expect(cache.ring.owners(key)[0]).toBe(third);
    expect(await clock.until(cache.ttl(key))).toBeLessThanOrEqual(STAND_IN_TTL_MS);
    expect(await read(180_000)).toEqual(['in']);
  });
});

describe('values without an envelope', () => {
  it('end standInTtlMs after they were written there: nobody knows how long they were to live', async () => {
    const { clock, cache, key, outage, read } = await start(['a', 'b'], { codec: 'string' });
    await outage();
    await clock.until(cache.set(key, 'in', { ttlMs: DAY_MS }));
    expect(await read(STAND_IN_TTL_MS - 1_000)).toEqual(['in']);
    expect(await read(2_000, 2_000)).toEqual([undefined]);
  });
});
