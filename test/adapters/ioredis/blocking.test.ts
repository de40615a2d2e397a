/** Commands that wait at the server, over three nodes. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BlockingCalls } from '../../../src/adapters/ioredis/blocking-calls.js';
import { dataTerms } from '../../../src/adapters/ioredis/data-terms.js';
import { Fleet } from '../../../src/adapters/ioredis/fleet.js';
import { resolveRedisOptions } from '../../../src/adapters/ioredis/options.js';
import { systemClock } from '../../../src/base/clock.js';
import { assembleParts } from '../../../src/create-cache.js';
import { NodeError, type Redis, TimeoutError } from '../../../src/ioredis.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { stopwatch } from '../../support/stopwatch.js';
import { keysByNode, type NodeName, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;
let redis: Redis;
let keys: Record<NodeName, string[]>;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
  keys = await keysByNode(nodes, nodes.open(), 'wait:');
});

afterAll(() => nodes.stop());

beforeEach(async () => {
  await nodes.flush();
  redis = nodes.open();
});

afterEach(async () => {
  nodes.close();
  await Promise.all(nodes.servers.filter(({ isRunning }) => !isRunning).map((server) => server.restart()));
});

const keyOn = (name: NodeName, i = 0): string => keys[name][i] ?? '';

/** Until so many wait at the server. */
async function untilBlocked(name: NodeName, count: number): Promise<void> {
  const plain = nodes.plain(name);
  await expect.poll(() => plain.info('clients'), { interval: 5 }).toMatch(`blocked_clients:${count}\r`);
}

const connectionsOf = async (name: NodeName): Promise<number> =>
  Number(/connected_clients:(\d+)/.exec(await nodes.plain(name).info('clients'))?.[1]);

describe('a command that waits', () => {
  it('is answered by what comes later, and delays nothing on its node meanwhile', async () => {
    const [waiting, other] = [keyOn('a'), keyOn('a', 1)];
    const popped = redis.blpop(waiting, 0);
    const streamed = redis.xread('BLOCK', 0, 'STREAMS', keyOn('b'), '$');
    await untilBlocked('a', 1);
    await untilBlocked('b', 1);
    await redis.set(other, 'v');
    expect(await redis.get(other)).toBe('v');
    await redis.rpush(waiting, 'x', 'y');
    await redis.xadd(keyOn('b'), '1-1', 'f', 'v');
    expect(await popped).toEqual([waiting, 'x']);
    expect(await streamed).toEqual([[keyOn('b'), [['1-1', ['f', 'v']]]]]);
    expect(await redis.lrange(waiting, 0, -1)).toEqual(['y']);
  });

  it('comes after what was issued before it, awaited or not', async () => {
    for (const name of ['a', 'b', 'c'] as const) {
      const key = keyOn(name);
      for (let i = 0; i < 50; i++) {
        void redis.del(key);
        void redis.rpush(key, `first ${i}`);
        const popped = redis.blpop(key, 5);
        void redis.rpush(key, 'second');
        expect(await popped).toEqual([key, `first ${i}`]);
      }
    }
  });

  it('takes its turn among those of the same key, in the order issued, and none among others', async () => {
    const [key, other] = [keyOn('a'), keyOn('a', 1)];
    const popped = Array.from({ length: 20 }, () => redis.blpop(key, 0));
    const elsewhere = redis.blpop(other, 0);
    await redis.rpush(other, 'at once');
    expect(await elsewhere).toEqual([other, 'at once']);
    await redis.rpush(key, ...Array.from({ length: 20 }, (_, i) => i));
    expect(await Promise.all(popped)).toEqual(Array.from({ length: 20 }, (_, i) => [key, `${i}`]));
  });

  it('ends with null when its own time is over, and uses its connection again', async () => {
    await redis.ping();
    const before = await connectionsOf('a');
    for (let i = 0; i < 3; i++) expect(await redis.blpop(keyOn('a'), 0.01)).toBeNull();
    expect(await redis.bzpopminBuffer(keyOn('a'), 0.01)).toBeNull();
    expect(await redis.blmove(keyOn('a'), keyOn('a', 1), 'LEFT', 'LEFT', 0.01)).toBeNull();
    // That of the client itself, that of those who wait, and ours that counts.
    expect((await connectionsOf('a')) - before).toBeLessThanOrEqual(2);
  });

  it('is refused where its keys lie on several nodes', async () => {
    const error = await refusal(redis.blpop(keyOn('a'), keyOn('b'), 0));
    expect(error).toMatchObject({ code: 'ERR_CROSS_NODE' });
    expect(error.message).toMatch(/on a.* on b/);
  });

  it('has its place in a pipeline, and waits for nothing in a transaction', async () => {
    const key = keyOn('b');
    const results = await redis.pipeline().rpush(key, 1).blpop(key, 5).set(keyOn('a'), 'v').exec();
    expect(results).toEqual([
      [null, 1],
      [null, [key, '1']],
      [null, 'OK'],
    ]);
    expect(await redis.multi().blpop(key, 0).exec()).toEqual([[null, null]]);
  });
});

