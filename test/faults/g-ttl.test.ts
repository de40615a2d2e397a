/**
 * Rows G12–G16: a time to live is what the caller said, on every driver, or a typed error before anything is sent. Each
 * row names the planted fault that makes it fail.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Cache, CodecName } from '../../src/index.js';
import { invoke, refusalOf, TTL_CALLS } from '../cache/every-call.js';
import { ALL_FLEETS, FLEETS, Fleet, MEMCACHED, REDIS, SASL } from '../cache/fleet.js';

const DAY = 86_400_000;
const HUNDRED_YEARS = 3_155_760_000_000;

/** What this process, its nodes and a busy machine take to notice. */
const SLACK_MS = 250;

/** How long the entry, stored since `startedAt`, was seen at least and at most; waits for its end. */
async function seenFor(cache: Cache, key: string, startedAt: number): Promise<{ fromMs: number; toMs: number }> {
  // It may live from now on only, on a machine that took its time to store it.
  const storedAt = performance.now();
  let lastSeenAt = storedAt;
  await vi.waitUntil(
    async () => {
      const askedAt = performance.now();
      if ((await cache.get(key)) === undefined) return true;
      lastSeenAt = askedAt;
      return false;
    },
    { timeout: 10_000, interval: 10 },
  );
  return { fromMs: lastSeenAt - storedAt, toMs: performance.now() - startedAt };
}

describe.each(ALL_FLEETS)('times to live over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  const canTell = kind !== SASL;

  // Planted fault: `options.ttlMs ?? 0`, which forgets defaultTtlMs.
  it('G12 without ttlMs the default of the cache holds, and none without a default', async () => {
    const withDefault = await fleet.open({ defaultTtlMs: 90_000 });
    const without = await fleet.open();
    for (const set of ['set', 'add', 'setMany', 'getOrSet'] as const) {
      for (const [cache, expected] of [
        [withDefault, expect.closeTo(90_000, -4)],
        [without, 'none'],
      ] as const) {
        const given: { ttlMs?: undefined } = set === 'add' ? { ttlMs: undefined } : {};
        const key = `by ${set}`;
        if (set === 'setMany') await cache.setMany({ [key]: 'v' }, given);
        else if (set === 'getOrSet') await cache.getOrSet(key, () => 'v', given);
        else await cache[set](key, 'v', given);
        expect(await cache.get(key)).toBe('v');
        expect(await cache.ttl(key)).toEqual(expected);
      }
    }
    await withDefault.set('for ever', 'v', { ttlMs: 'none' });
    expect(await withDefault.ttl('for ever')).toBe('none');
    await withDefault.set('short', 'v', { ttlMs: 5_000 });
    expect(await withDefault.ttl('short')).toEqual(expect.closeTo(5_000, -4));
  });

  // Planted fault: `ttlMs || default`, or a comparison that NaN passes (memjs: NaN becomes 0, which never expires).
  it('G13 what is no time to live is refused by every call, before anything is sent', async () => {
    // Probes of caches of before would be counted, too.
    await fleet.closeCaches();
    const cache = await fleet.open({ health: false });
    await cache.set('k', 'kept', { ttlMs: 60_000 });
    const before = canTell ? await fleet.operations() : 0;
    const none: unknown[] = [
      Number.NaN,
      0,
      -0,
      -1,
      -0.5,
      Infinity,
      -Infinity,
      '5',
      '',
      'never',
      null,
      true,
      {},
      [1_000],
    ];
    for (const ttlMs of [...none, 5n, Symbol('s'), () => 5, new Date(), HUNDRED_YEARS + 1, Number.MAX_VALUE]) {
      for (const [method, args] of TTL_CALLS) {
        const error = await refusalOf(invoke(cache, method, args(ttlMs)));
        expect([method, error]).toEqual([
          method,
          expect.objectContaining({ code: 'ERR_INVALID_OPTION', path: 'ttlMs' }),
        ]);
      }
    }
    expect((await refusalOf(invoke(cache, 'touch', ['k']))).code).toBe('ERR_INVALID_OPTION');
    expect(canTell ? await fleet.operations() : 0).toBe(before);
    expect(await cache.get('k')).toBe('kept');
  });

  // Planted fault: seconds relative to now beyond 30 days: memcached reads them as a date in 1970, and the value is gone.
  it('G16 days and years are kept, up to a hundred of them', async () => {
    const lives = [29 * DAY, 30 * DAY, 31 * DAY, 400 * DAY, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 3_000 * DAY, HUNDRED_YEARS];
    for (const codec of ['json', 'string'] as const satisfies readonly CodecName[]) {
      const cache = await fleet.open({ codec });
      for (const ttlMs of lives) {
        expect(await cache.set(`for ${ttlMs}`, 'v', { ttlMs })).toBe(true);
        expect(await cache.get(`for ${ttlMs}`)).toBe('v');
        if (!canTell) continue;
        const left = await cache.ttl(`for ${ttlMs}`);
        expect(left).toSatisfy((ms) => typeof ms === 'number' && ms <= ttlMs + 2_000);
        // Memcached's dates end in January 2038: as long as it can is what is left of that.
        const most = fleet.servers.some((server) => server.kind === 'memcached') ? 2 ** 31 * 1_000 - Date.now() : ttlMs;
        expect(left).toBeGreaterThan(Math.min(ttlMs, most) - 10_000);
      }
    }
  });
});

