/** A cache that migrates between two sets of memory nodes in still time, and what its nodes hold. */

import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import {
  type Cache,
  type CacheOptions,
  createCache,
  type MigrationOptions,
  type NodeOptions,
} from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

export interface Scene {
  readonly clock: FakeClock;
  readonly stores: ReadonlyMap<string, MemoryNode>;
  nodes(names: readonly string[]): NodeOptions[];
  open(options: CacheOptions): Promise<Cache<string>>;
  /** Waits for a call while time passes. */
  done<T>(call: Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export const KEYS = Array.from({ length: 200 }, (_, i) => `k${i}`);

export function scene(names: readonly string[]): Scene {
  const clock = new FakeClock();
  const stores = new Map(names.map((name) => [name, new MemoryNode({ name, clock })]));
  const drivers = new Map(
    [...stores].map(([name, store]) => [name, createMemoryDriver({ name, store, clock })] as const),
  );
  const caches: Cache<string>[] = [];
  return {
    clock,
    stores,
    nodes: (some) => some.map((name) => ({ name, driver: drivers.get(name) })),
    async open(options) {
      const cache = createCache<string>({ clock, health: false, fallback: false, namespace: 'm', ...options });
      caches.push(cache);
      await clock.until(cache.ready());
      return cache;
    },
    done: (call) => clock.until(call, 3_600_000),
    async end() {
      for (const cache of caches) await clock.until(cache.destroy());
      await clock.advance(1_000);
    },
  };
}

/** From memjs over three nodes to the own ring, over the same three and a fourth. */
export function fromMemjs({ nodes }: Scene, migration: Omit<MigrationOptions, 'from'> = {}): CacheOptions {
  return {
    nodes: nodes(['a', 'b', 'c', 'd']),
    migration: { from: { placement: 'npm-memjs', nodes: nodes(['a', 'b', 'c']) }, ...migration },
  };
}