describe('a command that waits, when things go wrong,', () => {
  it('fails at once when its node is killed, while those on other nodes go on; afterwards all is as before', async () => {
    redis.on('error', () => undefined);
    const lost = refusal(redis.blpop(keyOn('c'), 0));
    const kept = redis.blpop(keyOn('a'), 0);
    await untilBlocked('c', 1);
    await untilBlocked('a', 1);
    const ownMs = stopwatch();
    await nodes.server('c').kill9();
    const error = await lost;
    expect(ownMs()).toBeLessThan(2_000);
    expect(error).toBeInstanceOf(NodeError);
    expect(error).toMatchObject({ reason: 'lost', node: 'c' });
    await redis.rpush(keyOn('a'), 'x');
    expect(await kept).toEqual([keyOn('a'), 'x']);
    await nodes.server('c').restart();
    await expect.poll(() => redis.rpush(keyOn('c'), 'y').catch(() => 0)).toBe(1);
    expect(await redis.blpop(keyOn('c'), 5)).toEqual([keyOn('c'), 'y']);
  });

  it('fails, typed, within its patience where nothing listens, without a storm of connections', async () => {
    const client = nodes.open({ commandTimeout: 400 });
    await expect.poll(() => client.status).toBe('ready');
    await nodes.server('c').kill9();
    const ownMs = stopwatch();
    const error = await refusal(client.blpop(keyOn('c'), 0));
    expect(error).toMatchObject({ code: 'ERR_NODE', node: 'c' });
    expect(ownMs()).toBeLessThan(3_000);
    await nodes.server('c').restart();
  });

  it('has a deadline of its own where the server hangs: a typed error, or null as ioredis has it if asked for', async () => {
    // Redis looks ten times a second whose time is over.
    const strict = nodes.open({ blockingTimeoutGrace: 1_500, commandTimeout: 300 });
    const lenient = nodes.open({ blockingTimeoutGrace: 1_500, blockingTimeout: 500, commandTimeout: 300 });
    for (const client of [strict, lenient]) expect(await client.blpop(keyOn('b'), 0.01)).toBeNull();
    await nodes.server('b').pause();
    try {
      const [error, ...empty] = await Promise.all([
        refusal(strict.blpop(keyOn('b'), 0.1)),
        lenient.blpop(keyOn('b'), 0.1),
        lenient.blpop(keyOn('b', 1), 0),
      ]);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ node: 'b', sent: true });
      expect(empty).toEqual([null, null]);
    } finally {
      nodes.server('b').resume();
    }
    expect(await strict.blpop(keyOn('b'), 0.01)).toBeNull();
  });

  it('takes nothing any more once the client is disconnected', async () => {
    const waiting = refusal(redis.blpop(keyOn('a'), 0));
    await untilBlocked('a', 1);
    redis.disconnect();
    expect((await waiting).message).toBe('Connection is closed.');
    await untilBlocked('a', 0);
    const plain = nodes.plain('a');
    await plain.rpush(keyOn('a'), 'x');
    expect(await plain.llen(keyOn('a'))).toBe(1);
  });

  it('is found out to wait in vain when the server has lost its connection and nobody said so', async () => {
    const { port } = nodes.server('a');
    const proxy = await FaultProxy.start({ port });
    onTestFinished(() => proxy.close());
    const { cache } = resolveRedisOptions({ nodes: [`redis://127.0.0.1:${proxy.port}`] });
    const parts = assembleParts(cache);
    onTestFinished(async () => void (await parts.lifecycle.close(0)));
    await parts.lifecycle.ready();
    const terms = { connectMs: 3_000, patienceMs: 3_000, graceMs: 100, longestMs: undefined };
    const calls = new BlockingCalls(new Fleet(parts, undefined, dataTerms({})), {
      ...terms,
      lookEveryMs: 30,
      clock: systemClock,
    });
    onTestFinished(() => calls.close(new Error('over')));
    const before = new Set(proxy.connections);
    const command = new Command('blpop', ['vain', '0'], { replyEncoding: 'utf8' });
    calls.ask(command);
    await untilBlocked('a', 1);
    // It is looked after, and left alone while the server knows it.
    await sleep(100);
    const own = proxy.connections.find((connection) => !before.has(connection));
    own?.apply({ kind: 'hold' }, 'toClient');
    const plain = nodes.plain('a');
    const [, id = ''] = /id=(\d+) [^\n]*cmd=blpop/.exec(String(await plain.client('LIST'))) ?? [];
    await plain.client('KILL', 'ID', Number(id));
    expect(await refusal(Promise.resolve(command.promise))).toMatchObject({ code: 'ERR_NODE', reason: 'lost' });
  });
});
