/** What is asked of all nodes, and answered as if there were one. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Redis } from '../../../src/ioredis.js';
import { refusal, ThreeNodes } from './three-nodes.js';

const KEYS = Array.from({ length: 300 }, (_, i) => `user:${i}`).sort();

describe('all nodes', () => {
  let nodes: ThreeNodes;
  let redis: Redis;

  beforeAll(async () => {
    nodes = await ThreeNodes.start();
    redis = nodes.open();
    await Promise.all(KEYS.map((key) => redis.set(key, key)));
  });

  afterAll(() => nodes.stop());

  it('count and list their keys together', async () => {
    expect(await redis.dbsize()).toBe(300);
    expect((await redis.keys('user:*')).sort()).toEqual(KEYS);
    expect((await redis.keysBuffer('user:1?')).map(String).sort()).toEqual(KEYS.filter((key) => /^user:1.$/.test(key)));
  });

  it('are walked one after another by SCAN, whose cursor is a number that holds all it needs', async () => {
    const found: string[] = [];
    let [cursor, page] = await redis.scan('0', 'COUNT', 20);
    let steps = 1;
    for (;;) {
      found.push(...page);
      expect(cursor).toMatch(/^\d+$/);
      if (cursor === '0') break;
      // Another client goes on where this one stopped.
      [cursor, page] = await (steps % 2 === 0 ? redis : nodes.open()).scan(cursor, 'COUNT', 20);
      steps++;
    }
    expect([...new Set(found)].sort()).toEqual(KEYS);
    expect(steps).toBeGreaterThan(6);
  });

  it('are streamed by scanStream, by pattern and type', async () => {
    const found: string[] = [];
    for await (const page of redis.scanStream({ match: 'user:2*', type: 'string', count: 50 })) found.push(...page);
    expect(found.sort()).toEqual(KEYS.filter((key) => key.startsWith('user:2')));
  });

  it('have a key by chance as long as any has one', async () => {
    expect(KEYS).toContain(await redis.randomkey());
  });

  it('answer a cursor that is none as a node does', async () => {
    expect((await refusal(redis.scan('x'))).message).toBe('ERR invalid cursor');
  });

  it('must all answer: one that is gone is named', async () => {
    await nodes.server('c').kill9();
    await expect.poll(async () => await refusal(redis.dbsize())).toMatchObject({ node: 'c' });
    expect(await refusal(redis.keys('*'))).toMatchObject({ node: 'c' });
    await nodes.server('c').restart();
    await expect.poll(() => redis.ping().catch(() => 'out')).toBe('PONG');
  });

  it('are emptied together', async () => {
    expect(await redis.flushdb()).toBe('OK');
    expect(await redis.dbsize()).toBe(0);
    expect(await redis.randomkey()).toBeNull();
  });
});
