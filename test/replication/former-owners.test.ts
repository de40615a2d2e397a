/** What a read learns from owners of before a running hand-off, and what it does not. */

import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A hand-off from `a` to `b` that only reads carry on, and a value that only `b`, which now fails, has. */
async function start(options: CacheOptions) {
  const clock = new FakeClock();
  const stores = ['a', 'b'].map((name) => new MemoryNode({ name, clock }));
  const [a, b] = stores.map((store) => ({
    name: store.name,
    driver: createMemoryDriver({ name: store.name, store }),
  }));
  if (a === undefined || b === undefined) throw new Error('two nodes were made');
  const cache = createCache({ nodes: [a], clock, health: false, retry: false, breaker: false, ...options });
  await clock.until(cache.ready());
  await clock.until(cache.setNodes([b]));
  await clock.advance(100);
  await clock.until(cache.set('k', 'v'));
  await clock.advance(100);
  stores[1]?.failWith('busy', ['get', 'inspect']);
  const end = async (): Promise<void> => {
    await clock.until(cache.destroy());
  };
  return { clock, cache, end };
}

describe('a miss at a former owner', () => {
  it('does not hide that the present owner failed', async () => {
    const { clock, cache, end } = await start({ onUnavailable: 'throw', fallback: false });
    for (const read of [() => cache.get('k'), () => cache.getEntry('k')])
      await expect(clock.until(read())).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE', node: 'b' });
    expect((await clock.until(cache.getMany(['k']))).failures.get('k')).toMatchObject({ code: 'ERR_UNAVAILABLE' });
    await end();
  });

  it('leaves the answer to what is remembered', async () => {
    const { clock, cache, end } = await start({});
    expect(await clock.until(cache.get('k'))).toBe('v');
    expect(await clock.until(cache.getEntry('k'))).toMatchObject({ value: 'v', source: 'fallback' });
    await end();
  });
});