// Together, since they mostly wait.
describe.concurrent.each(ALL_FLEETS)('ends of lives over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  const canTell = kind !== SASL;

  // Planted fault: `Math.floor(ttlMs / 1000)` on memcached, where 0 is for ever; a `+ 1` without the envelope's expiry.
  it('G14 half a second is half a second, and never for ever', async () => {
    const exact = await fleet.open({ codec: 'json' });
    const raw = await fleet.open({ codec: 'string' });
    const startedAt = performance.now();
    await Promise.all([
      exact.set('k', { v: 1 }, { ttlMs: 500 }),
      exact.set('shorter still', 'v', { ttlMs: 0.4 }),
      raw.set('k', 'v', { ttlMs: 500 }),
    ]);
    if (canTell) {
      const exactLeft = await exact.ttl('k');
      if (performance.now() - startedAt < 495) expect(exactLeft).toEqual(expect.any(Number));
      if (exactLeft !== undefined) expect(exactLeft).toBeLessThanOrEqual(500);
      const left = await raw.ttl('k');
      if (left !== undefined) expect(left).toSatisfy((ms) => typeof ms === 'number' && ms > 0 && ms <= 2_000);
    }
    const [long, rawLong] = await Promise.all([seenFor(exact, 'k', startedAt), seenFor(raw, 'k', startedAt)]);
    expect(long.toMs).toBeGreaterThanOrEqual(495);
    expect(long.fromMs).toBeLessThan(500 + SLACK_MS);
    // Without an envelope memcached's own clock decides, which counts whole seconds.
    const isExact = fleet.servers.every((server) => server.kind === 'redis');
    expect(rawLong.fromMs).toBeLessThan((isExact ? 500 : 1_500) + SLACK_MS);
    if (isExact) expect(rawLong.toMs).toBeGreaterThanOrEqual(495);
    expect(await exact.get('shorter still')).toBeUndefined();
  });

  // Planted fault: the node told `ceil(ttl)`: memcached, whose clock ticks in whole seconds, drops it up to one too early.
  it('G15 a second is a second wherever in the node’s second it begins', async () => {
    const cache = await fleet.open({ codec: 'json' });
    const seen = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        await sleep(i * 170);
        const startedAt = performance.now();
        expect(await cache.set(`k${i}`, { i }, { ttlMs: 1_000 })).toBe(true);
        return seenFor(cache, `k${i}`, startedAt);
      }),
    );
    for (const { fromMs, toMs } of seen) {
      expect(toMs).toBeGreaterThanOrEqual(990);
      expect(fromMs).toBeLessThan(1_000 + SLACK_MS);
    }
  });

  it('G15 holds for values touched, added, replaced and put in place of another', async () => {
    const cache = await fleet.open({ codec: 'json' });
    await cache.setMany({ touched: 't', replaced: 'r', compared: 'c' });
    const version = (await cache.getEntry('compared'))?.version ?? '';
    const startedAt = performance.now();
    const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['added', () => cache.add('added', 'a', { ttlMs: 1_000 })],
      ['replaced', () => cache.replace('replaced', 'b', { ttlMs: 1_000 })],
      ...(canTell
        ? ([
            ['touched', () => cache.touch('touched', 1_000)],
            ['compared', () => cache.compareAndSet('compared', 'd', version, { ttlMs: 1_000 })],
          ] as const)
        : []),
    ];
    await Promise.all(ways.map(async ([, write]) => expect(await write()).toBe(true)));
    const seen = await Promise.all(ways.map(([key]) => seenFor(cache, key, startedAt)));
    for (const { fromMs, toMs } of seen) {
      expect(toMs).toBeGreaterThanOrEqual(990);
      expect(fromMs).toBeLessThan(1_000 + 2 * SLACK_MS);
    }
  });
});

describe('coarse clocks', () => {
  // Planted fault: the margin for the node's clock given to values without an envelope too.
  it('G15 a bare value on memcached ends within a second of its time', async () => {
    const fleet = await Fleet.start(MEMCACHED);
    const cache = await fleet.open({ codec: 'string' });
    const seen = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        await sleep(i * 170);
        const startedAt = performance.now();
        await cache.set(`k${i}`, 'v', { ttlMs: 1_500 });
        return seenFor(cache, `k${i}`, startedAt);
      }),
    );
    for (const { fromMs, toMs } of seen) {
      expect(toMs).toBeGreaterThan(500);
      expect(fromMs).toBeLessThan(2_500 + SLACK_MS);
    }
    await fleet.stop();
  });

  it('G14 Redis is told milliseconds', async () => {
    const fleet = await Fleet.start(REDIS);
    const cache = await fleet.open({ codec: 'string' });
    await cache.set('k', 'v', { ttlMs: 61_234 });
    expect(await cache.ttl('k')).toSatisfy((ms) => typeof ms === 'number' && ms > 50_000 && ms <= 61_234);
    await fleet.stop();
  });

  it.each(FLEETS)('G15 touch moves the end of an entry both ways, and takes it away: over $name', async (kind) => {
    const fleet = await Fleet.start(kind);
    for (const codec of ['json', 'string'] as const) {
      const cache = await fleet.open({ codec });
      await cache.set('k', 'v', { ttlMs: 20_000 });
      expect(await cache.touch('k', 60_000)).toBe(true);
      expect(await cache.ttl('k')).toSatisfy((ms) => typeof ms === 'number' && ms > 40_000 && ms <= 61_000);
      expect(await cache.touch('k', 'none')).toBe(true);
      expect(await cache.ttl('k')).toBe('none');
      expect(await cache.touch('k', 30_000)).toBe(true);
      expect(await cache.ttl('k')).toSatisfy((ms) => typeof ms === 'number' && ms > 20_000 && ms <= 31_000);
      expect(await cache.get('k')).toBe('v');
      expect(await cache.touch('missing', 1_000)).toBe(false);
    }
    await fleet.stop();
  });
});
