/** Patterns of Redis, as Redis itself matches them. */

import fc from 'fast-check';
import { Redis as IoRedis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globPattern } from '../../../src/adapters/ioredis/glob.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';

const UNITS = ['a', 'b', 'c', '-', '^', '[', ']', '*', '?', '\\', '.', '+', '\n', 'é'];
const text = fc.string({ unit: fc.constantFrom(...UNITS), minLength: 1, maxLength: 8 });

describe('a pattern', () => {
  let server: TestServer;
  let redis: IoRedis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new IoRedis(server.port, server.host);
  });

  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it.each([
    ['session:*', 'session:1', true],
    ['session:*', 'xsession:1', false],
    ['h?llo', 'hello', true],
    ['h?llo', 'hllo', false],
    ['h[ae]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-b]llo', 'hbllo', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['(a|b)', 'a', false],
  ])('%s and %s: %s', (pattern, key, isMatch) => {
    expect(globPattern(pattern).test(key)).toBe(isMatch);
  });

  it('matches what KEYS matches', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (pattern, key) => {
        // Redis counts bytes, this counts characters: they agree wherever ? and sets have to do with ASCII alone.
        fc.pre(!(key + pattern).includes('é') || !/[?[]/.test(pattern));
        await redis.set(key, '');
        const found = (await redis.keys(pattern)).includes(key);
        await redis.del(key);
        expect(globPattern(pattern).test(key)).toBe(found);
      }),
      { numRuns: 1_000 },
    );
  });
});
