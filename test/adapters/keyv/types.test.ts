/** What the compiler says: either Keyv takes the adapter for one of its own. Checked with the types of the whole tree. */

import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { Keyv as Keyv6, type KeyvStorageAdapter, type KeyvStorageCapability } from 'keyv6';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Cache, CacheOptions } from '../../../src/index.js';
import { KeyvRingfence } from '../../../src/keyv.js';

describe('types', () => {
  it('a KeyvRingfence is a store of Keyv 5 and a store of Keyv 6', async () => {
    expectTypeOf<KeyvRingfence>().toExtend<KeyvStoreAdapter>();
    expectTypeOf<KeyvRingfence>().toExtend<KeyvStorageAdapter>();
    expectTypeOf<KeyvRingfence['capabilities']>().toExtend<KeyvStorageCapability>();
    expectTypeOf<{ cache: Cache }>().toExtend<ConstructorParameters<typeof KeyvRingfence>[0]>();
    expectTypeOf<Omit<CacheOptions, 'codec'>>().toExtend<ConstructorParameters<typeof KeyvRingfence>[0]>();
    const store = new KeyvRingfence();
    for (const keyv of [new Keyv<number>(store), new Keyv<number>({ store }), new Keyv<number>(store, { ttl: 5 })])
      expectTypeOf(await keyv.get('k')).toEqualTypeOf<number | undefined>();
    for (const keyv of [new Keyv6<number>(store), new Keyv6<number>({ store }), new Keyv6<number>(store, { ttl: 5 })])
      expectTypeOf(await keyv.get('k')).toEqualTypeOf<number | undefined>();
    expectTypeOf(await store.get<string>('k')).toEqualTypeOf<string | undefined>();
    expectTypeOf(await store.deleteMany(['k'])).toEqualTypeOf<boolean[]>();
    await store.disconnect();
    expect(store.listenerCount('error')).toBe(6);
  });
});
