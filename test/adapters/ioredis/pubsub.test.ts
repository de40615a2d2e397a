/** Subscriptions over three nodes; ioredis over one server tells what is right. */

import { Redis as IoRedis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Subscriber } from '../../../src/adapters/ioredis/subscriber.js';
import { type CacheError, NodeError, type Redis } from '../../../src/ioredis.js';
import { parseNodes } from '../../../src/options/node-options.js';
import { FaultProxy } from '../../../src/testing/fault-proxy/fault-proxy.js';
import { stopwatch } from '../../support/stopwatch.js';
import { keysByNode, type NodeName, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;
let redis: Redis;
let publisher: Redis;
/** Of each node. */
let channels: Record<NodeName, string[]>;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
  channels = await keysByNode(nodes, nodes.open(), 'news:');
});

afterAll(() => nodes.stop());

beforeEach(() => {
  redis = nodes.open();
  publisher = nodes.open();
});

afterEach(async () => {
  nodes.close();
  await Promise.all(nodes.servers.filter(({ isRunning }) => !isRunning).map((server) => server.restart()));
});

const channelOn = (name: NodeName, i = 0): string => channels[name][i] ?? '';
const CHANNELS = () => (['a', 'b', 'c'] as const).flatMap((name) => channels[name].slice(0, 3));

const EVENTS = ['message', 'messageBuffer', 'pmessage', 'pmessageBuffer', 'smessage', 'smessageBuffer'];

/** Everything it hears, by channel: between channels of several nodes there is no order. */
function listen(client: IoRedis): Map<string, unknown[]> {
  const heard = new Map<string, unknown[]>();
  for (const event of EVENTS)
    client.on(event, (...news: (string | Buffer)[]) => {
      const channel = String(news.at(-2));
      const plain = news.map((each) => (Buffer.isBuffer(each) ? `bytes ${each.toString('latin1')}` : each));
      heard.set(channel, [...(heard.get(channel) ?? []), [event, ...plain]]);
    });
  return heard;
}

/** A published word has come when the next has: nothing else tells that none came. */
async function hear(client: IoRedis, by: IoRedis, channel: string): Promise<void> {
  const heard = new Promise((resolve) => {
    client.once('message', (...news) => resolve(news));
  });
  await by.publish(channel, 'end');
  expect(await heard).toEqual([channel, 'end']);
}

describe('subscriptions', () => {
  it('answer and tell the same as those of ioredis on one server', async () => {
    const scenario = async (client: IoRedis, by: IoRedis): Promise<unknown> => {
      const heard = listen(client);
      const [a, b, c] = [channelOn('a'), channelOn('b'), channelOn('c')];
      const answers: unknown[] = [
        await client.subscribe(a, b),
        await Promise.all([client.subscribe(c), client.psubscribe('news:*', 'nothing'), client.subscribe(a)]),
        await client.ssubscribe(a),
        await by.publish(a, 'one'),
        await by.publish(c, Buffer.from([0, 255])),
        await by.spublish(a, 'sharded'),
        await by.publish('elsewhere', 'nobody'),
        await client.get('a command'),
        await client.unsubscribe(a),
        await by.publish(a, 'by pattern alone'),
        await client.punsubscribe('nothing', 'never'),
        await client.unsubscribe('never'),
      ];
      await hear(client, by, b);
      await hear(client, by, c);
      // Without names ioredis answers only once there is no subscription at all.
      answers.push(await client.punsubscribe('news:*'), await client.unsubscribe(), await by.publish(b, 'nobody'));
      // From here on ioredis would tell of no message, whatever is subscribed to.
      answers.push(await client.sunsubscribe(a), await by.spublish(a, 'nobody'));
      const empty = await refusal(client.subscribe());
      return { answers, heard, empty: empty.message };
    };
    const plain = nodes.plain();
    const theirs = await scenario(plain, nodes.plain());
    expect(await scenario(redis, publisher)).toEqual(theirs);
  });

  it('hear every message of every channel once, in its order, on whichever node', async () => {
    const heard = listen(redis);
    await redis.subscribe(...CHANNELS());
    expect(await redis.psubscribe('news:*')).toBe(CHANNELS().length + 1);
    const words = Array.from({ length: 100 }, (_, i) => `${i}`);
    const published = CHANNELS().map(async (channel) => {
      for (const word of words) expect(await publisher.publish(channel, word)).toBe(2);
    });
    await Promise.all(published);
    for (const channel of CHANNELS()) {
      await expect.poll(() => heard.get(channel)).toHaveLength(words.length * 4);
      const of = (event: string) => heard.get(channel)?.filter((news) => Array.isArray(news) && news[0] === event);
      expect(of('message')).toEqual(words.map((word) => ['message', channel, word]));
      expect(of('pmessage')).toEqual(words.map((word) => ['pmessage', 'news:*', channel, word]));
    }
  });

  it('go on when the last sharded channel is given up, and the other way round', async () => {
    const heard = listen(redis);
    const channel = channelOn('a');
    await redis.subscribe(channel);
    await redis.ssubscribe(channel);
    await redis.sunsubscribe();
    await hear(redis, publisher, channel);
    await redis.ssubscribe(channel);
    await redis.unsubscribe();
    await publisher.spublish(channel, 'sharded');
    await expect.poll(() => heard.get(channel)).toContainEqual(['smessage', channel, 'sharded']);
  });

  it('are counted over all nodes by PUBSUB', async () => {
    await redis.subscribe(channelOn('a'), channelOn('b'));
    await publisher.subscribe(channelOn('a'));
    await redis.psubscribe('x*', 'y*');
    expect((await publisher.pubsub('CHANNELS', 'news:*')) as string[]).toEqual(
      expect.arrayContaining([channelOn('a'), channelOn('b')]),
    );
    const numbers = [channelOn('a'), 2, channelOn('b'), 1, 'none', 0];
    expect(await publisher.pubsub('NUMSUB', channelOn('a'), channelOn('b'), 'none')).toEqual(numbers);
    expect(await publisher.pubsub('NUMPAT')).toBe(2);
  });

  it('tell of what Redis itself publishes about keys, on every node', async () => {
    await Promise.all(
      nodes.servers.map(({ port, host }) => askOnce(port, host, ['CONFIG', 'SET', 'notify-keyspace-events', 'KEA'])),
    );
    const keys = (['a', 'b', 'c'] as const).map((name) => channelOn(name));
    const heard: string[] = [];
    redis.on('message', (_, key) => heard.push(key));
    await redis.subscribe('__keyevent@0__:del');
    await publisher.mset(Object.fromEntries(keys.map((key) => [key, 1])));
    await publisher.del(...keys);
    await expect.poll(() => heard.toSorted()).toEqual(keys.toSorted());
  });

  it('need no connection when there are none', async () => {
    await redis.ping();
    const clients = async () => Number(/connected_clients:(\d+)/.exec(await nodes.plain('a').info('clients'))?.[1]);
    const before = await clients();
    await redis.subscribe(channelOn('a'));
    await redis.unsubscribe();
    await expect.poll(async () => (await clients()) - before).toBeLessThanOrEqual(1);
  });
});

