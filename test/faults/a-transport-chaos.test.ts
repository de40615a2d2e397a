/** Rows A12 and A18: a node that comes and goes, and everything at once. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import type { FaultProxy } from '../../src/testing/fault-proxy/fault-proxy.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { clean, type Ending, ending, LATENESS_MS, startFleet } from './fleet.js';

const isSoak = process.env.RINGFENCE_SOAK !== undefined;

describe('faults that come and go', () => {
  // Planted fault: an ejection that does not last longer when the node is ejected again.
  it('A12 a node that dies every 2 s for a minute: the ring changes ever more rarely, nothing stale, few misses', async () => {
    clean();
    const clock = new FakeClock();
    const random = seededRandom(12);
    const stores = ['a', 'b', 'c'].map((name) => new MemoryNode({ name, clock }));
    const nodes = stores.map((store) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store, clock }),
    }));
    // It is found well each time it comes back: only the time it has to serve keeps it out.
    const health = { intervalMs: 100, ejectionMs: 2_000 };
    const cache = createCache({ nodes, replication: 2, clock, random, namespace: 'flap', health });
    await clock.until(cache.ready());
    const changes: { node: string; at: number; kind: string }[] = [];
    for (const kind of ['nodeEjected', 'nodeReadmitted'] as const)
      cache.on(kind, ({ node }) => changes.push({ node, at: clock.now(), kind }));

    const latest = new Map<string, number>();
    const stale: string[] = [];
    let reads = 0;
    let hits = 0;
    for (let tick = 0; tick < 600; tick++) {
      // It comes back with all it had: old copies of what was written meanwhile.
      if (tick % 40 === 0) stores[0]?.kill();
      if (tick % 40 === 20) stores[0]?.restart({ data: 'keep' });
      for (let i = 0; i < 4; i++) {
        const key = `key ${Math.floor(random() * 40)}`;
        const version = tick * 10 + i;
        void cache.set(key, { version });
        latest.set(key, version);
        const asked = `key ${Math.floor(random() * 40)}`;
        const floor = latest.get(asked);
        void cache.get<{ version: number }>(asked).then((value) => {
          if (floor === undefined) return;
          reads++;
          if (value !== undefined) hits++;
          if (value !== undefined && value.version < floor) stale.push(`${asked}: ${value.version} after ${floor}`);
        });
        await clock.advance(25);
      }
    }
    await clock.advance(1_000);
    expect(stale).toEqual([]);
    const ejections = changes.filter(({ node, kind }) => node === 'a' && kind === 'nodeEjected').map(({ at }) => at);
    expect(ejections.length).toBeGreaterThan(0);
    expect(ejections.length).toBeLessThanOrEqual(6);
    expect(changes.filter(({ node }) => node !== 'a')).toEqual([]);
    expect(hits / reads).toBeGreaterThan(0.95);
    const closed = cache.destroy();
    await clock.until(closed);
  });

  // Planted fault: none of its own; whatever another row plants shows here, too.
  it('A18 chaos on every connection: each call settles in time, never a wrong or an older value', async () => {
    const fleet = await startFleet({ kinds: ['redis', 'memcached', 'redis'], cache: { replication: 2 } });
    const { cache, proxies } = fleet;
    const random = seededRandom(18);
    const written = new Map<string, number>();
    const wrong: string[] = [];
    const ends: Ending[] = [];
    let good = 0;
    const calls = new Set<Promise<unknown>>();
    const track = (call: () => Promise<unknown>, judge: (value: unknown) => void): void => {
      const settled = ending(call).then((end) => {
        ends.push(end);
        if (end.value !== undefined && end.value !== false) good++;
        judge(end.value);
        calls.delete(settled);
      });
      calls.add(settled);
    };
    const end = performance.now() + (isSoak ? 12_000 : 4_000);
    let version = 0;
    let nextStrike = 0;
    // A slow machine takes longer for as many answers.
    while (performance.now() < end || (good <= 500 && performance.now() < end + 60_000)) {
      if (performance.now() > nextStrike) {
        for (const proxy of proxies) await strike(proxy, random);
        nextStrike = performance.now() + 100 + 300 * random();
      }
      for (let i = 0; i < 10; i++) {
        const key = `key ${Math.floor(random() * 50)}`;
        if (random() < 0.3) {
          const text = `${key}: ${++version}`;
          track(
            () => cache.set(key, text),
            () => undefined,
          );
          written.set(key, version);
        } else {
          const floor = written.get(key) ?? 0;
          track(
            () => cache.get(key),
            (value) => {
              if (value === undefined) return;
              const [name, number] = String(value).split(': ');
              if (name !== key || !(Number(number) >= floor))
                wrong.push(`${key} was answered by ${value}, at least ${floor} expected`);
            },
          );
        }
      }
      await sleep(5);
    }
    for (const proxy of proxies) await proxy.heal();
    await Promise.all(calls);
    expect(wrong).toEqual([]);
    expect(ends.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(Math.max(...ends.map(({ ms }) => ms))).toBeLessThan(500 + LATENESS_MS);
    expect(good).toBeGreaterThan(500);
  });
});

async function strike(proxy: FaultProxy, random: () => number): Promise<void> {
  await proxy.heal();
  const offset = Math.floor(random() * 20_000);
  switch (Math.floor(random() * 8)) {
    case 0:
      proxy.apply({ kind: 'hold' });
      break;
    case 1:
      proxy.apply({ kind: 'latency', ms: 50, jitterMs: 200 }, 'toClient');
      break;
    case 2:
      proxy.apply({ kind: 'limit', bytes: offset }, 'toClient');
      break;
    case 3:
      proxy.refuse();
      proxy.reset();
      break;
    case 4:
      proxy.fin();
      break;
    case 5:
      proxy.apply({ kind: 'slicer', size: 7 });
      break;
    default:
      break;
  }
}
