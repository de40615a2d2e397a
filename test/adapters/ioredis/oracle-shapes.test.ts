/**
 * Arguments of every shape that programs pass, meant or not: null, undefined, lists in lists, objects, maps, dates, bytes,
 * too few and too many. What ioredis makes of them over one server is right; what is refused for its keys is on no side.
 */

import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, comparable, failure, invoke } from './oracle-call.js';
import { Sides } from './oracle-sides.js';

const RUNS = 1_500;

const COMMANDS =
  'get set setex psetex mget mset msetnx del unlink exists touch type append getrange setrange getset getdel getex setbit ' +
  'bitfield incr incrby incrbyfloat hset hget hmset hmget hgetall hdel hincrby lpush rpush lrange lpop linsert lpos lmove ' +
  'sadd srem smembers sismember sintercard zadd zrange zrangebyscore zincrby zrangestore zunion zmpop xadd xrange xlen ' +
  'geoadd pfadd eval object sort copy rename expire persist';

const shape = fc.oneof(
  fc.constantFrom<unknown>(
    '{t}a',
    '{t}b',
    '',
    'EX',
    'NX',
    'GET',
    'LIMIT',
    'COUNT',
    'WITHSCORES',
    '*',
    '0-1',
    '-inf',
    '(1',
  ),
  fc.constantFrom<unknown>(null, undefined, true, Number.NaN, 1.5, 10n, new Date(0), Buffer.from([0, 255])),
  fc.constantFrom<unknown>([], ['{t}a'], [['x', 'y']], { a: 1 }, {}, new Map([['k', 1]])),
  fc.integer({ min: -3, max: 5 }),
);
const call = fc.record({
  command: fc.constantFrom(...COMMANDS.split(' ')),
  args: fc.array(shape, { maxLength: 4 }),
  isBuffer: fc.boolean(),
});

let sides: Sides;

beforeAll(async () => {
  sides = await Sides.open();
});

afterAll(() => sides.close());

async function ended(
  client: Client,
  { command, args, isBuffer }: typeof call extends fc.Arbitrary<infer C> ? C : never,
) {
  const method = isBuffer ? `${command}Buffer` : command;
  return Promise.resolve()
    .then(() => invoke(client, method, args))
    .then((value): unknown => comparable({ value }, { isRandom: false, isUnordered: true }), failure);
}

it('arguments of any shape do what they do with ioredis', async () => {
  let compared = 0;
  for (const drawn of fc.sample(call, { numRuns: RUNS, seed: 6 })) {
    // One after the other: what is refused here changes nothing there.
    const subject = await ended(sides.subject, drawn);
    const isRefused = typeof subject === 'object' && subject !== null && Reflect.get(subject, 'error') === 'CacheError';
    if (isRefused) {
      expect(Reflect.get(subject, 'message')).toMatch(/several|lie on any/);
      continue;
    }
    compared++;
    expect({ ...drawn, ended: subject }).toEqual({ ...drawn, ended: await ended(sides.oracle, drawn) });
  }
  expect(compared).toBeGreaterThan(RUNS * 0.8);
});