async function askOnce(port: number, host: string, words: readonly [string, ...string[]]): Promise<void> {
  const client = new IoRedis(port, host);
  await client.call(...words);
  client.disconnect();
}

describe('subscriptions, when things go wrong,', () => {
  it('are there again when a killed node is back, and an error tells that something was missed', async () => {
    const errors: CacheError[] = [];
    redis.on('error', (error) => errors.push(error as CacheError));
    const heard = listen(redis);
    await redis.subscribe(channelOn('a'), channelOn('b'));
    await redis.psubscribe('news:*');
    await nodes.server('b').kill9();
    await hear(redis, publisher, channelOn('a'));
    await expect.poll(() => errors.filter(({ message }) => /missed/.test(message))).toHaveLength(1);
    expect(errors.every((error) => error instanceof NodeError && error.node === 'b')).toBe(true);
    await nodes.server('b').restart();
    const again = async () => (await publisher.publish(channelOn('b'), 'again').catch(() => 0)) === 2;
    await expect.poll(again).toBe(true);
    await expect.poll(() => heard.get(channelOn('b'))).toContainEqual(['message', channelOn('b'), 'again']);
    await expect.poll(() => heard.get(channelOn('b'))).toContainEqual(['pmessage', 'news:*', channelOn('b'), 'again']);
  });

  it('harm nobody who does not listen for errors', async () => {
    await redis.subscribe(channelOn('c'));
    await nodes.server('c').kill9();
    await nodes.server('c').restart();
    const again = async () => (await publisher.publish(channelOn('c'), 'x').catch(() => 0)) === 1;
    await expect.poll(again).toBe(true);
  });

  it('are refused, typed, within the time of a command while their node is out, and are not there afterwards', async () => {
    const hasty = nodes.open({ commandTimeout: 1_000 });
    await expect.poll(() => hasty.status).toBe('ready');
    await nodes.server('b').kill9();
    const ownMs = stopwatch();
    const error = await refusal(hasty.subscribe(channelOn('a'), channelOn('b')));
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', node: 'b' });
    expect(await refusal(hasty.psubscribe('*'))).toMatchObject({ code: 'ERR_TIMEOUT', node: 'b' });
    expect(ownMs()).toBeLessThan(5_000);
    await nodes.server('b').restart();
    await expect.poll(() => publisher.publish(channelOn('a'), 'x')).toBe(0);
    expect(await hasty.subscribe(channelOn('c'))).toBe(1);
  });

  it('end with the client: what is not confirmed yet fails, and nothing more is heard', async () => {
    const heard = listen(redis);
    await redis.subscribe(channelOn('a'));
    const pending = refusal(redis.subscribe(channelOn('b')));
    redis.disconnect();
    expect((await pending).message).toBe('Connection is closed.');
    await expect.poll(() => publisher.publish(channelOn('a'), 'x')).toBe(0);
    expect(heard.size).toBe(0);
    await redis.connect();
    // The first is there again, as with ioredis: see resubscribe.test.ts.
    expect(await redis.subscribe(channelOn('b'))).toBe(2);
    await hear(redis, publisher, channelOn('b'));
  });

  it('notice a connection that broke without a sign, and are there again on another', async () => {
    const proxy = await FaultProxy.start({ port: nodes.server('a').port });
    onTestFinished(() => proxy.close());
    const [spec] = parseNodes([`redis://127.0.0.1:${proxy.port}`]);
    if (spec === undefined) throw new Error('a node');
    let opened = 0;
    const terms = {
      connectMs: 2_000,
      patienceMs: 2_000,
      connectionName: 'sub',
      aliveEveryMs: 30,
      resubscribes: true,
      unref: false,
    };
    const lost: string[] = [];
    const subscriber = new Subscriber(spec, terms, {
      opened: () => opened++,
      lost: ({ message }) => lost.push(message),
    });
    onTestFinished(() => subscriber.close());
    await subscriber.subscribe('subscribe', ['x']);
    proxy.connections.at(-1)?.apply({ kind: 'hold' });
    await expect.poll(() => opened).toBe(2);
    expect(lost).toHaveLength(1);
    await expect
      .poll(async () => /name=sub [^\n]* sub=1/.test(String(await nodes.plain('a').client('LIST'))))
      .toBe(true);
  });
});
