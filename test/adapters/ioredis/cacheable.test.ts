/** Keys that are declared cacheable: the answers of ioredis, the life of a cache. */

import fc from 'fast-check';
import type { Redis as IoRedis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeError } from '../../../src/ioredis.js';
import { type NodeName, refusal, ThreeNodes } from './three-nodes.js';

/** Quick to see that nobody listens, slow to say that somebody is slow: the machine may have other things to do. */
const PROBES = { intervalMs: 25, timeoutMs: 1_000, unhealthyAfter: 2, healthyAfter: 1, ejectionMs: 50 };
const PATIENT = { timeout: 30_000 };
const NAMES = ['a', 'b', 'c'] as const;

let nodes: ThreeNodes;

beforeEach(async () => {
  nodes = await ThreeNodes.start();
});
afterEach(() => nodes.stop());

/** The first of these keys whose only owner is `name`. */
async function keyOn(name: NodeName, prefix: string): Promise<string> {
  const probe = nodes.open();
  for (let i = 0; ; i++) {
    const key = `${prefix}${i}`;
    await probe.set(key, '');
    const lies = (await nodes.keys())[name].includes(key);
    await probe.del(key);
    if (lies) return key;
  }
}

const key = fc.constantFrom('c:1', 'c:2', 'c:{t}3', 'd:1');
const value = fc.constantFrom('', 'v', 'é', '7');
const word = (...words: string[]) => fc.constant(words);

/** Commands of which a cache answers as a server does. */
const command: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('get', 'del', 'unlink', 'exists', 'ttl', 'touch', 'persist'), key) },
  fc.tuple(fc.constantFrom('set', 'setnx'), key, value),
  fc
    .tuple(key, value, fc.oneof(word(), word('NX'), word('XX'), word('EX', '100'), word('px', '90000', 'nx')))
    .map(([k, v, options]) => ['set', k, v, ...options]),
  fc.tuple(key, value).map(([k, v]) => ['setex', k, '50', v]),
  fc.tuple(key, value).map(([k, v]) => ['psetex', k, '70000', v]),
  fc.tuple(key, fc.constantFrom('100', '0', '-5')).map(([k, seconds]) => ['expire', k, seconds]),
  fc.tuple(key, key, key).map((keys) => ['mget', ...keys]),
  fc.tuple(key, key).map((keys) => ['exists', ...keys]),
  fc.uniqueArray(key, { minLength: 2 }).map((keys) => ['del', ...keys]),
  fc.tuple(key, value, key, value).map((words) => ['mset', ...words]),
);

