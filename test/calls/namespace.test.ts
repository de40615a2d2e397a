/** What `clear` leaves known against nodes. */

import { expect, it } from 'vitest';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type CacheOptions, createCache } from '../../src/index.js';

const TIMEOUTS = { connectMs: 100, attemptMs: 200, totalMs: 400 };

it('a clear that reaches a node makes up for one that did not: what others store there counts again', async () => {
  const store = new MemoryNode({ name: 'a' });
  const open = (options: CacheOptions) =>
    createCache({
      ...options,
      nodes: [{ name: 'a', driver: createMemoryDriver({ name: 'a', store }) }],
      namespace: 'n',
      health: false,
      fallback: false,
      timeouts: TIMEOUTS,
    });
  const [json, text] = [open({}), open({ codec: 'string' })];
  const [otherJson, otherText] = [open({}), open({ codec: 'string' })];
  const all = [json, text, otherJson, otherText];
  await Promise.all(all.map((cache) => cache.ready()));

  await json.set('first', 'x');
  store.kill();
  for (const cache of [json, text]) await expect(cache.clear()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  store.restart({ data: 'keep' });
  for (const cache of all) await expect.poll(() => cache.set('x', 'x')).toBe(true);
  for (const cache of [json, text]) await cache.clear();

  expect(await otherJson.increment('visits', 5)).toBe(5);
  expect(await json.get('visits')).toBe(5);
  expect(await json.increment('visits')).toBe(6);
  expect(await otherText.set('page', 'text')).toBe(true);
  expect(await text.get('page')).toBe('text');
  await Promise.all(all.map((cache) => cache.destroy()));
});
