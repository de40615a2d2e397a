/** rate-limiter-flexible, with every limiter that takes a Redis client, on the façade over three nodes. */

import {
  BurstyRateLimiter,
  RateLimiterMemory,
  RateLimiterQueue,
  RateLimiterRedis,
  RateLimiterRedisNonAtomic,
  RateLimiterRes,
  RateLimiterUnion,
  RLWrapperBlackAndWhite,
  RLWrapperTimeouts,
} from 'rate-limiter-flexible';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Nodes } from './nodes.js';

const USERS = Array.from({ length: 30 }, (_, i) => `user-${i}`);

let nodes: Nodes;
let storeClient: ReturnType<Nodes['open']>;

beforeAll(async () => {
  nodes = await Nodes.start();
  storeClient = nodes.open();
});

afterAll(() => nodes.stop());

/** Points that a first try has consumed must not count in a second. */
beforeEach(async () => {
  await storeClient.flushall();
});

/** What `consume` was refused with. */
async function refusal(consumed: Promise<unknown>): Promise<unknown> {
  return consumed.then(
    () => {
      throw new Error('this should have been too much');
    },
    (reason: unknown) => reason,
  );
}

const ATOMIC = { name: 'RateLimiterRedis', make: RateLimiterRedis };
const NON_ATOMIC = { name: 'RateLimiterRedisNonAtomic', make: RateLimiterRedisNonAtomic };

describe.each([ATOMIC, NON_ATOMIC])('$name', ({ name, make: Limiter }) => {
  const limiter = (options: object) =>
    new Limiter({
      storeClient,
      keyPrefix: `${name}-${Object.values(options).join()}`,
      points: 3,
      duration: 60,
      ...options,
    });

  it('counts the points of every user, and refuses the one too many', async () => {
    const each = limiter({});
    for (const user of USERS) {
      const first = await each.consume(user, 2);
      expect(first).toMatchObject({ consumedPoints: 2, remainingPoints: 1, isFirstInDuration: true });
      expect(first.msBeforeNext).toBeGreaterThan(58_000);
      expect(await each.consume(user)).toMatchObject({
        consumedPoints: 3,
        remainingPoints: 0,
        isFirstInDuration: false,
      });
      const refused = await refusal(each.consume(user));
      expect(refused).toBeInstanceOf(RateLimiterRes);
      expect(refused).toMatchObject({ consumedPoints: 4, remainingPoints: 0 });
    }
  });

  it('gets, sets, rewards, penalises, blocks and deletes', async () => {
    const each = limiter({ points: 5 });
    expect(await each.get('nobody')).toBeNull();
    await each.set('bob', 4, 30);
    expect(await each.get('bob')).toMatchObject({ consumedPoints: 4, remainingPoints: 1 });
    expect(await each.penalty('bob', 2)).toMatchObject({ consumedPoints: 6 });
    expect(await each.reward('bob', 3)).toMatchObject({ consumedPoints: 3 });
    await each.block('bob', 100);
    expect(await refusal(each.consume('bob'))).toMatchObject({ remainingPoints: 0 });
    expect(await each.delete('bob')).toBe(true);
    expect(await each.delete('bob')).toBe(false);
    expect(await each.consume('bob')).toMatchObject({ consumedPoints: 1 });
  });

  it('never expires with a duration of 0, and blocks for as long as it is told once the limit is passed', async () => {
    const forever = limiter({ duration: 0, points: 2 });
    await forever.consume('ann', 2);
    expect(await refusal(forever.consume('ann'))).toMatchObject({ msBeforeNext: -1 });
    const blocking = limiter({ points: 1, blockDuration: 600 });
    await blocking.consume('ann');
    const blocked = await refusal(blocking.consume('ann'));
    expect(blocked).toBeInstanceOf(RateLimiterRes);
    expect(blocked instanceof RateLimiterRes && blocked.msBeforeNext).toBeGreaterThan(590_000);
  });

  it('tells whether Redis is ready by the status of the client', async () => {
    await storeClient.ping();
    const careful = limiter({ rejectIfRedisNotReady: true });
    expect(await careful.consume('status')).toMatchObject({ consumedPoints: 1 });
  });
});

describe('the limiters around RateLimiterRedis', () => {
  const limiter = (keyPrefix: string, points: number, duration = 60) =>
    new RateLimiterRedis({ storeClient, keyPrefix, points, duration });

  it('count every concurrent call of all users exactly once', async () => {
    const each = limiter('concurrent', 40);
    const calls = USERS.flatMap((user) => Array.from({ length: 50 }, () => each.consume(user)));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(USERS.length * 40);
    for (const user of USERS) expect(await each.get(user)).toMatchObject({ consumedPoints: 50 });
    expect(Math.min(...(await nodes.sizes()))).toBeGreaterThan(0);
  });

  it('BurstyRateLimiter takes from the burst what the limit does not give', async () => {
    const bursty = new BurstyRateLimiter(limiter('steady', 2), limiter('burst', 3));
    for (let i = 0; i < 5; i++) await bursty.consume('bob');
    expect(await refusal(bursty.consume('bob'))).toMatchObject({ remainingPoints: 0 });
  });

  it('RateLimiterUnion consumes from all its limiters', async () => {
    const union = new RateLimiterUnion(limiter('union-minute', 5), limiter('union-hour', 3, 3_600));
    for (let i = 0; i < 3; i++) await union.consume('bob');
    expect(await refusal(union.consume('bob'))).toMatchObject({ 'union-hour': { remainingPoints: 0 } });
  });

  it('RLWrapperBlackAndWhite lets some pass and none of others', async () => {
    const listed = new RLWrapperBlackAndWhite({
      limiter: limiter('listed', 1),
      whiteList: ['friend'],
      blackList: ['foe'],
    });
    for (let i = 0; i < 3; i++) await listed.consume('friend');
    await refusal(listed.consume('foe'));
    await listed.consume('anyone');
    await refusal(listed.consume('anyone'));
  });

  it('RLWrapperTimeouts passes on what comes in time', async () => {
    const timed = new RLWrapperTimeouts({ limiter: limiter('timed', 1), timeoutMs: 5_000 });
    expect(await timed.consume('bob')).toMatchObject({ consumedPoints: 1 });
  });

  it('RateLimiterQueue lets waiting calls through when points are back', async () => {
    const queue = new RateLimiterQueue(limiter('queue', 2, 1), { maxQueueSize: 10 });
    const began = performance.now();
    await Promise.all(Array.from({ length: 4 }, () => queue.removeTokens(1, 'bob')));
    expect(performance.now() - began).toBeGreaterThan(500);
  });

  it('an insurance limiter serves while the node of the key is out', async () => {
    const own = await Nodes.start();
    try {
      const insurance = new RateLimiterMemory({ points: 1, duration: 60 });
      const client = own.open();
      client.on('error', () => undefined);
      const insured = new RateLimiterRedis({
        storeClient: client,
        rejectIfRedisNotReady: true,
        points: 1_000,
        duration: 60,
        insuranceLimiter: insurance,
      });
      await expect.poll(() => client.status).toBe('ready');
      expect(await insured.consume('bob')).toMatchObject({ consumedPoints: 1 });
      expect(await insurance.get('bob')).toBeNull();
      await Promise.all(own.servers.map((server) => server.kill9()));
      await expect.poll(() => client.status).not.toBe('ready');
      expect(await insured.consume('bob')).toMatchObject({ remainingPoints: 0 });
      expect(await refusal(insured.consume('bob'))).toMatchObject({ consumedPoints: 2 });
    } finally {
      await own.stop();
    }
  });
});
