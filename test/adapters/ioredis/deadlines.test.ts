/**
 * With the defaults: what takes long because there is much of it, or because a script does, is answered; a node that is
 * silent or gone fails what it was asked.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CacheError, type Redis } from '../../../src/ioredis.js';
import { stopwatch } from '../../support/stopwatch.js';
import { keysByNode, type NodeName, ThreeNodes } from './three-nodes.js';

const DEFAULTS = { commandTimeout: undefined, connectTimeout: undefined };
/** Keeps its server, and so everybody, waiting for the milliseconds of its argument. */
const BUSY = `local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
local till = now() + ARGV[1]
while now() < till do end
return 'done'`;

let nodes: ThreeNodes;
let redis: Redis;
let keys: Record<NodeName, string[]>;

beforeAll(async () => {
  nodes = await ThreeNodes.start();
  redis = nodes.open(DEFAULTS);
  keys = await keysByNode(nodes, redis, 'k');
});

afterAll(() => nodes.stop());

describe('a burst of a hundred thousand commands of one turn', () => {
  const COUNT = 100_000;

  it('is carried out, each in its order, and answered', async () => {
    const [key = ''] = keys.a;
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < COUNT; i++) answers.push(i % 4 === 0 ? redis.set(key, i) : redis.incr('count'));
    const last = redis.get(key);
    const all = await Promise.all(answers);
    const counted = all.filter((_, i) => i % 4 !== 0);
    expect(all[0]).toBe('OK');
    expect(counted).toEqual(Array.from({ length: (COUNT * 3) / 4 }, (_, i) => i + 1));
    expect(await last).toBe(String(COUNT - 4));
  });

  it('may be a pipeline, and of commands that keep their place towards everything', async () => {
    const pipeline = redis.pipeline();
    for (let i = 0; i < COUNT / 4; i++) pipeline.rpush('list', i).copy('{list}', `{list}:${i % 2}`);
    const results = (await pipeline.exec()) ?? [];
    expect(results.filter(([error]) => error !== null)).toEqual([]);
    expect(results.filter((_, i) => i % 2 === 0).map(([, length]) => length)).toEqual(
      Array.from({ length: COUNT / 4 }, (_, i) => i + 1),
    );
  });

  it('may be of calls on cacheable keys', async () => {
    // Between two answers a busy machine may take its time.
    const cached = nodes.open({ ...DEFAULTS, cacheable: 'cached:*', timeouts: { attemptMs: 2_000 } });
    await cached.ping();
    const names = Array.from({ length: COUNT / 2 }, (_, i) => `cached:${i}`);
    const stored = await Promise.all(names.map((name) => cached.set(name, name)));
    expect(stored.filter((answer) => answer !== 'OK')).toEqual([]);
  });
});

describe('a node that does not answer', () => {
  it('for longer than a cache would wait, because of a script, delays what it is asked, and no more', async () => {
    const [key = '', other = ''] = keys.b;
    await redis.set(other, 'v');
    const began = performance.now();
    const answers = await Promise.all([
      redis.eval(BUSY, 1, key, 1_500),
      redis.get(other),
      redis.multi().incr(key).exec(),
      redis.dbsize(),
    ]);
    expect(answers.slice(0, 3)).toEqual(['done', 'v', [[null, 1]]]);
    expect(performance.now() - began).toBeGreaterThan(1_400);
  });

  it('at all fails everything in the time that a connection may be silent, and from then on at once', async () => {
    const [key = '', other = ''] = keys.c;
    await nodes.server('c').pause();
    try {
      const [ownMs, began] = [stopwatch(), performance.now()];
      const calls = [redis.get(key), redis.set(key, 'v'), redis.mget(key, other), redis.keys('*'), redis.ping()];
      const first = await Promise.allSettled([...calls, redis.pipeline().incr(key).exec(), redis.blpop(other, 1)]);
      expect(performance.now() - began).toBeGreaterThan(2_000);
      expect(ownMs()).toBeLessThan(10_000);
      const pipelined = first.splice(5, 1)[0];
      expect(pipelined).toMatchObject({ value: [[{ node: 'c', reason: 'stalled' }]] });
      for (const outcome of first) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { node: 'c' } });
        expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(CacheError);
      }
      const laterMs = stopwatch();
      const later = await Promise.allSettled([redis.get(key), redis.rpush(other, 'v'), redis.mget(key)]);
      for (const outcome of later) expect(outcome).toMatchObject({ reason: { code: 'ERR_NODE', node: 'c' } });
      expect(laterMs()).toBeLessThan(1_000);
    } finally {
      nodes.server('c').resume();
    }
  });
});
