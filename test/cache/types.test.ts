/** What the compiler knows: the values of a cache, of one call, and what every call answers. Checked with the types of the whole tree. */

import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Cache,
  type CacheEntry,
  type CacheError,
  type CloseReport,
  createCache,
  type FoundMany,
  type NodeView,
} from '../../src/index.js';

interface User {
  readonly name: string;
}

const cache = createCache<User>();
const anything = createCache();

afterAll(async () => {
  // Nobody waits for the calls below: they end before the caches do.
  await cache.close();
  await anything.close();
});

describe('types', () => {
  it('of a cache of users: every read is of a user or nothing, every write of a user', async () => {
    expectTypeOf(cache).toEqualTypeOf<Cache<User>>();
    expectTypeOf(cache.get('k')).resolves.toEqualTypeOf<User | undefined>();
    expectTypeOf(cache.getEntry('k')).resolves.toEqualTypeOf<CacheEntry<User> | undefined>();
    expectTypeOf(cache.getMany(['k'])).resolves.toEqualTypeOf<FoundMany<User>>();
    expectTypeOf(cache.getOrSet('k', () => ({ name: 'Ann' }))).resolves.toExtend<User>();
    expectTypeOf(cache.set).parameter(1).toEqualTypeOf<User>();
    expectTypeOf(cache.add).parameter(1).toEqualTypeOf<User>();
    expectTypeOf(cache.replace).parameter(1).toEqualTypeOf<User>();
    expectTypeOf(cache.compareAndSet).parameter(1).toEqualTypeOf<User>();
    expectTypeOf<5>().not.toExtend<Parameters<typeof cache.set>[1]>();
    expectTypeOf<Map<string, User>>().toExtend<Parameters<typeof cache.setMany>[0]>();
    expectTypeOf<Record<string, User>>().toExtend<Parameters<typeof cache.setMany>[0]>();
    expectTypeOf<Map<string, string>>().not.toExtend<Parameters<typeof cache.setMany>[0]>();
    const user = await cache.get('nobody');
    expect(user?.name).toBeUndefined();
  });

  it('of one call win over those of the cache', () => {
    expectTypeOf(cache.get<Date>('k')).resolves.toEqualTypeOf<Date | undefined>();
    expectTypeOf(anything.get('k')).resolves.toEqualTypeOf<unknown>();
    expectTypeOf(anything.get<User>('k')).resolves.toEqualTypeOf<User | undefined>();
    expectTypeOf(anything.getEntry<User>('k')).resolves.toEqualTypeOf<CacheEntry<User> | undefined>();
    expectTypeOf(anything.getMany<User>(['k'])).resolves.toEqualTypeOf<FoundMany<User>>();
    expectTypeOf(anything.getOrSet<User>('k', () => ({ name: 'Ann' }))).resolves.toEqualTypeOf<User>();
    expectTypeOf(anything.set).parameter(1).toEqualTypeOf<unknown>();
    expect(anything).toHaveProperty('get');
  });

  it('of what is no value', () => {
    expectTypeOf(cache.has('k')).resolves.toEqualTypeOf<boolean>();
    expectTypeOf(cache.delete('k')).resolves.toEqualTypeOf<boolean>();
    expectTypeOf(cache.touch('k', 'none')).resolves.toEqualTypeOf<boolean>();
    expectTypeOf(cache.ttl('k')).resolves.toEqualTypeOf<number | 'none' | undefined>();
    expectTypeOf(cache.increment('k')).resolves.toEqualTypeOf<number>();
    expectTypeOf(cache.clear).returns.resolves.toBeVoid();
    expectTypeOf(cache.keys()).toEqualTypeOf<AsyncIterableIterator<string>>();
    expectTypeOf(cache.nodes()).toEqualTypeOf<NodeView[]>();
    expectTypeOf(cache.close()).resolves.toEqualTypeOf<CloseReport>();
    expectTypeOf<FoundMany<User>>().toExtend<ReadonlyMap<string, User>>();
    expectTypeOf<FoundMany<User>['failures']>().toEqualTypeOf<Map<string, CacheError>>();
    expectTypeOf<CacheEntry<User>['source']>().toEqualTypeOf<
      'node' | 'replica' | 'handoff' | 'near' | 'fallback' | 'loader'
    >();
    cache.on('degraded', (event) => expectTypeOf(event.reason).toBeString());
    cache.on('writeUnconfirmed', (event) => expectTypeOf(event.error).toEqualTypeOf<CacheError>());
    expect(cache.nodes()).toHaveLength(3);
  });
});
