/** Rows F6 to F9: closing in every state, calls given up, and hooks that throw. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';
import { freePort } from '../../src/testing/servers/free-port.js';
import { reached } from '../support/reached.js';
import { clean, type Ending, ending, type Fleet, LATENESS_MS, PATIENT, startFleet, until } from './fleet.js';

const STATES: readonly (readonly [string, (fleet: Fleet) => Promise<void>])[] = [
  [
    'connecting',
    async ({ proxy }) => {
      const { accepted } = proxy;
      proxy.apply({ kind: 'hold' });
      proxy.reset();
      await until(() => proxy.accepted > accepted);
    },
  ],
  [
    'waiting for the next connect',
    async (fleet) => {
      fleet.proxy.refuse();
      fleet.proxy.reset();
      await until(() => fleet.view('a').lastError !== undefined);
    },
  ],
  [
    'with an open breaker',
    async (fleet) => {
      fleet.proxy.refuse();
      fleet.proxy.reset();
      await until(() => fleet.view('a').breaker === 'open');
    },
  ],
  [
    'half-open, its probe unanswered',
    async (fleet) => {
      fleet.proxy.refuse();
      fleet.proxy.reset();
      await until(() => fleet.view('a').breaker === 'open');
      await fleet.proxy.heal();
      await until(() => fleet.view('a').isConnected);
      fleet.proxy.apply({ kind: 'hold' }, 'toClient');
      await until(() => {
        void ending(() => fleet.cache.get('key'));
        return fleet.view('a').breaker === 'half-open';
      });
    },
  ],
  [
    'in the midst of a batch',
    async ({ proxy, cache }) => {
      for (let i = 0; i < 100; i++) await cache.set(`key ${i}`, 'x'.repeat(1_000));
      proxy.apply({ kind: 'bandwidth', bytesPerSecond: 20_000 }, 'toClient');
      for (let i = 0; i < 100; i++) void ending(() => cache.get(`key ${i}`));
      await sleep(50);
    },
  ],
  [
    'while its nodes change',
    async ({ cache, proxy }) => {
      const nodes = [{ url: `redis://127.0.0.1:${proxy.port}`, name: 'a' }, `redis://127.0.0.1:${await freePort()}`];
      void ending(() => cache.setNodes(nodes));
    },
  ],
];

describe('endings', () => {
  // Planted fault: close waits for nothing, or for ever.
  it('F6 close with 1,000 calls in flight: they finish, later ones are refused, twice is once', async () => {
    const { cache, proxy } = await startFleet({
      cache: { health: false, timeouts: PATIENT },
    });
    for (let i = 0; i < 1_000; i++) void cache.set(`key ${i}`, i);
    await until(async () => (await cache.get('key 999')) === 999);
    proxy.apply({ kind: 'latency', ms: 100 }, 'toClient');
    const calls = Array.from({ length: 1_000 }, (_, i) => ending(() => cache.get(`key ${i}`)));
    const closing = cache.close();
    expect(cache.close()).toBe(closing);
    for (const call of [
      () => cache.get('key'),
      () => cache.set('key', 1),
      () => cache.getMany(['key']),
      () => cache.increment('n'),
    ])
      expect((await ending(call)).error).toMatchObject({ code: 'ERR_CLOSED' });
    const { ms } = await ending(() => closing);
    expect(ms).toBeLessThan(1_000);
    expect((await Promise.all(calls)).map(({ value }) => value)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length).toBeLessThan(4);
  });

  // Planted fault: what is still in flight when the time is up is left to itself.
  it('F6 close of a hung node: bounded, and what is in flight fails as closed', async () => {
    const { cache, server } = await startFleet({
      isDirect: true,
      cache: { health: false, fallback: false, timeouts: { attemptMs: 3_000, totalMs: 5_000 } },
    });
    await server.pause();
    const calls: Promise<Ending>[] = [];
    for (let i = 0; i < 300; i++)
      calls.push(
        ending(() => cache.get(`key ${i}`)),
        ending(() => cache.set(`key ${i}`, i)),
      );
    await sleep(20);
    const { ms } = await ending(() => cache.close({ timeoutMs: 100 }));
    expect(ms).toBeLessThan(100 + LATENESS_MS);
    const ends = await Promise.all(calls);
    expect(Math.max(...ends.map((end) => end.ms))).toBeLessThan(300 + LATENESS_MS);
    for (const { error } of ends) expect(error).toMatchObject({ code: 'ERR_CLOSED' });
    server.resume();
  });

  // Planted fault: a state that close forgets: a connect under way, a pause, a probe.
  it.each(STATES)('F7 close %s: bounded, idempotent, and nothing is left', async (_, reach) => {
    const fleet = await startFleet({ cache: { timeouts: { connectMs: 1_000 } } });
    await reach(fleet);
    const first = fleet.cache.close({ timeoutMs: 100 });
    const second = fleet.cache.destroy();
    const { ms, error } = await ending(() => Promise.all([first, second]));
    expect(error).toBeUndefined();
    expect(ms).toBeLessThan(100 + LATENESS_MS);
    expect((await ending(() => fleet.cache.get('key'))).error).toMatchObject({ code: 'ERR_CLOSED' });
    // The proxy sees every connection end.
    await fleet.proxy.heal();
    await until(() => fleet.proxy.connections.length === 0);
    // Nor does any begin: pauses between connects are shorter than this.
    const { accepted } = fleet.proxy;
    await sleep(250);
    expect(fleet.proxy.accepted).toBe(accepted);
    expect((await ending(() => fleet.cache.ready())).error).toMatchObject({ code: 'ERR_CLOSED' });
  });

  // Planted fault: a call that was given up frees its slot, or its reply goes to the next.
  it('F8 calls given up before or during: rejected at once, the slot stays taken, replies stay in step', async () => {
    const { cache, proxy } = await startFleet({
      cache: { health: false, timeouts: PATIENT },
    });
    for (let i = 0; i < 50; i++) await cache.set(`key ${i}`, `value ${i}`);
    const over = AbortSignal.abort(new Error('changed my mind'));
    expect((await ending(() => cache.get('key 0', { signal: over }))).error).toMatchObject({ code: 'ERR_ABORTED' });
    // So long that none has come when those given up are counted.
    proxy.apply({ kind: 'latency', ms: 1_000 }, 'toClient');
    const giving = new AbortController();
    const calls = Array.from({ length: 50 }, (_, i) =>
      ending(() => cache.get(`key ${i}`, i % 2 === 0 ? { signal: giving.signal } : {})),
    );
    await sleep(20);
    giving.abort();
    const inFlight = (): number => cache.nodes()[0]?.inFlight ?? 0;
    const given = await Promise.all(calls.filter((_, i) => i % 2 === 0));
    for (const { error, ms } of given) {
      expect(error).toMatchObject({ code: 'ERR_ABORTED' });
      expect(ms).toBeLessThan(20 + LATENESS_MS);
    }
    expect(inFlight()).toBe(50);
    const kept = await Promise.all(calls.filter((_, i) => i % 2 === 1));
    expect(kept.map(({ value }) => value)).toEqual(Array.from({ length: 25 }, (_, i) => `value ${2 * i + 1}`));
    const after = await Promise.all(Array.from({ length: 50 }, (_, i) => cache.get(`key ${i}`)));
    expect(after).toEqual(Array.from({ length: 50 }, (_, i) => `value ${i}`));
    expect(proxy.accepted).toBe(1);
  });

  // Planted fault: what a hook throws is thrown into the reader of replies.
  it('F9 hooks that throw: listeners cost nothing, a codec fails its own call alone', async () => {
    clean();
    const fleet = await startFleet({ cache: { health: false, timeouts: PATIENT } });
    const bad = {
      encode: (value: unknown) => (value === 'bad' ? fail() : Buffer.from(String(value))),
      decode: (bytes: Buffer) => (bytes.toString() === 'poison' ? fail() : bytes.toString()),
    };
    const nodes = [{ url: `redis://127.0.0.1:${fleet.proxy.port}`, name: 'a' }];
    const cache: Cache = createCache({ nodes, health: false, codec: bad, timeouts: PATIENT });
    await reached(cache);
    for (const name of ['writeUnconfirmed', 'breakerOpened', 'degraded', 'recovered'] as const) cache.on(name, fail);
    expect(await cache.set('good', 'good')).toBe(true);
    expect(await cache.set('poison', 'poison')).toBe(true);
    const refused = await ending(() => cache.set('bad', 'bad'));
    expect(refused.error).toMatchObject({ code: 'ERR_INVALID_VALUE' });
    const ends = await Promise.all(['good', 'poison', 'good'].map((key) => ending(() => cache.get(key))));
    expect(ends.map(({ value }) => value)).toEqual(['good', undefined, 'good']);
    expect(ends.every(({ error }) => error === undefined)).toBe(true);
    fleet.proxy.reset();
    fleet.proxy.refuse();
    for (let i = 0; i < 20; i++) expect((await ending(() => cache.get('other'))).error).toBeUndefined();
    expect((await ending(() => cache.set('other', 'other'))).value).toBe(false);
    await fleet.proxy.heal();
    await until(async () => (await cache.set('good', 'again')) === true);
    expect(await cache.get('good')).toBe('again');
    await cache.close();
  });
});

function fail(): never {
  throw new Error('a hook that throws');
}
