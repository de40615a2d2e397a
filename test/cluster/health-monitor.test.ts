/** How nodes are compared with each other. */

import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Speeds } from '../../src/cluster/speeds.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';
import { Breaker } from '../../src/node/breaker.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

async function start(count: number) {
  const clock = new FakeClock();
  const stores = Array.from({ length: count }, (_, i) => new MemoryNode({ name: `n${i}`, clock }));
  const nodes = stores.map((store) => ({ name: store.name, driver: createMemoryDriver({ name: store.name, store }) }));
  const cache = createCache({ nodes, clock, health: { intervalMs: 1_000, timeoutMs: 500 } });
  await clock.until(cache.ready());
  const stateOf = (name: string): string | undefined => cache.nodes().find((node) => node.name === name)?.state;
  return { clock, cache, stores, stateOf };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a node much slower than its like', () => {
  it('is degraded until it is as fast again, with two nodes as with many', async () => {
    for (const count of [2, 3, 6]) {
      const { clock, cache, stores, stateOf } = await start(count);
      for (const store of stores) store.latencyMs = 2;
      const [slow] = stores as [MemoryNode];
      slow.latencyMs = 80;
      await clock.advance(15_000);
      expect([count, cache.nodes().map(({ state }) => state)]).toEqual([
        count,
        stores.map((store) => (store === slow ? 'degraded' : 'healthy')),
      ]);
      slow.latencyMs = 2;
      await clock.advance(15_000);
      expect(stateOf(slow.name)).toBe('healthy');
      await clock.until(cache.destroy());
    }
  });
});

describe('health', () => {
  it('waits for a probe that is under way, and tells what came of it', async () => {
    const clock = new FakeClock();
    const probe = (): Promise<boolean> => new Promise((resolve) => clock.setTimer(() => resolve(true), 100));
    const cache = createCache({ clock, nodes: ['memory://a'], health: { intervalMs: 1_000, timeoutMs: 500, probe } });
    await clock.until(cache.ready());
    const told = await clock.until(Promise.all([cache.health(), cache.health()]));
    expect(told.map(([node]) => node?.state)).toEqual(['healthy', 'healthy']);
    await clock.until(cache.destroy());
  });
});

describe('a node that leaves and comes back while a probe of it is under way', () => {
  it('is probed no more often than before', async () => {
    const clock = new FakeClock();
    let probes = 0;
    const probe = ({ name }: { readonly name: string }): Promise<boolean> => {
      if (name === 'a') probes++;
      return new Promise((resolve) => clock.setTimer(() => resolve(true), 100));
    };
    const nodes = ['memory://a', 'memory://b'];
    const cache = createCache({ clock, nodes, health: { intervalMs: 1_000, timeoutMs: 500, probe } });
    await clock.until(cache.ready());
    for (const seen = probes; probes === seen; ) await clock.advance(10);
    await clock.until(cache.removeNode('a'));
    await clock.until(cache.addNode('memory://a'));
    probes = 0;
    await clock.advance(20_000);
    expect(probes).toBeGreaterThan(10);
    expect(probes).toBeLessThan(24);
    await clock.until(cache.destroy());
  });
});

describe('comparing speeds', () => {
  it('takes the median of the others, whatever the node itself takes', () => {
    const sample = fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }), { minLength: 1 });
    fc.assert(
      fc.property(sample, fc.nat(), (means, pick) => {
        const nodes = means.map((meanMs) => ({ breaker: { stats: () => ({ meanMs }) } }));
        const at = pick % nodes.length;
        const others = means.filter((ms, i): ms is number => ms !== undefined && i !== at).sort((a, b) => a - b);
        const speeds = new Speeds(() => nodes, 1_000);
        expect(speeds.medianOfOthers(nodes[at] as (typeof nodes)[number], 0)).toBe(others[others.length >> 1]);
      }),
    );
  });

  it('costs no more a node with many nodes than with few', async () => {
    const { clock, cache } = await start(200);
    await clock.advance(2_000);
    const looks = vi.spyOn(Breaker.prototype, 'stats');
    await clock.advance(5_000);
    // Two a second for each of 200 nodes, and some more, as probes are not in step.
    expect(looks.mock.calls.length).toBeGreaterThan(200);
    expect(looks.mock.calls.length).toBeLessThan(200 * 5 * 4);
    await clock.until(cache.destroy());
  });
});

describe('a node that is let back', () => {
  it('keeps a breaker that is held: switched off, or by hand', async () => {
    const clock = new FakeClock();
    const stores = ['a', 'b', 'c'].map((name) => new MemoryNode({ name, clock }));
    const nodes = stores.map((store) => ({
      name: store.name,
      driver: createMemoryDriver({ name: store.name, store }),
    }));
    const cache = createCache({ nodes, clock, breaker: false });
    await clock.until(cache.ready());
    const [store] = stores as [MemoryNode];
    store.kill();
    const stateOf = (): string | undefined => cache.nodes().find(({ name }) => name === 'a')?.state;
    for (let i = 0; i < 60 && stateOf() !== 'ejected'; i++) await clock.advance(1_000);
    expect(stateOf()).toBe('ejected');
    store.restart({ data: 'keep' });
    for (let i = 0; i < 60 && stateOf() !== 'healthy'; i++) await clock.advance(1_000);
    expect(stateOf()).toBe('healthy');
    expect(cache.breakers.stats().a).toMatchObject({ state: 'closed', isForced: true });
    await clock.until(cache.close());
  });
});
