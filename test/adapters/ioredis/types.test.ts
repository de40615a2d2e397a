/** What the compiler knows: that ours is a Redis of ioredis wherever one is asked for, and what its options are. */

import type { ConnectionOptions } from 'bullmq';
import type { Redis as IoRedis, RedisOptions as IoredisOptions } from 'ioredis';
import { describe, expectTypeOf, it } from 'vitest';
import { type ChainableCommander, Redis, type RedisOptions } from '../../../src/ioredis.js';

type Given = ConstructorParameters<typeof Redis>[0];

describe('types', () => {
  it('ours stands wherever a Redis of ioredis, or a connection of bullmq, is asked for', () => {
    expectTypeOf<Redis>().toExtend<IoRedis>();
    expectTypeOf<Redis>().toExtend<ConnectionOptions>();
  });

  it('every command answers what ioredis answers', () => {
    expectTypeOf<Redis['get']>().toEqualTypeOf<IoRedis['get']>();
    expectTypeOf<Redis['set']>().toEqualTypeOf<IoRedis['set']>();
    expectTypeOf<ReturnType<Redis['pipeline']>>().toEqualTypeOf<ChainableCommander>();
    expectTypeOf(Redis.createClient).returns.toEqualTypeOf<Redis>();
  });

  it('options are those of ioredis that mean something here, those of a cache, and cacheable; nothing else', () => {
    expectTypeOf<{ nodes: string[]; cacheable: string[]; replication: number; keyPrefix: string }>().toExtend<Given>();
    expectTypeOf<{ cacheable: (key: string) => boolean }>().toExtend<Given>();
    expectTypeOf<string[]>().toExtend<Given>();
    expectTypeOf<IoredisOptions['retryStrategy']>().toExtend<RedisOptions['retryStrategy']>();
    expectTypeOf<RedisOptions>().not.toHaveProperty('namespace');
    expectTypeOf<RedisOptions>().not.toHaveProperty('sentinels');
    expectTypeOf<{ cacheable: 5 }>().not.toExtend<RedisOptions>();
  });
});
