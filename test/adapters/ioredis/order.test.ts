/** Un-awaited calls on one key take effect, and are answered, in the order in which they were made. */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Redis } from '../../../src/ioredis.js';
import { ThreeNodes } from './three-nodes.js';

/** Two on whichever nodes they fall, two that share one. */
const KEYS = ['k:1', 'k:2', '{t}:1', '{t}:2'] as const;
const LARGE = 'x'.repeat(70_000);

type Step =
  | {
      readonly act: 'get' | 'getBuffer' | 'append' | 'incr' | 'del' | 'strlen' | 'pipeline' | 'script';
      readonly key: string;
    }
  | { readonly act: 'set' | 'setBuffer'; readonly key: string; readonly value: string }
  | { readonly act: 'mget' | 'multi' | 'mset' | 'sneak' };

const key = fc.constantFrom(...KEYS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('get' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constantFrom('set' as const, 'setBuffer' as const),
      key,
      value: fc.constantFrom('1', '22', LARGE),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom('getBuffer' as const, 'append', 'incr', 'del', 'strlen', 'pipeline', 'script'),
      key,
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('mget' as const, 'multi', 'mset', 'sneak') }) },
);

/** What each call must be answered by: the same steps, done one at a time in this process. */
class Model {
  readonly #values = new Map<string, string>();

  answer(step: Step): unknown {
    const values = this.#values;
    switch (step.act) {
      case 'get':
        return values.get(step.key) ?? null;
      case 'getBuffer':
        return values.has(step.key) ? Buffer.from(values.get(step.key) ?? '') : null;
      case 'set':
      case 'setBuffer':
        values.set(step.key, step.value);
        return 'OK';
      case 'append':
        return this.#store(step.key, `${values.get(step.key) ?? ''}7`).length;
      case 'incr': {
        const text = values.get(step.key) ?? '0';
        if (text.length > 15) return 'refused';
        return Number(this.#store(step.key, String(Number(text) + 1)));
      }
      case 'del':
        return values.delete(step.key) ? 1 : 0;
      case 'strlen':
        return (values.get(step.key) ?? '').length;
      case 'script':
        return this.#store(step.key, '5');
      case 'pipeline':
        return [
          [null, values.get(step.key) ?? null],
          [null, this.#store(step.key, '3').length > 0 && 'OK'],
          [null, '3'],
        ];
      case 'mget':
        return KEYS.map((one) => values.get(one) ?? null);
      case 'mset':
        for (const one of KEYS) values.set(one, '9');
        return 'OK';
      case 'sneak':
        this.#store('{t}:2', '6');
        return 'OK';
      case 'multi': {
        const before = values.get('{t}:1') ?? null;
        this.#store('{t}:2', '4');
        return [
          [null, before],
          [null, 'OK'],
          [null, '4'],
        ];
      }
    }
  }

  #store(key: string, value: string): string {
    this.#values.set(key, value);
    return value;
  }
}

type Scripted = Redis & { put(key: string, value: string): Promise<string> };

function issue(redis: Scripted, step: Step): Promise<unknown> {
  switch (step.act) {
    case 'set':
      return redis.set(step.key, step.value);
    case 'setBuffer':
      return redis.set(step.key, Buffer.from(step.value));
    case 'incr':
      return redis.incr(step.key).catch(() => 'refused');
    case 'append':
      return redis.append(step.key, '7');
    case 'script':
      return redis.put(step.key, '5');
    case 'pipeline':
      return redis.pipeline().get(step.key).set(step.key, '3').get(step.key).exec();
    case 'mget':
      return redis.mget(...KEYS);
    case 'mset':
      return redis.mset(Object.fromEntries(KEYS.map((one) => [one, '9'])));
    // A script that names one key, and writes another beside it.
    case 'sneak':
      return redis.eval("return redis.call('set', '{t}:2', '6')", 1, '{t}:1');
    case 'multi':
      return redis.multi().get('{t}:1').set('{t}:2', '4').get('{t}:2').exec();
    default:
      return redis[step.act](step.key);
  }
}

describe('un-awaited calls', () => {
  let nodes: ThreeNodes;
  let redis: Scripted;

  beforeAll(async () => {
    nodes = await ThreeNodes.start();
    const opened = nodes.open({ bulkhead: { maxInFlight: 16 } });
    opened.defineCommand('put', { numberOfKeys: 1, lua: "redis.call('set', KEYS[1], ARGV[1]) return ARGV[1]" });
    redis = opened as Scripted;
  });

  afterAll(() => nodes.stop());

  it('keep their order towards each key they share, through short cuts, splits, pipelines, transactions and scripts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 40 }), async (steps) => {
        await redis.del(...KEYS);
        const model = new Model();
        const expected = steps.map((one) => model.answer(one));
        expect(await Promise.all(steps.map((one) => issue(redis, one)))).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('keep it when the autopipelining of ioredis is asked for, which would hold back all but GET and SET', async () => {
    const gathering = nodes.open({ enableAutoPipelining: true });
    await gathering.set('n', '1');
    const answers = [gathering.incr('n'), gathering.get('n'), gathering.set('n', '9'), gathering.incr('n')];
    expect(await Promise.all([...answers, gathering.get('n')])).toEqual([2, '2', 'OK', 10, '10']);
  });

  it('keep it where a turn brings more than a connection carries at once', async () => {
    await redis.del('n');
    const counts = await Promise.all(Array.from({ length: 3_000 }, () => redis.incr('n')));
    expect(counts).toEqual(counts.map((_, i) => i + 1));
    const many = nodes.open().pipeline();
    for (let i = 0; i < 30_000; i++) many.incr('m');
    expect(await many.exec()).toEqual(Array.from({ length: 30_000 }, (_, i) => [null, i + 1]));
  });
});
