/** The beginning and the end of a cache: ready, close and destroy, from any state, in bounded time, nothing left behind. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { freePort } from '../../src/testing/servers/free-port.js';
import { stopwatch } from '../support/stopwatch.js';
import { type BuiltPackage, buildPackage } from './built-package.js';
import { invoke, KEY_CALLS, refusalOf } from './every-call.js';
import { ALL_FLEETS, Fleet, PATIENT } from './fleet.js';

/** Whether each settled by now, without waiting. */
async function settled(calls: readonly Promise<unknown>[]): Promise<boolean[]> {
  const marks = calls.map(() => false);
  for (const [i, call] of calls.entries()) {
    const mark = (): void => void (marks[i] = true);
    call.then(mark, mark);
  }
  await new Promise((resolve) => setImmediate(resolve));
  return marks;
}

describe.each(ALL_FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  it('a cache can be used before it is ready', async () => {
    const cache = createCache({
      nodes: fleet.nodes,
      replication: kind.replication,
      timeouts: PATIENT,
    });
    expect(await cache.set('first', 'v')).toBe(true);
    expect(await cache.get('first')).toBe('v');
    await cache.ready();
    expect(cache.nodes().every(({ isConnected }) => isConnected)).toBe(true);
    await cache.destroy();
  });

  it('close lets calls under way finish, and refuses those that come after', async () => {
    const cache = await fleet.open();
    const calls = Array.from({ length: 1_000 }, (_, i) => cache.set(`k${i}`, { i }));
    const reads = Array.from({ length: 1_000 }, (_, i) => cache.get(`k${i}`));
    const closed = cache.close();
    expect(cache.close()).toBe(closed);
    for (const [method, args] of KEY_CALLS)
      expect(await refusalOf(invoke(cache, method, args('k')))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
    expect(await Promise.all(reads)).toEqual(reads.map((_, i) => ({ i })));
    expect(await closed).toEqual({ unpaidDebts: 0 });
    expect(cache.nodes().some(({ isConnected }) => isConnected)).toBe(false);
    expect(await cache.destroy()).toEqual({ unpaidDebts: 0 });
  });

  it('destroy ends calls under way at once', async () => {
    const cache = await fleet.open({ onUnavailable: 'throw' });
    const calls = Array.from({ length: 200 }, (_, i) => cache.get(`k${i}`));
    const writes = Array.from({ length: 200 }, (_, i) => cache.add(`k${i}`, 'v'));
    const ownMs = stopwatch();
    await cache.destroy();
    const outcomes = await Promise.allSettled([...calls, ...writes]);
    expect(ownMs()).toBeLessThan(500);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toMatchObject({ code: expect.stringMatching(/^ERR_(CLOSED|UNAVAILABLE|INDETERMINATE)$/) });
    }
  });
});

