/** Rows E5 to E9: many callers of one key, loaders, long lists and huge values. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMetaDriver } from '../../src/driver/memcached/meta-driver.js';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import { CacheError, TimeoutError } from '../../src/index.js';
import { PromisedConnection } from '../../src/testing/promised-connection.js';
import { ask, ending, LATENESS_MS, OPENING_MS, PATIENT, startFleet, until } from './fleet.js';

async function commands(server: { readonly host: string; readonly port: number }): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await ask(server, 'INFO stats'))?.[1]);
}

async function callsOf(server: { readonly host: string; readonly port: number }, command: string): Promise<number> {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await ask(server, 'INFO commandstats'))?.[1]);
}

/** The most that was done in one turn, in which nothing else could run, of all that `work` took: by processor time. */
async function greatestTurn(work: () => Promise<unknown>): Promise<number> {
  const usedUs = (): number => process.cpuUsage().user + process.cpuUsage().system;
  const beganAt = usedUs();
  let longest = 0;
  let last = beganAt;
  let isOver = false;
  const tick = (): void => {
    const now = usedUs();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  isOver = true;
  const all = usedUs() - beganAt;
  return Math.max(longest, usedUs() - last) / all;
}

describe('many callers, long lists, huge values', () => {
  // Planted fault: equal reads of a turn are sent one by one.
  it('E5 ten thousand callers of one hot key: one request, and with a near cache none after it', async () => {
    const options = { health: false, timeouts: PATIENT, bulkhead: { maxQueued: 20_000 } } as const;
    const { cache, server } = await startFleet({ cache: { ...options, near: { ttlMs: 60_000 } } });
    await cache.set('hot', { value: 'hot' });
    const before = await commands(server);
    const values = await Promise.all(Array.from({ length: 10_000 }, () => cache.get('hot')));
    expect(values.every((value) => JSON.stringify(value) === '{"value":"hot"}')).toBe(true);
    // One MGET, and the INFO by which we know.
    expect((await commands(server)) - before).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 10_000 }, () => cache.get('hot')));
    expect((await commands(server)) - before).toBeLessThanOrEqual(3);
  });

  // Planted fault: every caller that misses runs its own loader.
  it('E6 a thousand callers of an expired key: the loader runs once', async () => {
    const { cache } = await startFleet({ cache: { health: false, timeouts: PATIENT } });
    let loads = 0;
    const loader = async (): Promise<string> => {
      loads++;
      await sleep(20);
      return `load ${loads}`;
    };
    const values = await Promise.all(
      Array.from({ length: 1_000 }, () => cache.getOrSet('key', loader, { ttlMs: 60_000 })),
    );
    expect(loads).toBe(1);
    expect(new Set(values)).toEqual(new Set(['load 1']));
    expect(await cache.getOrSet('key', loader)).toBe('load 1');
    expect(loads).toBe(1);
  });

  // Planted fault: a flight that failed stays in the table.
  it('E7 a loader that throws or hangs: all who wait hear of it, nothing is stored, the next call loads again', async () => {
    const { cache } = await startFleet({ cache: { health: false, timeouts: PATIENT } });
    const broken = new Error('the source is down');
    let loads = 0;
    const failing = async (): Promise<string> => {
      loads++;
      await sleep(5);
      throw broken;
    };
    const ends = await Promise.all(Array.from({ length: 50 }, () => ending(() => cache.getOrSet('key', failing))));
    for (const { error } of ends) expect(error).toBe(broken);
    expect(loads).toBe(1);
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.getOrSet('key', () => 'value')).toBe('value');

    const hanging = () => new Promise<string>(() => undefined);
    const hung = await ending(() => cache.getOrSet('slow', hanging, { loaderTimeoutMs: 60 }));
    expect(hung.error).toBeInstanceOf(TimeoutError);
    expect(hung.ms).toBeLessThan(60 + LATENESS_MS);
    expect(await cache.getOrSet('slow', () => 'value')).toBe('value');
  });

  // Planted fault: all keys of a list leave as one request.
  it('E8 ten thousand keys of 100 bytes: split, bounded, and the event loop is never held up for long', async () => {
    const { cache, servers } = await startFleet({
      kinds: ['redis', 'redis'],
      isDirect: true,
      cache: { health: false, timeouts: PATIENT },
    });
    const pairs = Array.from({ length: 10_000 }, (_, i) => [`key ${i}`, 'x'.repeat(100)] as const);
    const stored = await cache.setMany(pairs);
    expect(stored).toMatchObject({ stored: 10_000 });
    const keys = pairs.map(([key]) => key);
    await cache.getMany(keys);
    const shares: number[] = [];
    for (let run = 0; run < 5; run++) {
      const share = await greatestTurn(async () => {
        const found = await cache.getMany(keys);
        expect(found.size).toBe(10_000);
      });
      shares.push(share);
    }
    // The best of five: garbage is collected when it pleases the collector.
    expect(Math.min(...shares)).toBeLessThan(0.7);
    const requests = async (): Promise<number> =>
      (await Promise.all(servers.map((server) => callsOf(server, 'mget')))).reduce((sum, calls) => sum + calls, 0);
    const before = await requests();
    await cache.getMany(keys);
    expect((await requests()) - before).toBeGreaterThanOrEqual(10_000 / 512);
  });

  // Planted fault: a value of any length is waited for and gathered.
  it.each(['redis', 'memcached'] as const)(
    'E9 a huge value of somebody else on a %s: given up at its header, by name, and nobody else suffers',
    async (kind) => {
      const args = kind === 'memcached' ? ['-I', '64m', '-m', '256'] : [];
      const cacheOptions = {
        health: false,
        maxValueBytes: 8_000_000,
        onUnavailable: 'throw',
        fallback: false,
        timeouts: PATIENT,
      } as const;
      const fleet = await startFleet({ kinds: [kind], args, cache: { ...cacheOptions, codec: 'string' } });
      const { cache, server, proxy } = fleet;
      const writer = await openWriter(kind, server.port);
      await writer.store('huge', 'x'.repeat(kind === 'redis' ? 64_000_000 : 32_000_000));
      writer.end();
      await cache.set('small', 'small');
      const received = (): number => proxy.connections.reduce((sum, { bytesToClient }) => sum + bytesToClient, 0);
      for (let i = 0; i < 6; i++) {
        const before = process.memoryUsage().arrayBuffers;
        await until(() => fleet.view('a').isConnected);
        const [huge, small] = await Promise.all([ending(() => cache.get('huge')), ending(() => cache.get('small'))]);
        expect(huge.error).toMatchObject({ cause: { code: 'ERR_VALUE_TOO_LARGE' } });
        if (small.error === undefined) expect(small.value).toBe('small');
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32_000_000);
      }
      expect(received()).toBeLessThan(20_000_000);
      // No fault of the node: the breaker has counted none of it.
      expect(fleet.view('a').breaker).toBe('closed');
      await until(async () => (await cache.get('small').catch(() => undefined)) === 'small');
    },
  );
});

async function openWriter(kind: 'redis' | 'memcached', port: number): Promise<PromisedConnection & { end(): void }> {
  const address = { host: '127.0.0.1', port };
  const driver = kind === 'redis' ? createRedisDriver({ address }) : createMetaDriver({ address });
  const connection = await driver.connect({ signal: AbortSignal.timeout(OPENING_MS) });
  const end = (): void => connection.destroy(new CacheError('ERR_CLOSED', 'the test is over'));
  return Object.assign(new PromisedConnection(connection), { end });
}