describe('a cacheable key', () => {
  it.each([1, 2])('is answered as by a server of one piece, with %i copies', async (replication) => {
    const redis = nodes.open({ cacheable: 'c:*', replication });
    const single = nodes.plain('a');
    await single.select(1);
    const call = (client: IoRedis, [name = '', ...words]: string[]) =>
      client.call(name, ...words).catch((error: Error) => error.message);
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 15 }), async (commands) => {
        await Promise.all([nodes.flush(), redis.flushall()]);
        const [ours, theirs] = await Promise.all(
          [redis, single].map(async (client) => {
            const answers: unknown[] = [];
            for (const words of commands) answers.push(await call(client, words));
            return answers;
          }),
        );
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 60 },
    );
  });

  it('has its value as other clients know it, on as many nodes as it has copies; others are on one', async () => {
    const redis = nodes.open({ cacheable: (name) => name.startsWith('c:'), replication: 2 });
    await redis.set('c:x', Buffer.from([0, 255]), 'EX', 50);
    await redis.set('d:x', '1');
    const held = await nodes.keys();
    expect(NAMES.filter((name) => held[name].includes('c:x'))).toHaveLength(2);
    expect(NAMES.filter((name) => held[name].includes('d:x'))).toHaveLength(1);
    for (const name of NAMES.filter((one) => held[one].includes('c:x'))) {
      expect(await nodes.plain(name).getBuffer('c:x')).toEqual(Buffer.from([0, 255]));
      expect(await nodes.plain(name).ttl('c:x')).toBeGreaterThan(45);
    }
    expect(await redis.keys('*')).toHaveLength(2);
  });

  it('is served by another node while its own is out; what is data there is not', async () => {
    const redis = nodes.open({ cacheable: ['c:*'], health: PROBES });
    const [cached, data] = [await keyOn('b', 'c:'), await keyOn('b', 'd:')];
    await redis.mset(cached, 'old', data, 'kept');
    await nodes.server('b').kill9();
    await expect.poll(() => redis.set(cached, 'new').catch(() => 'refused'), PATIENT).toBe('OK');
    expect(await redis.get(cached)).toBe('new');
    expect(await refusal(redis.get(data))).toMatchObject({ node: 'b' });
    expect(await refusal(redis.set(data, 'new'))).toMatchObject({ node: 'b' });
  });

  it('that could not be overwritten is deleted afterwards, and never read again; what is data stays', async () => {
    const redis = nodes.open({ cacheable: 'c:*', health: PROBES, commandTimeout: 1_000 });
    await expect.poll(() => redis.ping().catch(() => 'not yet'), PATIENT).toBe('PONG');
    const [cached, data] = [await keyOn('b', 'c:'), await keyOn('b', 'd:')];
    await redis.mset(cached, 'old', data, 'old');
    await nodes.server('b').pause();
    expect(await refusal(redis.set(cached, 'new'))).toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(await refusal(redis.set(data, 'new'))).toMatchObject({ node: 'b' });
    // As long as the connection is kept, a late answer may still confirm the write, and nothing is owed.
    await expect.poll(async () => (await refusal(redis.get(data))) instanceof NodeError, PATIENT).toBe(true);
    nodes.server('b').resume();
    const seen = new Set<string | null>();
    await expect
      .poll(async () => {
        seen.add(await redis.get(cached));
        return nodes.plain('b').exists(cached);
      }, PATIENT)
      .toBe(0);
    expect([...seen]).not.toContain('old');
    expect(await nodes.plain('b').exists(data)).toBe(1);
  });

  it('takes no command that a cache cannot carry out, alone or in a transaction, and says so', async () => {
    const redis = nodes.open({ cacheable: 'c:*', replication: 2 });
    for (const call of [
      () => redis.lpush('c:1', '1'),
      () => redis.incr('c:1'),
      () => redis.eval('return 1', 1, 'c:1'),
      () => redis.rename('c:1', 'c:2'),
      () => redis.call('JSON.SET', 'c:1', '$', '1'),
      () => redis.sunion('d:1', 'c:1'),
      () => redis.multi().set('d:1', '1').set('c:1', '1').exec(),
    ])
      expect(await refusal(call())).toMatchObject({ code: 'ERR_INVALID_KEY', key: expect.stringContaining('c:') });
    expect(await refusal(redis.set('c:1', '1', 'GET'))).toMatchObject({ code: 'ERR_INVALID_VALUE' });
    expect(await refusal(redis.expire('c:1', 5, 'NX'))).toMatchObject({ code: 'ERR_INVALID_VALUE' });
    expect(await nodes.keys()).toEqual({ a: [], b: [], c: [] });
  });

  it('is not stored by a command that lacks its value, or has words too many', async () => {
    const redis = nodes.open({ cacheable: true });
    for (const words of [
      ['set'],
      ['setex', '5'],
      ['psetex', '5'],
      ['setnx'],
      ['setnx', 'v', 'w'],
      ['ttl', 'w'],
    ] as const) {
      const [name, ...rest] = words;
      expect(await refusal(redis.call(name, 'c:x', ...rest))).toMatchObject({ code: 'ERR_INVALID_VALUE' });
    }
    expect(await redis.get('c:x')).toBeNull();
  });

  it('of one copy takes what its node alone decides', async () => {
    const redis = nodes.open({ cacheable: true });
    expect(await redis.incrby('n', 5)).toBe(5);
    expect(await redis.append('n', 'x')).toBe(2);
    expect(await redis.getset('n', '7')).toBe('5x');
    expect((await refusal(redis.set('s', 'x').then(() => redis.incr('s')))).message).toBe(
      'ERR value is not an integer or out of range',
    );
    expect(await redis.getdel('n')).toBe('7');
    expect(await redis.get('n')).toBeNull();
  });

  it('that is too long to travel as it is in a cache is data, under its own name', async () => {
    const redis = nodes.open({ cacheable: true, replication: 2 });
    const long = 'k'.repeat(200);
    await redis.set(long, '1');
    expect(Object.values(await nodes.keys()).flat()).toEqual([long]);
    expect(await redis.get(long)).toBe('1');
  });

  it('is none where the function that picks them throws: its user is told, the command is done', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve));
    const redis = nodes.open({
      cacheable: () => {
        throw new Error('mine');
      },
    });
    expect(await redis.set('x', '1')).toBe('OK');
    expect(await redis.rpush('y', '1')).toBe(1);
    expect(await warned).toMatchObject({
      code: 'RINGFENCE_CACHEABLE_FAILED',
      message: expect.stringContaining('mine'),
    });
  });

  it('is forgotten in this process, too, when the nodes are emptied', async () => {
    const redis = nodes.open({ cacheable: true, near: { ttlMs: 60_000 }, fallback: {} });
    await redis.set('x', '1');
    expect(await redis.get('x')).toBe('1');
    await redis.flushall();
    expect(await redis.get('x')).toBeNull();
  });
});
