/** What a failure looks like to libraries that were written for ioredis, and when it is told. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NodeError } from '../../../src/errors.js';
import { Redis, type RedisOptions } from '../../../src/ioredis.js';
import { freePort } from '../../../src/testing/servers/free-port.js';
import { keysByNode, refusal, ThreeNodes } from './three-nodes.js';

let nodes: ThreeNodes;
let closedPort: number;

beforeAll(async () => {
  [nodes, closedPort] = await Promise.all([ThreeNodes.start(), freePort()]);
});

afterAll(() => nodes.stop());

const open: Redis[] = [];

afterEach(() => {
  for (const redis of open.splice(0)) redis.disconnect();
});

/** Over a node that is not there, and is not waited for. */
function nowhere(options: RedisOptions = {}): Redis {
  const redis = new Redis([`redis://127.0.0.1:${closedPort}`], { offlineQueueMs: 0, ...options });
  redis.on('error', () => undefined);
  open.push(redis);
  return redis;
}

const WAYS: Readonly<Record<string, (redis: Redis) => Promise<unknown>>> = {
  get: (redis) => redis.get('k'),
  set: (redis) => redis.set('k', 'v'),
  'a command': (redis) => redis.rpush('k', 'v'),
  'a split command': (redis) => redis.mget('k', 'l'),
  'a transaction': (redis) => redis.multi().get('k').exec(),
  'a script': (redis) => redis.eval('return 1', 1, 'k'),
};

describe('a command whose node is away', () => {
  it('fails in the words of ioredis that libraries look for, and says which node, why, and what happened', async () => {
    const redis = nowhere();
    for (const ask of Object.values(WAYS)) {
      const error = await refusal(ask(redis));
      expect(error).toBeInstanceOf(NodeError);
      expect(error).toMatchObject({
        message: 'Connection is closed.',
        code: 'ERR_NODE',
        reason: 'refused',
        node: `127.0.0.1:${closedPort}`,
        cause: { message: expect.stringContaining(`nothing listens at 127.0.0.1:${closedPort}`) },
      });
    }
  });

  it('keeps the words that say what to mend where trying again helps nothing', async () => {
    const redis = nodes.open({ password: 'wrong', username: 'nobody' });
    const error = await refusal(redis.get('k'));
    expect(error).toMatchObject({ code: 'ERR_NODE', reason: 'auth', message: expect.stringContaining('WRONGPASS') });
  });
});

it('what one server would have to do is refused, by name and with what to do instead', async () => {
  const redis = nodes.open();
  expect(await refusal(redis.select(1))).toMatchObject({
    code: 'ERR_CROSS_NODE',
    message: expect.stringMatching(/^select .*give db when the client is made/),
  });
  expect((await refusal(redis.auth('secret'))).message).toMatch(/^auth .*give username and password/);
  expect((await refusal(redis.client('KILL', 'ID', 1))).message).toMatch(/^client kill .*ask a client of that server/);
});

it('with friendly stacks an error leads to the call, also of GET and SET', async () => {
  const redis = nodes.open({ showFriendlyErrorStack: true });
  await redis.rpush('list', 'v');
  for (const ask of [() => redis.get('list'), () => redis.set('list', 'v', 'EX', -1), () => redis.incr('list')])
    expect((await refusal(ask())).stack).toContain('failures.test.ts');
});

describe('a loop that asks again as soon as it is refused', () => {
  /** Whether anything else got its turn while `ask` was refused, again and again. */
  async function letsOthersIn(ask: () => Promise<unknown>): Promise<boolean> {
    await refusal(ask());
    let othersRan = false;
    setTimeout(() => {
      othersRan = true;
    });
    // As many as take longer than the shortest timer, if each takes a round of the event loop.
    for (let i = 0; i < 2_000 && !othersRan; i++) await refusal(ask());
    return othersRan;
  }

  it('lets others in where the node is away', async () => {
    const redis = nowhere();
    await refusal(redis.get('k'));
    for (const [way, ask] of Object.entries(WAYS))
      expect([way, await letsOthersIn(() => ask(redis))]).toEqual([way, true]);
  });

  it('lets others in where the keys lie on several nodes', async () => {
    const redis = nodes.open();
    const { a, b } = await keysByNode(nodes, redis, 'spin');
    const [one = '', other = ''] = [a[0], b[0]];
    expect(await letsOthersIn(() => redis.rename(one, other))).toBe(true);
    expect(await letsOthersIn(() => redis.multi().get(one).get(other).exec())).toBe(true);
    expect(await letsOthersIn(() => redis.blpop(one, other, 0))).toBe(true);
  });
});
