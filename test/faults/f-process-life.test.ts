/** Rows F10 to F12: a long life, several copies, and counters that run over. */

import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MAX_OPAQUE } from '../../src/driver/memcached/meta-encoder.js';
import { reached } from '../support/reached.js';
import { clean, ending, openCache, PATIENT, startFleet, until } from './fleet.js';

const isSoak = process.env.RINGFENCE_SOAK !== undefined;

describe('a long life', () => {
  // Planted fault: something of every lost connection is kept.
  it(
    'F10 many flaps under load: heap, sockets and timers do not grow',
    async () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const fleet = await startFleet({
        kinds: ['redis', 'memcached'],
        cache: { replication: 2, fallback: { maxEntries: 100 } },
      });
      const { cache, proxies } = fleet;
      const heap: number[] = [];
      let open = 0;
      /** What keeps the process alive besides the connections, of which each has three sockets here: ours and the proxy's two. */
      const others = (): number =>
        process.getActiveResourcesInfo().length - 3 * proxies.reduce((sum, proxy) => sum + proxy.connections.length, 0);
      const besides: number[] = [];
      const rounds = isSoak ? 1_800 : 12;
      for (let round = 0; round < rounds; round++) {
        const proxy = proxies[round % 2];
        if (round % 3 === 0) proxy?.reset();
        else if (round % 3 === 1) proxy?.fin();
        else proxy?.apply({ kind: 'hold' });
        const end = performance.now() + (isSoak ? 1_000 : 100);
        while (performance.now() < end) {
          for (let i = 0; i < 10; i++) {
            const key = `key ${i} ${round % 5}`;
            for (const call of [() => cache.set(key, 'x'.repeat(100)), () => cache.get(key)]) {
              open++;
              void ending(call).then(() => open--);
            }
          }
          await sleep(5);
        }
        await proxy?.heal();
        await until(() => cache.nodes().every(({ isConnected }) => isConnected));
        if (round % 3 < 2) continue;
        // On a busy machine many are still under way, and each holds something.
        await until(() => open === 0);
        await sleep(20);
        collect();
        heap.push(process.memoryUsage().heapUsed);
        if (besides.length === 0) besides.push(others());
      }
      expect((heap.at(-1) ?? 0) - (heap[0] ?? 0)).toBeLessThan(3_000_000);
      // What is merely on its way out goes.
      await until(() => others() - (besides[0] ?? 0) < 3);
      // One a lane.
      for (const { connections } of proxies) expect(connections.length).toBeLessThanOrEqual(3);
    },
    isSoak ? 3_600_000 : 180_000,
  );

  // Planted fault: a handler of the whole process, or a state that two copies share.
  it('F11 two copies of the library in one process: nothing shared, nothing installed', async () => {
    const { server } = await startFleet({ isDirect: true, cache: { health: false, timeouts: PATIENT } });
    const events = ['uncaughtException', 'unhandledRejection', 'exit', 'beforeExit', 'warning', 'SIGINT', 'SIGTERM'];
    const listeners = (): number[] => events.map((event) => process.listenerCount(event));
    const before = listeners();
    const globals = Object.getOwnPropertyNames(globalThis).length;
    const first = await import('../../src/index.js');
    vi.resetModules();
    const second = await import('../../src/index.js');
    expect(second.createCache).not.toBe(first.createCache);
    const options = {
      nodes: [{ url: `redis://127.0.0.1:${server.port}`, name: 'a' }],
      health: false,
      timeouts: PATIENT,
    } as const;
    const caches = [first.createCache(options), second.createCache(options)];
    for (const cache of caches) await reached(cache);
    expect(await caches[0]?.set('key', 'of the first')).toBe(true);
    expect(await caches[1]?.get('key')).toBe('of the first');
    await caches[0]?.close();
    expect(await caches[1]?.set('key', 'of the second')).toBe(true);
    expect(await caches[1]?.get('key')).toBe('of the second');
    await caches[1]?.close();
    expect(listeners()).toEqual(before);
    expect(Object.getOwnPropertyNames(globalThis).length).toBe(globals);
  });

  // Planted fault: an opaque that is counted on beyond its field.
  it('F12 the number of a request passes its greatest value: the next ones fit all the same', async () => {
    clean();
    const { server } = await startFleet({ kinds: ['memcached'], isDirect: true, cache: { health: false } });
    // The first number is drawn at random: here, the last but a few.
    const spy = vi.spyOn(Math, 'random').mockReturnValue(1 - 3 / MAX_OPAQUE);
    onTestFinished(() => void spy.mockRestore());
    const cache = await openCache({
      nodes: [{ url: `memcached://127.0.0.1:${server.port}`, name: 'a' }],
      health: false,
      timeouts: PATIENT,
    });
    await until(() => cache.nodes()[0]?.isConnected === true);
    for (let i = 0; i < 20; i++) {
      expect(await cache.set(`key ${i}`, `value ${i}`)).toBe(true);
      expect(await cache.get(`key ${i}`)).toBe(`value ${i}`);
    }
    expect(cache.stats().failures).toBe(0);
  });
});
