/** getMany, setMany and deleteMany, the same on every kind of node and with every codec. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/index.js';
import { invoke, refusalOf } from './every-call.js';
import { ALL_FLEETS, Fleet } from './fleet.js';
import { SAMPLES } from './samples.js';

describe.each(ALL_FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  describe.each(SAMPLES)('with codec $codec', ({ codec, value }) => {
    let cache: Cache;

    beforeAll(async () => {
      cache = await fleet.open({ codec });
    });

    it('setMany takes pairs, a Map or an object, and getMany answers a Map of what there is', async () => {
      expect(await cache.setMany([['p1', value(1)] as const, ['p2', value(2)] as const])).toEqual({
        stored: 2,
        failures: new Map(),
      });
      expect((await cache.setMany(new Map([['m', value(3)]]))).stored).toBe(1);
      expect((await cache.setMany({ o: value(4) })).stored).toBe(1);
      const found = await cache.getMany(['p1', 'p2', 'm', 'o', 'none']);
      expect(found).toBeInstanceOf(Map);
      expect([...found].sort()).toEqual([
        ['m', value(3)],
        ['o', value(4)],
        ['p1', value(1)],
        ['p2', value(2)],
      ]);
      expect(found.failures).toEqual(new Map());
    });

    it('keys come from anything that can be iterated, and are taken at once', async () => {
      await cache.setMany({ s1: value(1), s2: value(2) });
      const keys = new Set(['s1', 's2']);
      const asked = cache.getMany(keys);
      keys.clear();
      expect((await asked).size).toBe(2);
      const generated = (function* () {
        yield 's1';
      })();
      expect((await cache.getMany(generated)).get('s1')).toEqual(value(1));
      expect((await cache.deleteMany(new Map([['s1', 0]]).keys())).deleted).toBe(1);
    });

    it('deleteMany removes them and counts those confirmed, present or not', async () => {
      await cache.setMany({ d1: value(1), d2: value(2), kept: value(3) });
      expect(await cache.deleteMany(['d1', 'd2', 'none'])).toEqual({ deleted: 3, failures: new Map() });
      expect([...(await cache.getMany(['d1', 'd2', 'kept'])).keys()]).toEqual(['kept']);
    });

    it('a time to live holds for all of them', async () => {
      await cache.setMany({ t1: value(1), t2: value(2) }, { ttlMs: 40_000 });
      for (const key of ['t1', 't2']) {
        const left = await cache.ttl(key);
        if (left !== undefined) expect(left).toSatisfy((ms) => typeof ms === 'number' && ms > 30_000 && ms <= 42_000);
        expect(await cache.has(key)).toBe(true);
      }
    });
  });

  it('what is no list of keys or entries is refused', async () => {
    const cache = await fleet.open();
    const none = ['abc', 5, null, undefined, {}, true];
    for (const keys of none) {
      for (const method of ['getMany', 'deleteMany'] as const)
        expect(await refusalOf(invoke(cache, method, [keys]))).toMatchObject({
          code: 'ERR_INVALID_OPTION',
          path: 'keys',
        });
    }
    for (const entries of ['abc', 5, null, undefined, ['abc'], [['a']], [['a', 1, 2]], [null], new Set([1])]) {
      expect(await refusalOf(invoke(cache, 'setMany', [entries]))).toMatchObject({
        code: 'ERR_INVALID_OPTION',
        path: 'entries',
      });
    }
  });

  it('a list that throws while it is read rejects, and nothing is written', async () => {
    const cache = await fleet.open();
    const failing = (function* (): Generator<[string, string]> {
      yield ['first', 'v'];
      throw new Error('no more');
    })();
    await expect(cache.setMany(failing)).rejects.toThrow('no more');
    expect(await cache.get('first')).toBeUndefined();
  });
});
