/**
 * Reads of unstamped copies that were on their way while the last write of the key had not reached the node: what comes
 * back was there before, and does not count because the node has been given the write, or rid of the copy, meanwhile.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import type { Driver, Operation } from '../../src/driver/driver.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import { type Cache, type CacheOptions, createCache } from '../../src/index.js';
import { MutantConnection } from '../contract/mutants/mutant-connection.js';

/** Found values come home only when they are let, all else at once. */
class Road {
  readonly #waiting: (() => void)[] = [];
  isShut = false;

  get held(): number {
    return this.#waiting.length;
  }

  open(): void {
    this.isShut = false;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  guard(driver: Driver): Driver {
    return {
      kind: driver.kind,
      capabilities: driver.capabilities,
      connect: async (options) =>
        new MutantConnection(await driver.connect(options), { operation: (operation) => this.#guarded(operation) }),
    };
  }

  #pass(task: () => void): void {
    if (this.isShut) this.#waiting.push(task);
    else task();
  }

  #guarded(operation: Operation): Operation {
    if (operation.kind === 'inspect') {
      const { kind, key, withValue } = operation;
      return {
        kind,
        key,
        withValue,
        found: (entry) => this.#pass(() => operation.found(entry)),
        miss: () => this.#pass(() => operation.miss()),
        fail: (error) => operation.fail(error),
      };
    }
    if (operation.kind !== 'get') return operation;
    return {
      kind: 'get',
      key: operation.key,
      hit: (bytes, start, end) => {
        const own = Buffer.from(bytes.subarray(start, end));
        this.#pass(() => operation.hit(own, 0, own.length));
      },
      miss: () => this.#pass(() => operation.miss()),
      fail: (error) => operation.fail(error),
    };
  }
}

const VALUES = [
  { codec: 'string', before: 'before', after: 'after' },
  { codec: 'json', before: 1, after: 2 },
] as const;
const READS: Readonly<Record<string, (cache: Cache) => Promise<unknown>>> = {
  get: (cache) => cache.get('k'),
  getMany: async (cache) => (await cache.getMany(['k'])).get('k'),
  getEntry: async (cache) => (await cache.getEntry('k'))?.value,
};

async function open(options: CacheOptions) {
  const store = new MemoryNode({ name: 'a' });
  const road = new Road();
  const nodes = [{ name: 'a', driver: road.guard(createMemoryDriver({ name: 'a', store })) }];
  // What is held up on the road is neither late nor lost, however slow the machine.
  const timeouts = { attemptMs: 10_000, totalMs: 20_000 };
  const cache = createCache({ nodes, health: false, fallback: false, timeouts, ...options });
  onTestFinished(async () => {
    await cache.destroy();
  });
  await cache.ready();
  return { store, road, cache };
}

describe.each(VALUES)('a copy without a stamp, $codec', ({ codec, before, after }) => {
  it.each(Object.entries(READS))(
    'is no answer of %s if the write behind it was tried again meanwhile',
    async (_, read) => {
      const retry = { attempts: 2, backoff: 'fixed', jitter: 'none', baseMs: 300, maxMs: 300 } as const;
      const { store, road, cache } = await open({ codec, retry });
      await cache.set('k', before);
      store.failWith('busy', ['store']);
      const writing = cache.set('k', after);
      await expect.poll(() => cache.stats().calls.retries, { interval: 1 }).toBe(1);
      store.failWith(undefined);
      road.isShut = true;
      const reading = read(cache);
      expect(await writing).toBe(true);
      road.open();
      expect([undefined, after]).toContain(await reading);
      expect(await read(cache)).toBe(after);
    },
  );

  it.each(Object.entries(READS))('is no answer of %s if what was owed has been paid meanwhile', async (_, read) => {
    const { store, road, cache } = await open({ codec, retry: false });
    await cache.set('k', before);
    store.failWith('busy', ['store', 'delete']);
    expect(await cache.set('k', after)).toBe(false);
    road.isShut = true;
    const reading = read(cache);
    store.failWith(undefined);
    await expect.poll(() => store.size, { interval: 1 }).toBe(0);
    await expect.poll(() => cache.stats().ledger, { interval: 1 }).toMatchObject({ keyDebts: 0 });
    road.open();
    expect(await reading).toBeUndefined();
    expect(await read(cache)).toBeUndefined();
  });
});

it.each(Object.entries(READS))(
  'what %s finds when it asks once more, behind the write that came between, is told',
  async (_, read) => {
    const { store, road, cache } = await open({ codec: 'json', retry: false });
    await cache.set('k', 1);
    store.failWith('busy', ['store', 'delete']);
    expect(await cache.set('k', 2)).toBe(false);
    road.isShut = true;
    const reading = read(cache);
    store.failWith(undefined);
    expect(await cache.set('k', 3)).toBe(true);
    road.open();
    expect(await reading).toBe(3);
  },
);
