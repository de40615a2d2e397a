/** Guards as options of a cache: rate limits, queue age, breakers in the hand, pools that follow the load. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache, OptionError, RateLimitedError } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { seededRandom } from '../../src/testing/seeded-random.js';

async function start(options: CacheOptions, names = ['a']) {
  const clock = new FakeClock();
  const stores = names.map((name) => new MemoryNode({ name, clock }));
  const nodes = stores.map((store) => ({
    name: store.name,
    driver: createMemoryDriver({ name: store.name, store, clock }),
  }));
  const cache = createCache({ nodes, clock, health: false, fallback: false, retry: false, ...options });
  await clock.until(cache.ready());
  const end = (): Promise<unknown> => clock.until(cache.destroy());
  return { clock, cache, stores, store: stores[0] as MemoryNode, end };
}

const caught = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('rateLimit', () => {
  it('is off by default', async () => {
    const { clock, cache, store, end } = await start({});
    await clock.until(Promise.all(Array.from({ length: 5_000 }, (_, i) => cache.get(`key ${i}`))));
    expect(store.stats.get).toBe(5_000);
    await end();
  });

  it('refuses calls of the client beyond its limit, typed, whatever the call, and lets them pass again in time', async () => {
    const { clock, cache, store, end } = await start({ rateLimit: { client: { limit: 10, intervalMs: 1_000 } } });
    for (let i = 0; i < 10; i++) await clock.until(cache.get('key'));
    const calls = [
      () => cache.get('key'),
      () => cache.set('key', 1),
      () => cache.getMany(['key']),
      () => cache.increment('n'),
      () => cache.delete('key'),
    ];
    for (const call of calls) {
      const error = await clock.until(caught(call()));
      expect(error).toBeInstanceOf(RateLimitedError);
      expect(error).toMatchObject({ code: 'ERR_RATE_LIMITED', retryAfterMs: 100 });
    }
    expect(store.stats).toMatchObject({ get: 10, store: 0, count: 0 });
    await clock.advance(100);
    expect(await clock.until(cache.set('key', 1))).toBe(true);
    await end();
  });

  it('refuses what is asked of one node beyond its limit, counts it against nobody, and asks the next owner', async () => {
    const rateLimit = { node: { limit: 5, intervalMs: 1_000, algorithm: 'fixed-window' } } as const;
    const { clock, cache, stores, end } = await start({ rateLimit, replication: 2 }, ['a', 'b']);
    const key = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'].find((each) => cache.ring.owners(each)[0] === 'a') ?? '';
    for (let i = 0; i < 5; i++) await clock.until(cache.get(key, { read: { onMiss: 'accept' } }));
    for (let i = 0; i < 5; i++) await clock.until(cache.get(key, { read: { onMiss: 'accept' } }));
    expect(stores.map(({ stats }) => stats.get)).toEqual([5, 5]);
    expect(cache.nodes().map(({ breaker }) => breaker)).toEqual(['closed', 'closed']);
    const strict = await clock.until(cache.getMany([key]));
    expect(strict.failures.get(key)).toMatchObject({ cause: { code: 'ERR_RATE_LIMITED' } });
    await end();
  });

  it.each([
    [{ client: { limit: 0 } }, 'rateLimit.client.limit'],
    [{ node: { limit: 5, burst: 0 } }, 'rateLimit.node.burst'],
    [{ host: { limit: 5 } }, 'rateLimit.host'],
    [{ client: 5 }, 'rateLimit.client'],
  ])('refuses %j as an option, by its path', (rateLimit, path) => {
    expect(() => createCache({ rateLimit: rateLimit as never })).toThrow(expect.objectContaining({ path }));
  });
});

describe('cache.breakers', () => {
  it('shows every breaker with its statistics, and lets each be held open or closed by hand', async () => {
    const { clock, cache, stores, end } = await start({}, ['a', 'b']);
    const events: unknown[] = [];
    for (const name of ['breakerOpened', 'breakerClosed'] as const)
      cache.on(name, ({ node, from, to, reason }) => events.push([node, from, to, reason]));
    expect(cache.breakers.all().map(([name]) => name)).toEqual(['a', 'b']);
    for (let i = 0; i < 20; i++) await clock.until(cache.set(`key ${i}`, i));
    const { a } = cache.breakers.stats();
    expect(a).toMatchObject({ state: 'closed', failures: 0, failureRate: 0, slowRate: 0, windowMs: 10_000 });
    expect(a?.calls).toBeGreaterThan(0);

    cache.breakers.forceOpen('a');
    const before = stores[0]?.stats.get;
    for (let i = 0; i < 20; i++) await clock.until(cache.get(`key ${i}`));
    await clock.advance(60_000);
    for (let i = 0; i < 20; i++) await clock.until(cache.get(`key ${i}`));
    expect(stores[0]?.stats.get).toBe(before);
    cache.breakers.get('a')?.reset();
    await clock.until(cache.get('key 0'));
    expect(cache.breakers.get('a')?.state).toBe('closed');

    cache.breakers.forceClosed('b');
    stores[1]?.failWith('busy');
    for (let i = 0; i < 50; i++) await clock.until(cache.get(`key ${i}`));
    expect(cache.breakers.get('b')?.state).toBe('closed');
    expect(events).toEqual([
      ['a', 'closed', 'open', 'forced'],
      ['a', 'open', 'closed', 'reset'],
    ]);
    expect(cache.breakers.get('c')).toBeUndefined();
    expect(() => cache.breakers.forceOpen('c')).toThrow(OptionError);
    await end();
  });
});

describe('bulkhead', () => {
  it('refuses what has waited for room longer than maxQueueAgeMs, with the age of the oldest', async () => {
    const bulkhead = { maxInFlight: 1, maxQueueAgeMs: 50 };
    const { clock, cache, store, end } = await start({ bulkhead, onUnavailable: 'throw', breaker: false });
    store.latencyMs = 150;
    const first = cache.get('first');
    await clock.advance(1);
    const second = caught(cache.get('second'));
    expect(await clock.until(second)).toMatchObject({
      cause: { code: 'ERR_BULKHEAD_FULL', reason: 'age', lane: 'interactive', node: 'a' },
    });
    expect(clock.now()).toBeLessThan(80);
    await clock.until(first);
    await end();
  });

  it("opens more connections as load and latency grow, and closes them again, with connections: 'auto'", async () => {
    const bulkhead = { connections: 'auto', maxInFlight: 64 } as const;
    const { clock, cache, store, end } = await start({ bulkhead, breaker: false });
    const load = async (seconds: number, perTick: number): Promise<void> => {
      for (let tick = 0; tick < seconds * 100; tick++) {
        for (let i = 0; i < perTick; i++) void cache.get(`key ${tick * perTick + i}`);
        await clock.advance(10);
      }
    };
    await load(2, 1);
    expect(store.openConnections).toBe(1);
    // 2,000 a second at 100 ms are 200 at once, 300 with the headroom: five connections of 64.
    store.latencyMs = 100;
    await load(4, 20);
    expect(store.openConnections).toBe(5);
    const failures = cache.stats().failures;
    store.latencyMs = 0;
    await load(60, 1);
    expect(store.openConnections).toBe(1);
    expect(cache.stats().failures).toBe(failures);
    await end();
  });

  it('keeps the order of writes of a key while connections come and go', async () => {
    const bulkhead = { connections: 'auto', maxInFlight: 16 } as const;
    const timeouts = { attemptMs: 60_000, totalMs: 60_000 };
    const { clock, cache, store, end } = await start({ bulkhead, timeouts, breaker: false });
    const random = seededRandom(1);
    const sizes = new Set<number>();
    // What the node executes, in its own order.
    const executed = new Map<string, number>();
    const disorder: string[] = [];
    const execute = store.execute.bind(store);
    store.execute = (operation, now) => {
      if (operation.kind === 'store') {
        const n = Number(/"n":(\d+)/.exec(operation.bytes.toString('latin1'))?.[1]);
        if (n < (executed.get(operation.key) ?? 0)) disorder.push(`${operation.key}: ${n}`);
        executed.set(operation.key, n);
      }
      return execute(operation, now);
    };
    store.latencyMs = () => 60 * random();
    let n = 0;
    for (let tick = 0; tick < 6_000; tick++) {
      const isBusy = tick % 3_000 < 600;
      for (let i = 0; i < (isBusy ? 12 : 1); i++) void cache.set(`key ${Math.floor(random() * 10)}`, { n: ++n });
      await clock.advance(10);
      sizes.add(store.openConnections);
    }
    await clock.advance(5_000);
    expect(Math.max(...sizes)).toBeGreaterThan(3);
    expect(sizes).toContain(1);
    expect(store.openConnections).toBeLessThan(Math.max(...sizes));
    expect(disorder).toEqual([]);
    await end();
  });

  it('sends fewer at once while answers take longer than they did, with adaptive: true', async () => {
    const { clock, cache, store, end } = await start({
      bulkhead: { adaptive: true, maxInFlight: 256 },
      breaker: false,
    });
    const most = async (ticks: number): Promise<number> => {
      let seen = 0;
      for (let tick = 0; tick < ticks; tick++) {
        for (let i = 0; i < 40; i++) void cache.get(`key ${tick} ${i}`);
        await clock.advance(5);
        seen = Math.max(seen, cache.nodes()[0]?.inFlight ?? 0);
      }
      return seen;
    };
    store.latencyMs = 5;
    await most(300);
    // A server that slows down with what is under way to it.
    store.latencyMs = () => 5 + (cache.nodes()[0]?.inFlight ?? 0) / 2;
    await most(300);
    expect(await most(50)).toBeLessThan(128);
    await end();
  });
});

describe('a backoff of the caller’s own', () => {
  it('that throws costs no call its outcome: the pause is the base', async () => {
    const backoff = (): number => {
      throw new Error('backoff');
    };
    const { clock, cache, store, end } = await start({ retry: { backoff, attempts: 3, jitter: 'none' } });
    store.hang();
    const calls = [cache.get('a'), cache.set('b', 1), cache.set('c', 1, { write: 'one' }), cache.delete('d')];
    await clock.advance(1);
    store.restart({ data: 'keep' });
    await clock.until(Promise.all(calls));
    expect(cache.stats().calls.retries).toBeGreaterThanOrEqual(3);
    await end();
  });
});
