/** Rows A5 to A8: connections that end, and connections that never begin. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMetaDriver } from '../../src/driver/memcached/meta-driver.js';
import { createRedisDriver } from '../../src/driver/redis/redis-driver.js';
import { CacheError, type Driver } from '../../src/index.js';
import { askGet, askStore, PromisedConnection } from '../../src/testing/promised-connection.js';
import { freePort } from '../../src/testing/servers/free-port.js';
import { stopwatch } from '../support/stopwatch.js';
import { clean, ending, LATENESS_MS, OPENING_MS, openCache, startFleet, until } from './fleet.js';

const done = new CacheError('ERR_CLOSED', 'the test is over');

function driverTo(kind: 'redis' | 'memcached', port: number): Driver {
  const address = { host: '127.0.0.1', port };
  return kind === 'redis' ? createRedisDriver({ address }) : createMetaDriver({ address });
}

/** The driver, counting when it was asked to connect. */
function counting(driver: Driver): { readonly driver: Driver; readonly connects: number[] } {
  const connects: number[] = [];
  const connect: Driver['connect'] = (options) => {
    connects.push(performance.now());
    return driver.connect(options);
  };
  return { driver: { ...driver, connect }, connects };
}

describe('a connection that ends, or never begins', () => {
  // Planted fault: partial-frame-kept. What is left of a lost connection's bytes is answered from.
  it.each(['redis', 'memcached'] as const)(
    'A5 a reset after each byte of a %s reply: what came whole is answered, the rest rejected',
    async (kind) => {
      const { proxy } = await startFleet({ kinds: [kind], cache: { health: false } });
      const driver = driverTo(kind, proxy.port);
      const open = async () =>
        new PromisedConnection(await driver.connect({ signal: AbortSignal.timeout(OPENING_MS) }));
      const values = ['first', 'second and longer', 'third'];
      const writer = await open();
      await Promise.all(writer.sendAll(values.map((value) => askStore(value, value))));

      let answered = 0;
      for (let bytes = 0; answered < values.length; bytes++) {
        const reader = await open();
        proxy.connections.at(-1)?.apply({ kind: 'limit', bytes }, 'toClient');
        const ends = await Promise.allSettled(reader.sendAll(values.map((value) => askGet(value))));
        answered = ends.filter(({ status }) => status === 'fulfilled').length;
        for (const [i, end] of ends.entries()) {
          // In order: nothing is answered behind what was not.
          expect(end.status).toBe(i < answered ? 'fulfilled' : 'rejected');
          if (end.status === 'fulfilled') expect(String(end.value)).toBe(values[i]);
          else expect(end.reason).toMatchObject({ code: 'ERR_NODE', reason: 'lost' });
        }
        reader.connection.destroy(done);
        expect(bytes).toBeLessThan(400);
      }
      writer.connection.destroy(done);
    },
  );

  // Planted fault: end-of-stream-unheard. A clean end of the stream is not taken for the end of the connection.
  it.each(['redis', 'memcached'] as const)(
    'A6 FIN from a %s with calls in flight: all are rejected at once',
    async (kind) => {
      const timeouts = { attemptMs: 5_000, totalMs: 8_000 };
      const options = { health: false, retry: false, fallback: false, onUnavailable: 'throw', timeouts } as const;
      const fleet = await startFleet({ kinds: [kind], cache: options });
      const { cache, proxy, server } = fleet;
      for (const end of [async () => proxy.fin(), () => server.terminate()]) {
        proxy.apply({ kind: 'hold' }, 'toNode');
        const calls = Array.from({ length: 100 }, (_, i) => ending(() => cache.get(`key-${i}`)));
        await until(() => fleet.view('a').inFlight > 0);
        await end();
        const sinceEndMs = stopwatch();
        const ends = await Promise.all(calls);
        expect(sinceEndMs()).toBeLessThan(50 + LATENESS_MS);
        for (const { error } of ends) expect(error).toMatchObject({ cause: { code: 'ERR_NODE', reason: 'lost' } });
        await proxy.heal();
        await until(() => fleet.view('a').isConnected || !server.isRunning);
      }
    },
  );

  // Planted fault: no-pause-between-connects. A lost connection is opened again at once.
  it('A7 a server that closes what it accepts: connecting backs off, however many calls there are', async () => {
    const fleet = await startFleet({ cache: { health: false } });
    const { cache, proxy } = fleet;
    proxy.reject();
    proxy.reset();
    const before = proxy.accepted;
    const end = performance.now() + 1_000;
    const calls = [];
    for (; performance.now() < end || proxy.accepted - before < 2; await sleep(2))
      calls.push(ending(() => cache.get('key')));
    for (const { ms } of await Promise.all(calls)) expect(ms).toBeLessThan(500 + LATENESS_MS);
    // Pauses of up to 50, 100, 200, 400 and 800 ms, each drawn at random.
    expect(proxy.accepted - before).toBeGreaterThanOrEqual(2);
    expect(proxy.accepted - before).toBeLessThan(30);
    await until(() => fleet.view('a').breaker !== 'closed');
  });

  // Planted fault: no-growth-after-opening. A connection that opened and died at once ends the growth of the pauses.
  it('A7 a server that lets us in and closes at the first call: connecting backs off just the same', async () => {
    const fleet = await startFleet({ cache: { health: false, breaker: false } });
    const { cache, proxy } = fleet;
    proxy.reset();
    // The handshake fits into this, the first call does not.
    proxy.apply({ kind: 'limit', bytes: 300 }, 'toNode');
    const before = proxy.accepted;
    const end = performance.now() + 1_200;
    for (; performance.now() < end || proxy.accepted - before < 2; await sleep(2))
      await ending(() => cache.get(`key ${'x'.repeat(170)} ${Math.random()}`));
    expect(proxy.accepted - before).toBeGreaterThanOrEqual(2);
    // Pauses of up to 50 ms that do not grow would make some thirty of them.
    expect(proxy.accepted - before).toBeLessThan(15);
  });

  // Planted fault: connect-for-each-call. Whoever finds no connection opens one.
  it('A8 connection refused: calls fail at once, the breaker opens, one connect a pause and lane', async () => {
    clean();
    const { driver, connects } = counting(driverTo('redis', await freePort()));
    const cache = await openCache({
      nodes: [{ name: 'a', driver }],
      health: false,
      onUnavailable: 'throw',
      retry: false,
    });
    for (let i = 0; i < 100; i++) {
      const { ms, error } = await ending(() => cache.get(`key-${i}`));
      expect(ms).toBeLessThan(5 + LATENESS_MS);
      expect(error).toMatchObject({ code: 'ERR_UNAVAILABLE', cause: { reason: 'refused' } });
    }
    await until(() => cache.nodes()[0]?.breaker === 'open');
    expect(connects.length).toBeGreaterThanOrEqual(5);
    await sleep(300);
    expect(connects.length).toBeLessThan(12);
  });
});
