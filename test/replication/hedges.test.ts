import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache, OptionError } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A cache over two nodes in still time, and a key whose first owner is the first of them. */
async function start(options: CacheOptions) {
  const clock = new FakeClock();
  const stores = ['a', 'b'].map((name) => new MemoryNode({ name, clock }));
  const nodes = stores.map((store) => ({
    name: store.name,
    driver: createMemoryDriver({ name: store.name, store, clock }),
  }));
  const cache = createCache({ nodes, clock, replication: 2, health: false, fallback: false, ...options });
  await clock.until(cache.ready());
  const key = Array.from({ length: 50 }, (_, i) => `key ${i}`).find((each) => cache.ring.owners(each)[0] === 'a') ?? '';
  const [first, second] = stores as [MemoryNode, MemoryNode];
  await clock.until(cache.set(key, 'value'));
  /** How long a get takes, and what it answers. */
  const timed = async (asked = key): Promise<readonly [unknown, number]> => {
    const beganAt = clock.now();
    const value = await clock.until(cache.get(asked));
    return [value, clock.now() - beganAt];
  };
  const end = (): Promise<unknown> => clock.until(cache.destroy());
  return { clock, cache, first, second, key, timed, end };
}

describe('hedged reads', () => {
  it('ask the next owner after the time given, and take the first answer', async () => {
    const { first, cache, clock, timed, end } = await start({ read: { hedge: { afterMs: 20 } } });
    first.latencyMs = 150;
    expect(await timed()).toEqual(['value', 20]);
    expect(cache.stats().calls.hedges).toBe(1);
    // The first still owes what it was asked.
    await clock.advance(200);
    first.latencyMs = 0;
    expect(await timed()).toEqual(['value', 0]);
    expect(cache.stats().calls.hedges).toBe(1);
    await end();
  });

  it('wait for the first owner where the second is no quicker, and count nothing as failed', async () => {
    const { first, second, cache, timed, end } = await start({ read: { hedge: { afterMs: 20 } } });
    first.latencyMs = 60;
    second.latencyMs = 150;
    expect(await timed()).toEqual(['value', 60]);
    expect(cache.stats().failures).toBe(0);
    await end();
  });

  it.each([
    ['first', 60, 150],
    ['second', 150, 60],
  ])(
    'do not take bytes of the %s owner that do not count for an answer while the other may have one',
    async (which, ofFirst, ofSecond) => {
      const { clock, first, second, key, timed, end } = await start({ read: { hedge: { afterMs: 20 } } });
      const spoilt = which === 'first' ? first : second;
      const driver = createMemoryDriver({ name: spoilt.name, store: spoilt, clock });
      const other = createCache({ nodes: [{ name: spoilt.name, driver }], clock, codec: 'string', health: false });
      await clock.until(other.set(key, 'no value of ours'));
      await clock.until(other.destroy());
      first.latencyMs = ofFirst;
      second.latencyMs = ofSecond;
      const [value] = await timed(key);
      expect(value).toBe('value');
      await end();
    },
  );

  it('do not take a miss of one owner for an answer while the other may have one', async () => {
    const { first, second, key, timed, end } = await start({ read: { hedge: { afterMs: 20 } } });
    second.restart({ data: 'empty' });
    first.latencyMs = 60;
    expect(await timed(key)).toEqual(['value', 60]);
    await end();
  });

  it('are a miss once, when both owners have none', async () => {
    const { first, second, cache, timed, end } = await start({ read: { hedge: { afterMs: 20 } } });
    first.latencyMs = 60;
    second.latencyMs = 60;
    expect(await timed('nothing here')).toEqual([undefined, 80]);
    expect(cache.stats().misses).toBe(2);
    await end();
  });

  it('go on to the second owner alone when the first fails', async () => {
    const { first, second, timed, end } = await start({ read: { hedge: { afterMs: 20 } }, retry: false });
    first.hang();
    second.latencyMs = 100;
    expect(await timed()).toEqual(['value', 120]);
    await end();
  });

  it('wait for the 95th percentile of the node, and know of none before there are enough answers', async () => {
    const { first, cache, timed, clock, end } = await start({ read: { hedge: true } });
    first.latencyMs = 150;
    expect((await timed())[1]).toBe(150);
    expect(cache.stats().calls.hedges).toBe(0);
    await clock.advance(30_000);
    let answers = 0;
    first.latencyMs = () => (++answers % 50 === 0 ? 30 : 10);
    for (let i = 0; i < 100; i++) await timed();
    const before = cache.stats().calls.hedges;
    first.latencyMs = 150;
    const [value, ms] = await timed();
    expect(value).toBe('value');
    expect(ms).toBeGreaterThanOrEqual(9);
    expect(ms).toBeLessThan(35);
    expect(cache.stats().calls.hedges).toBe(before + 1);
    await end();
  });

  it('stay within the budget: a fleet that is slow everywhere is not asked twice as much', async () => {
    const { first, second, cache, clock, key, end } = await start({ read: { hedge: { afterMs: 20 } } });
    first.latencyMs = 100;
    second.latencyMs = 100;
    const before = first.stats.get + second.stats.get;
    for (let i = 0; i < 1_000; i++) {
      void cache.get(key);
      await clock.advance(10);
    }
    await clock.advance(500);
    const asked = first.stats.get + second.stats.get - before;
    expect(asked).toBeGreaterThan(1_050);
    // A tenth of the calls, and 3 in each of the ten seconds.
    expect(asked).toBeLessThanOrEqual(1_000 + 100 + 33);
    await end();
  });

  it.each([0, '20', { afterMs: 0 }, {}, { after: 5 }])('refuse %j as an option, by its path', (hedge) => {
    expect(() => createCache({ read: { hedge: hedge as never } })).toThrow(OptionError);
    expect(() => createCache({ read: { hedge: hedge as never } })).toThrow(/read\.hedge/);
  });
});
