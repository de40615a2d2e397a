/** Commands that go by their keys: to the owner, dealt out to several, or refused where no node owns them all. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CacheError, Command, type Redis, ReplyError } from '../../../src/ioredis.js';
import { keysByNode, type NodeName, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;
let redis: Redis;
let keys: Record<NodeName, string[]>;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
  redis = nodes.open();
  keys = await keysByNode(nodes, redis, 'k');
});
afterEach(() => nodes.flush());
afterAll(() => nodes.stop());

/** One key of each node. */
const spread = (): [string, string, string] => [keys.a[0] ?? '', keys.b[0] ?? '', keys.c[0] ?? ''];

describe('a key', () => {
  it('lies on one node for every command, as text and as bytes', async () => {
    const [key] = spread();
    await redis.set(key, '1');
    await redis.append(Buffer.from(key), '2');
    expect(await redis.pipeline().get(key).strlen(key).exec()).toEqual([
      [null, '12'],
      [null, 2],
    ]);
    expect(await nodes.keys()).toEqual({ a: [key], b: [], c: [] });
  });

  it('is placed by its hash tag, however long', async () => {
    const together = ['{user:7}', '{user:7}:name', `x{user:7}${'y'.repeat(500)}`];
    await Promise.all(together.map((key) => redis.set(key, '1')));
    expect(await redis.mget(together)).toEqual(['1', '1', '1']);
    expect(
      Object.values(await nodes.keys())
        .map(({ length }) => length)
        .sort(),
    ).toEqual([0, 0, 3]);
  });

  it('has keyPrefix before it, for the short cuts and for all other commands', async () => {
    const prefixed = nodes.open({ keyPrefix: 'p:' });
    await prefixed.set('x', '1');
    expect(await prefixed.get('x')).toBe('1');
    expect(await prefixed.incr('x')).toBe(2);
    expect(await prefixed.multi().incr('x').get('x').exec()).toEqual([
      [null, 3],
      [null, '3'],
    ]);
    prefixed.defineCommand('see', { numberOfKeys: 1, lua: "return {KEYS[1], redis.call('get', KEYS[1])}" });
    expect(await (prefixed as Redis & { see(key: string): Promise<unknown> }).see('x')).toEqual(['p:x', '3']);
    expect(Object.values(await nodes.keys()).flat()).toEqual(['p:x']);
  });

  it('may be any bytes: empty, binary, with lone surrogates', async () => {
    const odd = ['', Buffer.from([0, 255, 128, 10, 13]), '\ud800', '*', 'a b\r\n'];
    for (const key of odd) {
      await redis.set(key, Buffer.from([0, 200, 13, 10]));
      expect(await redis.getBuffer(key)).toEqual(Buffer.from([0, 200, 13, 10]));
      expect(await redis.exists(key)).toBe(1);
    }
    expect(await redis.dbsize()).toBe(odd.length);
  });

  it('that a command in no table has, is taken to be its first argument', async () => {
    const [key] = spread();
    expect(await refusal(redis.call('NO.SUCH', key, 'x'))).toMatchObject({
      message: `ERR unknown command 'NO.SUCH', with args beginning with: '${key}' 'x' `,
    });
  });
});

describe('the short cuts', () => {
  it('tell of an entry that is no string, to every caller that asked in the turn', async () => {
    const [key] = spread();
    await redis.rpush(key, '1');
    const errors = await Promise.all([refusal(redis.get(key)), refusal(redis.get(key)), refusal(redis.getBuffer(key))]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(ReplyError);
      expect(error).toMatchObject({
        message: 'WRONGTYPE Operation against a key holding the wrong kind of value',
        command: { name: 'get', args: [key] },
      });
    }
  });

  it('take every form of SET, and every value', async () => {
    const [key] = spread();
    expect(await redis.set(key, 5)).toBe('OK');
    expect(await redis.set(key, 'é', 'PX', 60_000, 'GET')).toBe('5');
    expect(await redis.set(key, 'x', 'NX')).toBeNull();
    expect(await redis.set(key, Buffer.from('ü'), 'KEEPTTL')).toBe('OK');
    expect(await redis.get(key)).toBe('ü');
    expect(await redis.pttl(key)).toBeGreaterThan(0);
    expect(await refusal(redis.call('set', key, 'x', 'EX', '0'))).toMatchObject({
      message: "ERR invalid expire time in 'set' command",
      command: { name: 'set', args: [key, 'x', 'EX', '0'] },
    });
  });

  it('give way to transformers of arguments and replies', async () => {
    const transformers: Record<'argument' | 'reply', Record<string, unknown>> = Reflect.get(Command, '_transformer');
    const [key] = spread();
    Command.setArgumentTransformer('set', ([first, value]) => [first, `<${String(value)}>`]);
    Command.setReplyTransformer('get', (value) => `got ${String(value)}`);
    try {
      await redis.set(key, 'v');
      expect([await redis.get(key), await redis.pipeline().get(key).exec()]).toEqual(['got <v>', [[null, 'got <v>']]]);
    } finally {
      delete transformers.argument.set;
      delete transformers.reply.get;
    }
    expect(await redis.get(key)).toBe('<v>');
  });

  it('call back, as all commands do', async () => {
    const [key] = spread();
    await new Promise((resolve) => redis.set(key, '1', resolve));
    const seen = await new Promise((resolve) => redis.get(key, (error, value) => resolve([error, value])));
    expect(seen).toEqual([null, '1']);
  });
});

