/** Scripts of `defineCommand` where what the server knows of them changes: it restarts, forgets, or never ran them. */

import { Redis as IoRedis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Redis, type RedisOptions } from '../../../src/ioredis.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import { refusal } from './three-nodes.js';

const SCRIPTS = {
  bump: { lua: "return redis.call('incrby', KEYS[1], ARGV[1])", numberOfKeys: 1 },
  refusing: { lua: "return redis.error_reply('NOSUCH thing')", numberOfKeys: 1 },
};

type Scripted<C> = C & {
  bump(key: string, by: number): Promise<unknown>;
  refusing(key: string): Promise<unknown>;
};

let server: TestServer;
let open: { disconnect(): void }[];

beforeEach(async () => {
  server = await startRedis();
  open = [];
});

afterEach(async () => {
  for (const redis of open) redis.disconnect();
  await server.stop();
});

function client(options: RedisOptions = {}): Scripted<Redis> {
  const redis = new Redis([server.url], { offlineQueueMs: 30_000, health: false, scripts: SCRIPTS, ...options });
  open.push(redis);
  return redis as Scripted<Redis>;
}

function plain(): Scripted<IoRedis> {
  const redis = new IoRedis(server.port, { scripts: SCRIPTS });
  open.push(redis);
  return redis as Scripted<IoRedis>;
}

describe('scripts', () => {
  it('that wait behind a full wire while the server restarts are known to it, in their order and in transactions', async () => {
    const redis = client({ bulkhead: { maxInFlight: 1 } });
    await redis.bump('k', 0);
    expect(await redis.bump('k', 1)).toBe(1);
    await server.pause();
    const sent = refusal(redis.get('k'));
    const answers = Promise.all([
      redis.bump('k', 2),
      redis.get('k'),
      redis
        .multi([['bump', 'k', '4']])
        .get('k')
        .exec(),
      redis.bump('k', 8),
    ]);
    // What the wire has room for has left by the end of the turn.
    await new Promise(setImmediate);
    await server.kill9();
    await server.restart();
    expect(await sent).toMatchObject({ code: 'ERR_NODE', reason: 'lost' });
    expect(await answers).toEqual([
      2,
      '2',
      [
        [null, 6],
        [null, '6'],
      ],
      14,
    ]);
  });

  it('are known to the server also if the first of them found no room and was never sent', async () => {
    const redis = client({ bulkhead: { maxInFlight: 1, maxQueued: 1 } });
    await redis.set('k', '0');
    const before = [redis.incr('k'), redis.incr('k')];
    expect(await refusal(redis.bump('k', 1))).toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    expect(await Promise.all(before)).toEqual([1, 2]);
    expect(await redis.multi([['bump', 'k', '4']]).exec()).toEqual([[null, 6]]);
  });

  it('of a transaction that was not carried out are known in the next', async () => {
    const redis = client();
    const other = plain();
    const transaction = () => redis.multi([['bump', 'k', '1']]).exec();
    await redis.watch('k');
    await other.set('k', '1');
    const aborted = transaction();
    const next = transaction();
    expect(await aborted).toBe(null);
    expect(await next).toEqual([[null, 2]]);
    // Spoiled by a command that the server does not know.
    const spoiled = redis.multi([
      ['refusing', 'k'],
      ['call', 'nosuch', 'k'],
    ]);
    expect((await refusal(spoiled.exec())).message).toMatch(/^EXECABORT/);
    const [[error] = []] = (await redis.multi([['refusing', 'k']]).exec()) ?? [];
    expect(error?.message).toBe('NOSUCH thing');
  });

  it('that the server was made to forget are sent again in full, as ioredis does, in pipelines, too', async () => {
    const seen: unknown[] = [];
    for (const redis of [plain(), client()]) {
      await redis.flushall();
      await redis.bump('k', 1);
      await redis.script('FLUSH');
      const single = [redis.bump('k', 1), redis.get('k'), redis.bump('k', 1)];
      const answers: unknown[] = await Promise.all(single);
      await redis.script('FLUSH');
      answers.push(
        await redis
          .pipeline([
            ['bump', 'k', '2'],
            ['get', 'k'],
          ])
          .exec(),
      );
      await redis.script('FLUSH');
      const [[error] = []] = (await redis.multi([['bump', 'k', '4']]).exec()) ?? [];
      answers.push(error?.message.slice(0, 8), await redis.bump('k', 0));
      seen.push(answers);
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toEqual([
      2,
      '1',
      3,
      [
        [null, 5],
        [null, '3'],
      ],
      'NOSCRIPT',
      5,
    ]);
  });
});
