/** The diagnostics channels: what calls and attempts tell, and to whom. */

import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type AttemptMessage, type CallMessage, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** What is told on a channel while `work` runs. */
async function heardOn<T>(name: string, work: () => Promise<unknown>): Promise<T[]> {
  const heard: T[] = [];
  const listener = (message: unknown): number => heard.push(message as T);
  subscribe(name, listener);
  try {
    await work();
  } finally {
    unsubscribe(name, listener);
  }
  expect(channel(name).hasSubscribers).toBe(false);
  return heard;
}

async function start() {
  const clock = new FakeClock();
  const store = new MemoryNode({ name: 'a', clock });
  const nodes = [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }];
  const cache = createCache({ nodes, clock, health: false, retry: false, breaker: false, onUnavailable: 'throw' });
  await clock.until(cache.ready());
  return { clock, store, cache, end: () => clock.until(cache.destroy()) };
}

it('ringfence:call tells every call by its name, and how it ended', async () => {
  const { clock, store, cache, end } = await start();
  const calls = await heardOn<CallMessage>('ringfence:call', async () => {
    await clock.until(cache.set('k', 1));
    await clock.until(cache.get('k'));
    await clock.until(cache.getMany(['k', 'none'], { lane: 'bulk' }));
    await clock.until(cache.increment('n'));
    await clock.until(cache.getOrSet('loaded', () => 'v'));
    store.hang();
    await expect(clock.until(cache.get('never read'))).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    store.resume();
  });
  const told = calls.map(({ name, lane, outcome }) => [name, lane, outcome]);
  expect(told).toEqual([
    ['set', 'interactive', 'done'],
    ['get', 'interactive', 'done'],
    ['getMany', 'bulk', 'done'],
    ['increment', 'interactive', 'done'],
    ['getOrSet', 'interactive', 'done'],
    ['get', 'interactive', 'ERR_TIMEOUT'],
  ]);
  for (const { durationMs } of calls) expect(durationMs).toBeGreaterThanOrEqual(0);
  await end();
});

it('ringfence:attempt tells every batch of a node: how many travelled, how it ended, how long it took', async () => {
  const { clock, store, cache, end } = await start();
  const attempts = await heardOn<AttemptMessage>('ringfence:attempt', async () => {
    await clock.until(Promise.all(['a', 'b', 'c'].map((key) => cache.get(key))));
    store.failWith('loading', ['get']);
    await clock.until(cache.get('k').catch(() => undefined));
    store.failWith(undefined);
    store.hang();
    await clock.until(cache.get('k').catch(() => undefined));
    const lost = cache.get('other').catch(() => undefined);
    await clock.advance(1);
    store.restart({ data: 'keep' });
    await clock.until(lost);
  });
  expect(attempts.map(({ node, lane, batchSize, outcome }) => [node, lane, batchSize, outcome])).toEqual([
    ['a', 'interactive', 3, 'answered'],
    ['a', 'interactive', 1, 'refused'],
    ['a', 'interactive', 1, 'expired'],
    ['a', 'interactive', 1, 'lost'],
  ]);
  expect(attempts[2]?.durationMs).toBeGreaterThanOrEqual(200);
  await end();
});
