import { describe, expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { createCache } from '../../src/index.js';

describe('readEntry', () => {
  it('does not take a leftover for confirmed because a write issued behind the read has been', async () => {
    const store = new MemoryNode({ name: 'a' });
    const driver = createMemoryDriver({ name: 'a', store });
    const cache = createCache({ nodes: [{ name: 'a', driver }], codec: 'string', health: false });
    await cache.ready();
    await cache.set('k', 'first');
    const snapshot = store.snapshot();
    await cache.set('k', 'second');
    store.restart({ data: snapshot });
    await expect.poll(() => cache.get('other').then(() => cache.nodes()[0]?.isConnected)).toBe(true);

    const reading = cache.getEntry('k');
    const writing = cache.set('k', 'third');
    expect(await reading.then((entry) => entry?.value)).not.toBe('first');
    expect(await writing).toBe(true);
    expect((await cache.getEntry('k'))?.value).toBe('third');
    await cache.destroy();
  });
});