describe('a hung node', () => {
  it('keeps close no longer than it is told, and every call settles', async () => {
    const store = new MemoryNode({ name: 'a' });
    const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
    const timeouts = { attemptMs: 60_000, totalMs: 60_000 };
    const cache = createCache({ nodes, timeouts, onUnavailable: 'throw', health: false });
    await cache.ready();
    store.hang();
    const calls = [
      cache.get('k'),
      cache.set('k', 'v'),
      cache.increment('n'),
      cache.getMany(['a', 'b']),
      cache.ttl('k'),
    ];
    for (const call of calls) call.catch(() => undefined);
    const [ownMs, startedAt] = [stopwatch(), performance.now()];
    const report = await cache.close({ timeoutMs: 150 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(140);
    expect(ownMs()).toBeLessThan(450);
    expect(await settled(calls)).toEqual(calls.map(() => true));
    // What was written and not confirmed is owed, and nobody is left to pay it.
    expect(report.unpaidDebts).toBeGreaterThan(0);
    store.resume();
  });

  it('does not keep destroy waiting for a close that lets calls finish, and the shorter close counts', async () => {
    const clock = new FakeClock();
    const timeouts = { attemptMs: 60_000, totalMs: 60_000 };
    const hung = async (): Promise<Cache> => {
      const store = new MemoryNode({ name: 'a', clock });
      const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
      const cache = createCache({ nodes, clock, timeouts, onUnavailable: 'throw', health: false });
      await clock.until(cache.ready());
      store.hang();
      return cache;
    };
    const destroyed = await hung();
    const call = destroyed.get('k');
    call.catch(() => undefined);
    const closed = destroyed.close();
    await clock.advance(100);
    const ended = destroyed.destroy();
    expect(await settled([call])).toEqual([true]);
    expect(await clock.until(ended, 10)).toEqual(await clock.until(closed, 10));
    const hurried = await hung();
    hurried.get('k').catch(() => undefined);
    void hurried.close({ timeoutMs: 30_000 });
    const beganAt = clock.now();
    await clock.until(hurried.close({ timeoutMs: 100 }));
    expect(clock.now() - beganAt).toBeLessThan(120);
  });
});

describe('ready', () => {
  it('looks at the nodes of the moment: where others have taken their place, one of them is enough', async () => {
    const clock = new FakeClock();
    const gone = createMemoryDriver({ name: 'gone', clock });
    const cache = createCache({
      nodes: [{ name: 'never', driver: { ...gone, connect: () => new Promise(() => undefined) } }],
      health: false,
      clock,
    });
    const ready = cache.ready();
    await clock.advance(100);
    const other = createMemoryDriver({ name: 'other', clock });
    await clock.until(cache.setNodes([{ name: 'other', driver: other }]));
    const began = clock.now();
    await clock.until(ready);
    expect(clock.now() - began).toBeLessThan(1_000);
    await cache.destroy();
  });

  it('rejects after five seconds in which no node could be reached', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    store.refuse();
    const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }];
    const cache = createCache({ nodes, clock, health: false });
    await expect(clock.until(cache.ready())).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      message: expect.stringContaining('no node can be reached'),
    });
    expect(clock.now()).toBeGreaterThanOrEqual(5_000);
    await clock.until(cache.destroy());
    expect(clock.pendingTimers).toBe(0);
  });

  it('says so where none has answered by then', async () => {
    const clock = new FakeClock();
    const driver = {
      ...createMemoryDriver({ name: 'mute', clock }),
      connect: () => new Promise<never>(() => undefined),
    };
    const timeouts = { connectMs: 60_000 };
    const cache = createCache({ nodes: [{ name: 'mute', driver }], clock, health: false, timeouts });
    const message = 'no node can be reached: none has answered yet';
    await expect(clock.until(cache.ready())).rejects.toMatchObject({ message });
    await clock.until(cache.destroy());
  });

  it('resolves as soon as each node is reached or known not to be, and tells why it is not', async () => {
    const cache = createCache({ nodes: [`redis://127.0.0.1:${await freePort()}`, 'memory://a'] });
    await cache.ready();
    const [reached, unreachable] = [...cache.nodes()].sort((a, b) => Number(b.isConnected) - Number(a.isConnected));
    expect(reached).toMatchObject({ name: 'a', isConnected: true, lastError: undefined });
    expect(unreachable).toMatchObject({ isConnected: false, lastError: expect.stringContaining('nothing listens') });
    await cache.destroy();
  });

  it('rejects once the cache is closed', async () => {
    const cache = createCache({ nodes: [`redis://127.0.0.1:${await freePort()}`] });
    const waiting = cache.ready();
    waiting.catch(() => undefined);
    await cache.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(cache.ready()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('close', () => {
  it('comes to an end in every state: at once, while connecting, while connecting fails, while calls wait', async () => {
    const dead = await freePort();
    const begin: readonly ((cache: Cache) => Promise<unknown>)[] = [
      async () => undefined,
      (cache) => cache.ready().catch(() => undefined),
      async (cache) => void cache.get('k').catch(() => undefined),
      (cache) => cache.set('k', 'v'),
      async (cache) => {
        await expect.poll(() => cache.nodes().some(({ lastError }) => lastError !== undefined)).toBe(true);
      },
    ];
    for (const [i, start] of begin.entries()) {
      const cache = createCache({
        nodes: [`redis://127.0.0.1:${dead}`, { url: `memcached://127.0.0.1:${dead}`, name: 'm2' }, 'memory://m'],
      });
      await start(cache);
      const ownMs = stopwatch();
      await (i % 2 === 0 ? cache.close({ timeoutMs: 200 }) : cache.destroy());
      expect(ownMs()).toBeLessThan(500);
    }
  });

  it('takes a duration and nothing else', async () => {
    const cache = createCache();
    for (const timeoutMs of [Number.NaN, -1, '5', null, Infinity, 2 ** 31])
      expect(await refusalOf(invoke(cache, 'close', [{ timeoutMs }]))).toMatchObject({ path: 'timeoutMs' });
    expect(await cache.set('still', 'open')).toBe(true);
    expect(await cache.close({ timeoutMs: 0 })).toEqual({ unpaidDebts: 0 });
  });

  it('lets a call be tried again that waits for that', async () => {
    const clock = new FakeClock();
    const store = new MemoryNode({ name: 'a', clock });
    const cache = createCache({
      nodes: [{ name: 'a', driver: createMemoryDriver({ name: 'a', store, clock }) }],
      clock,
      health: false,
      timeouts: { totalMs: 5_000 },
      retry: { attempts: 3, backoff: 'fixed', jitter: 'none', baseMs: 300, maxMs: 300 },
    });
    await clock.until(cache.ready());
    store.latencyMs = 20;
    const written = cache.set('k', 'v');
    await clock.advance(10);
    store.restart({ data: 'keep' });
    await clock.advance(1);
    const closed = cache.close({ timeoutMs: 3_000 });
    expect(await clock.until(written)).toBe(true);
    await clock.until(closed);
  });

  it('ends no listener early: what calls under way tell is still told', async () => {
    const store = new MemoryNode({ name: 'a' });
    const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
    const cache = createCache({ nodes, health: false });
    await cache.ready();
    const told: string[] = [];
    cache.on('writeUnconfirmed', ({ key }) => told.push(key));
    store.failWith('busy', ['store']);
    const written = cache.set('k', 'v');
    const closed = cache.close();
    expect(await written).toBe(false);
    expect(told).toEqual(['k']);
    await closed;
  });
});

describe('a process', () => {
  const PROGRAM = fileURLToPath(new URL('./program-that-ends.js', import.meta.url));
  let built: BuiltPackage;

  beforeAll(async () => {
    built = await buildPackage();
  });

  afterAll(() => built.remove());

  async function run(end: string, url: string): Promise<{ code: number | null; text: string }> {
    const child: ChildProcess = spawn(process.execPath, [PROGRAM, built.index, end, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(limit);
    return { code, text };
  }

  it('can require each part of the package: none of its modules waits for anything', () => {
    const parts = Object.keys(manifest.exports)
      .filter((path) => path !== './package.json')
      .map((path) => fileURLToPath(new URL(path === '.' ? 'index.js' : `${path}.js`, built.index)));
    expect(parts.length).toBeGreaterThan(6);
    const load = createRequire(built.index);
    for (const part of parts) expect(Reflect.ownKeys(load(part))).not.toEqual([]);
  });

  it.each(ALL_FLEETS.filter(({ memory, replication }) => memory === 0 && replication === 1))(
    'can end once its cache over $name is closed or destroyed, and its calls are all answered',
    async (kind) => {
      const fleet = await Fleet.start(kind);
      for (const end of ['close', 'destroy']) {
        expect(await run(end, fleet.servers[0]?.url ?? '')).toEqual({ code: 0, text: 'stored and read\nended\n' });
      }
      await fleet.stop();
    },
  );
});
