import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';

function open() {
  const store = new MemoryNode({ name: 'a' });
  const driver = createMemoryDriver({ name: 'a', store });
  return createCache({ nodes: [{ name: 'a', driver }], health: false });
}

describe('load', () => {
  it('ends the lease of a value that it throws away: nobody waits for it', async () => {
    const cache = open();
    // Of so many, some share the bucket of their generation: the fill of one ends what others have begun.
    const keys = Array.from({ length: 1_500 }, (_, i) => `key ${i}`);
    let loads = 0;
    const all = () => Promise.all(keys.map((key) => cache.getOrSet(key, () => `${++loads}`)));
    await all();
    expect(loads).toBe(keys.length);
    const began = performance.now();
    await all();
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(loads).toBeGreaterThan(keys.length);
    expect(loads).toBeLessThan(keys.length * 1.2);
    await cache.destroy();
  });

  it('leaves alone what a caller wrote while the loader ran', async () => {
    const cache = open();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const loading = cache.getOrSet('key', () => gate.then(() => 'loaded'));
    await expect.poll(() => cache.has('key').then(() => true)).toBe(true);
    await cache.set('key', 'written');
    release();
    expect(await loading).toBe('loaded');
    for (let turn = 0; turn < 5; turn++) expect(await cache.get('key')).toBe('written');
    await cache.destroy();
  });
});
