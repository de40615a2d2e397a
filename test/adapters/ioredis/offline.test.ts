/** Commands issued while their node is not there yet, or away for a moment. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Redis } from '../../../src/ioredis.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { freePort } from '../../../src/testing/servers/free-port.js';
import { startRedis } from '../../../src/testing/servers/redis-server.js';
import type { TestServer } from '../../../src/testing/servers/test-server.js';
import { refusal } from './three-nodes.js';

/** Longer than any machine takes to start a server, and as long as nobody else's tests may take. */
const PATIENT = { offlineQueueMs: 30_000 };

let server: TestServer;
let open: Redis[];

beforeEach(async () => {
  server = await startRedis();
  open = [];
});

afterEach(async () => {
  for (const redis of open) redis.disconnect();
  await server.stop();
});

function client(options: ConstructorParameters<typeof Redis>[1] = {}, url = server.url): Redis {
  const redis = new Redis([url], options);
  open.push(redis);
  return redis;
}

describe('commands', () => {
  it('issued before there is a server are carried out in their order once there is', async () => {
    await server.kill9();
    const redis = client(PATIENT);
    const answers = Promise.all([
      redis.set('k', '1'),
      redis.incr('k'),
      redis.mget('k', 'none'),
      redis.multi().incr('k').get('k').exec(),
      redis.pipeline().incr('k').get('k').exec(),
      redis.get('k'),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.restart();
    expect(await answers).toEqual([
      'OK',
      2,
      ['2', null],
      [
        [null, 3],
        [null, '3'],
      ],
      [
        [null, 4],
        [null, '4'],
      ],
      '4',
    ]);
  });

  it('issued while a server restarts are carried out once it is back, also by default', async () => {
    const redis = client({ health: false });
    await redis.set('k', 'before');
    await server.kill9();
    await expect.poll(() => redis.status).toBe('reconnecting');
    const answer = redis.incr('n').catch((error: Error) => error);
    const patient = client(PATIENT).incr('p');
    await server.restart();
    expect(await patient).toBe(1);
    // A machine may take longer than the default to start a server: then it was told so.
    expect([1, 'ERR_NODE']).toContain(
      await answer.then((value) => (value instanceof Error ? Reflect.get(value, 'code') : value)),
    );
    await expect.poll(() => redis.get('k').catch((error: Error) => error)).toBe(null);
  });

  it('that are scripts are known to the server that comes back, in their order and in transactions', async () => {
    const lua = "return redis.call('incrby', KEYS[1], ARGV[1])";
    const redis = client({ ...PATIENT, scripts: { bump: { lua, numberOfKeys: 1 } } }) as Redis & {
      bump(key: string, by: number): Promise<unknown>;
    };
    expect(await redis.bump('k', 1)).toBe(1);
    await server.kill9();
    await expect.poll(() => redis.status).toBe('reconnecting');
    const answers = Promise.all([
      redis.bump('k', 2),
      redis.get('k'),
      redis.bump('k', 3),
      redis
        .multi([['bump', 'k', '4']])
        .get('k')
        .exec(),
    ]);
    await server.restart();
    expect(await answers).toEqual([
      2,
      '2',
      5,
      [
        [null, 9],
        [null, '9'],
      ],
    ]);
  });

  it('fail, typed and at once, when the node has been away for longer', async () => {
    const redis = client({ offlineQueueMs: 200 });
    await redis.set('k', 'v');
    await server.kill9();
    await expect.poll(() => redis.status).toBe('reconnecting');
    const began = performance.now();
    expect(await refusal(redis.get('k'))).toMatchObject({ code: 'ERR_NODE', reason: 'refused', key: undefined });
    for (let i = 0; i < 20; i++) expect(await refusal(redis.rpush('k', 'v'))).toMatchObject({ code: 'ERR_NODE' });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('fail at once without an offline queue', async () => {
    const redis = client({ enableOfflineQueue: false, health: false });
    await redis.set('k', 'v');
    await server.kill9();
    await expect.poll(() => redis.status).toBe('reconnecting');
    const answer = refusal(redis.get('k'));
    await server.restart();
    expect(await answer).toMatchObject({ code: 'ERR_NODE' });
  });

  it('that were on their way when the connection was lost fail and are not sent again; those behind them wait', async () => {
    const proxy = await FaultProxy.start({ port: server.port });
    try {
      const redis = client(
        { ...PATIENT, bulkhead: { maxInFlight: 1 }, health: false },
        `redis://127.0.0.1:${proxy.port}`,
      );
      await redis.rpush('list', 'before');
      // The request arrives; of its answer one byte does, and the connection ends.
      proxy.apply({ kind: 'limit', bytes: 1 }, 'toClient');
      const sent = refusal(redis.rpush('list', 'sent'));
      const waiting = redis.rpush('list', 'waiting');
      expect(await sent).toMatchObject({ code: 'ERR_NODE', reason: 'lost' });
      await proxy.heal();
      await waiting;
      expect(await redis.lrange('list', 0, -1)).toEqual(['before', 'sent', 'waiting']);
    } finally {
      await proxy.close();
    }
  });

  it('are not waited for where waiting helps nothing', async () => {
    const guarded = await startRedis({ password: 'secret' });
    try {
      const redis = client(PATIENT, `redis://:wrong@127.0.0.1:${guarded.port}`);
      const began = performance.now();
      expect(await refusal(redis.get('k'))).toMatchObject({ code: 'ERR_NODE', reason: 'auth' });
      expect(performance.now() - began).toBeLessThan(5_000);
    } finally {
      await guarded.stop();
    }
  });

  it('end with the client', async () => {
    const redis = client(PATIENT, `redis://127.0.0.1:${await freePort()}`);
    const answer = refusal(redis.get('k'));
    redis.disconnect();
    expect((await answer).message).toBe('Connection is closed.');
  });
});
