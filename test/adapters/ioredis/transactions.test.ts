/** MULTI … EXEC, WATCH and scripts: done by one node as a whole, or refused as a whole. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Redis } from '../../../src/ioredis.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { keysByNode, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;
let redis: Redis;
/** Keys of two nodes. */
let a: string;
let b: string;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
  redis = nodes.open();
  const keys = await keysByNode(nodes, redis, 'k');
  [a = ''] = keys.a;
  [b = ''] = keys.b;
});
afterEach(() => nodes.flush());
afterAll(() => nodes.stop());

describe('a transaction', () => {
  it('is one piece: nothing of ours gets between its commands', async () => {
    const work = Array.from({ length: 50 }, (_, i) => [
      redis.multi().set(a, i).incrby(a, 1_000).get(a).exec(),
      redis.set(a, 'between'),
    ]);
    const results = await Promise.all(work.flat());
    const answers = results.filter(Array.isArray);
    expect(answers).toEqual(
      answers.map((_, i) => [
        [null, 'OK'],
        [null, i + 1_000],
        [null, String(i + 1_000)],
      ]),
    );
  });

  it('over keys of several nodes is refused before anything is sent', async () => {
    const error = await refusal(redis.multi().set(a, '1').set(b, '1').exec());
    expect(error).toMatchObject({ code: 'ERR_CROSS_NODE' });
    expect(await nodes.keys()).toEqual({ a: [], b: [], c: [] });
  });

  it.each<[string, (redis: Redis) => Promise<unknown>]>([
    ['that asks all nodes', (client) => client.multi().set(a, '1').dbsize().exec()],
    ['that no ring can do', (client) => client.multi().set(a, '1').select(1).exec()],
  ])('with a command %s is refused, and nothing of it is done', async (_, issue) => {
    expect(await refusal(issue(redis))).toMatchObject({ code: 'ERR_CROSS_NODE' });
    expect(await redis.get(a)).toBeNull();
  });

  it('with a command that the server refuses is told so as ioredis tells it', async () => {
    const error = await refusal(redis.multi().set(a, '1').call('get').exec());
    expect(error.message).toBe('EXECABORT Transaction discarded because of previous errors.');
    expect(error).toMatchObject({ previousErrors: [{ message: "ERR wrong number of arguments for 'get' command" }] });
    expect(await redis.multi().set(a, '1').lpush(a, '1').get(a).exec()).toMatchObject([
      [null, 'OK'],
      [{ message: 'WRONGTYPE Operation against a key holding the wrong kind of value' }],
      [null, '1'],
    ]);
  });

  it('may stand in a pipeline, among commands of other nodes', async () => {
    const batch = [['set', b, 'b'], ['multi'], ['set', a, '1'], ['incr', a], ['exec'], ['get', b]];
    expect(await redis.pipeline(batch).exec()).toEqual([
      [null, 'OK'],
      [null, 'OK'],
      [null, 'QUEUED'],
      [null, 'QUEUED'],
      [null, ['OK', 2]],
      [null, 'b'],
    ]);
  });

  it('that is not ended in its pipeline is refused, whatever else is sent in the turn', async () => {
    const open = redis.pipeline([['multi'], ['set', a, 'lost']]);
    // The first exec is but a command, where a transaction is open: this leaves out what would be sent.
    Reflect.set(open, '_transactions', 0);
    const [lost, done] = await Promise.all([open.exec(), redis.multi().set(a, 'kept').exec()]);
    expect(lost).toMatchObject([[{ code: 'ERR_CROSS_NODE' }], [{ code: 'ERR_CROSS_NODE' }]]);
    expect(done).toEqual([[null, 'OK']]);
    expect(await redis.get(a)).toBe('kept');
  });

  it('begun on the client itself refuses what has no place in one, in the words of a server, and goes on', async () => {
    const outcomes: unknown[] = [];
    for (const redis of [nodes.plain('a'), nodes.open()]) {
      await redis.multi({ pipeline: false });
      const nested = await refusal(redis.multi({ pipeline: false }));
      const watch = await refusal(redis.watch('k'));
      await redis.set('k', 'v');
      outcomes.push([nested.message, nested.name, watch.message, await redis.exec()]);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('begun on the client itself tells why it was aborted: its commands were told that they are queued', async () => {
    const redis = nodes.open();
    await redis.multi({ pipeline: false });
    expect(await redis.call('set', 'k')).toBe('QUEUED');
    expect(await refusal(redis.exec())).toMatchObject({
      name: 'ReplyError',
      message: 'EXECABORT Transaction discarded because of previous errors.',
      previousErrors: [{ message: "ERR wrong number of arguments for 'set' command", command: { name: 'set' } }],
    });
  });

  it('may be begun on the client itself', async () => {
    expect(await redis.multi({ pipeline: false })).toBe('OK');
    expect(await redis.set(a, '7')).toBe('QUEUED');
    expect(await redis.get(a)).toBe('QUEUED');
    expect(await redis.exec()).toEqual([
      [null, 'OK'],
      [null, '7'],
    ]);
    expect(await redis.multi({ pipeline: false })).toBe('OK');
    expect(await redis.set(a, '8')).toBe('QUEUED');
    expect(await redis.discard()).toBe('OK');
    expect(await redis.get(a)).toBe('7');
    expect((await refusal(redis.exec())).message).toBe('ERR EXEC without MULTI');
  });
});

describe('watched keys', () => {
  it('let the transaction pass while they stay, and end it when they change', async () => {
    const other = nodes.plain('a');
    await redis.watch(a);
    expect(await redis.multi().set(a, '1').exec()).toEqual([[null, 'OK']]);
    await redis.watch(a);
    await other.set(a, 'changed');
    expect(await redis.multi().set(a, '2').exec()).toBeNull();
    await redis.watch(a);
    await other.set(a, 'changed again');
    await redis.unwatch();
    expect(await redis.multi().get(a).exec()).toEqual([[null, 'changed again']]);
  });

  it('are watched no more after a transaction that was refused here', async () => {
    const other = nodes.plain('a');
    for (const refused of [redis.multi().set(b, 1), redis.multi().set(a, 1).keys('*')]) {
      await redis.watch(a);
      expect(await refusal(refused.exec())).toMatchObject({ code: 'ERR_CROSS_NODE' });
      await other.set(a, 'changed');
      expect(await redis.multi().get(a).exec()).toEqual([[null, 'changed']]);
    }
  });

  it('count as changed where the connection is gone that watched them', async () => {
    await redis.watch(a);
    await nodes.plain('a').call('CLIENT', 'KILL', 'TYPE', 'normal');
    await expect.poll(() => redis.get(a).catch(() => 'gone')).toBeNull();
    expect(await redis.multi().set(a, 'blind').exec()).toBeNull();
    expect(await redis.get(a)).toBeNull();
  });

  it('are not forgotten by a transaction that waits while the connection is lost that watched them', async () => {
    const proxy = await FaultProxy.start({ port: nodes.server('a').port });
    const client = new Redis([`redis://127.0.0.1:${proxy.port}`], {
      bulkhead: { maxInFlight: 1 },
      offlineQueueMs: 10_000,
      health: false,
    });
    try {
      await client.set('k', 'before');
      await client.watch('k');
      proxy.apply({ kind: 'hold' }, 'toClient');
      const stuck = refusal(client.get('k'));
      const waiting = refusal(client.multi().set('k', 'mine').exec());
      await nodes.plain('a').set('k', 'theirs');
      proxy.reset();
      await proxy.heal();
      expect([await stuck, await waiting]).toMatchObject([{ code: 'ERR_NODE' }, { code: 'ERR_NODE' }]);
      expect(await client.get('k')).toBe('theirs');
    } finally {
      client.disconnect();
      await proxy.close();
    }
  });

  it('let the transaction pass while the breaker of their node is still open', async () => {
    const proxy = await FaultProxy.start({ port: nodes.server('a').port });
    const client = new Redis([`redis://127.0.0.1:${proxy.port}`], {
      breaker: { consecutiveFailures: 1, openMs: 30_000 },
      offlineQueueMs: 10_000,
      health: false,
    });
    try {
      await client.set('k', 'before');
      // Of the answer one byte arrives, and the connection ends: that is the failure.
      proxy.apply({ kind: 'limit', bytes: 1 }, 'toClient');
      expect(await refusal(client.get('k'))).toMatchObject({ code: 'ERR_NODE' });
      await proxy.heal();
      await client.watch('k');
      expect(await client.multi().set('k', 'mine').exec()).toEqual([[null, 'OK']]);
    } finally {
      client.disconnect();
      await proxy.close();
    }
  });

  it('of one node are no condition for a transaction of another', async () => {
    await redis.watch(a);
    expect(await refusal(redis.multi().set(b, '1').exec())).toMatchObject({ code: 'ERR_CROSS_NODE' });
    await redis.watch(a);
    expect(await refusal(redis.watch(b))).toMatchObject({ code: 'ERR_CROSS_NODE' });
    await redis.unwatch();
  });
});

describe('scripts', () => {
  type Scripted = Redis & { bump(...args: (string | number)[]): Promise<unknown> };
  const lua = "return {KEYS[1], redis.call('incrby', KEYS[1], ARGV[1])}";

  it('of defineCommand are loaded on each node as they are needed, and again where they are forgotten', async () => {
    redis.defineCommand('bump', { numberOfKeys: 1, lua });
    const { bump } = redis as Scripted;
    expect(await Promise.all([a, b, a].map((key) => bump.call(redis, key, 1)))).toEqual([
      [a, 1],
      [b, 1],
      [a, 2],
    ]);
    await redis.script('FLUSH');
    expect(await bump.call(redis, a, 1)).toEqual([a, 3]);
    const pipeline = redis.pipeline([
      ['bump', a, 1],
      ['bump', b, 1],
    ]);
    await redis.script('FLUSH');
    expect(await pipeline.exec()).toEqual([
      [null, [a, 4]],
      [null, [b, 2]],
    ]);
  });

  it('without keys run on one node, and SCRIPT is asked of all', async () => {
    const sha = String(await redis.script('LOAD', 'return {1, 2}'));
    expect(await redis.script('EXISTS', sha, 'f'.repeat(40))).toEqual([1, 0]);
    expect(await redis.evalsha(sha, 0)).toEqual([1, 2]);
    expect(await redis.evalsha(sha, 1, b)).toEqual([1, 2]);
    await nodes.plain('b').script('FLUSH');
    expect(await redis.script('EXISTS', sha)).toEqual([0]);
  });
});