describe('several keys', () => {
  it('are dealt out to their nodes and answered in their order', async () => {
    const all = [...keys.a.slice(0, 3), ...keys.c.slice(0, 3), ...keys.b.slice(0, 3), keys.a[0] ?? ''];
    expect(await redis.mset(new Map(all.map((key) => [key, `v${key}`])))).toBe('OK');
    expect(await redis.mget(...all, 'none')).toEqual([...all.map((key) => `v${key}`), null]);
    expect(await redis.mgetBuffer(all)).toEqual(all.map((key) => Buffer.from(`v${key}`)));
    expect(await redis.exists(...all)).toBe(10);
    expect(await redis.touch(...all, 'none')).toBe(10);
    expect(await redis.del(...all.slice(0, 4))).toBe(4);
    expect(await redis.unlink(...all)).toBe(5);
  });

  it('in one command that is done as a whole are refused, by an error that says where they lie and what to do', async () => {
    const [a, b] = spread();
    const calls = [
      () => redis.msetnx(a, '1', b, '1'),
      () => redis.rename(a, b),
      () => redis.sinterstore(a, b),
      () => redis.eval('return 1', 2, a, b),
      () => redis.sort(a, 'STORE', b),
      () => redis.xread('STREAMS', a, b, '0', '0'),
    ];
    for (const call of calls) {
      const error = await refusal(call());
      expect(error).toBeInstanceOf(CacheError);
      expect(error).toMatchObject({ code: 'ERR_CROSS_NODE' });
      expect(error.message).toContain(`"${a}" on a, "${b}" on b`);
      expect(error.message).toContain('{user:1}:name');
    }
    expect(await nodes.keys()).toEqual({ a: [], b: [], c: [] });
  });

  it('of a SORT by pattern are refused, unless the pattern has the tag of its key', async () => {
    await redis.rpush('{l}', '2', '1');
    await redis.mset('{l}:1', 'one', '{l}:2', 'two');
    expect(await redis.sort('{l}', 'GET', '{l}:*')).toEqual(['one', 'two']);
    expect(await refusal(redis.sort('{l}', 'BY', 'weight:*'))).toMatchObject({ code: 'ERR_CROSS_NODE' });
    expect(await redis.sort('{l}', 'BY', 'nosort')).toEqual(['2', '1']);
  });

  it('have no cure in tags where the placement is that of a client that knows none', async () => {
    const foreign = nodes.open({ placement: 'npm-hashring' });
    const all = Array.from({ length: 20 }, (_, i) => `{t}:${i}`);
    await foreign.mset(Object.fromEntries(all.map((key) => [key, key])));
    expect(await foreign.mget(all)).toEqual(all);
    expect((await refusal(foreign.sunion(...all))).message).toContain('npm-hashring places by the whole key');
  });
});

describe('what speaks of one server or one connection', () => {
  it.each<[string, string[]]>([
    ['select', ['1']],
    ['auth', ['x']],
    ['hello', ['3']],
    ['client', ['REPLY', 'OFF']],
    ['client', ['KILL', 'x']],
    ['cluster', ['INFO']],
    ['wait', ['1', '10']],
    ['shutdown', []],
    ['debug', ['SLEEP', '1']],
    ['replicaof', ['NO', 'ONE']],
    ['sync', []],
  ])('%s %s is refused', async (name, words) => {
    expect(await refusal(redis.call(name, ...words))).toMatchObject({ code: 'ERR_CROSS_NODE' });
  });
});
