/** increment and decrement: bare digits 0 … 2^53 − 1, the same on every kind of node (STALENESS R11). */

import { beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../src/index.js';
import { invoke, refusalOf } from './every-call.js';
import { ALL_FLEETS, Fleet, MIXED } from './fleet.js';
import { SAMPLES } from './samples.js';

const MOST = Number.MAX_SAFE_INTEGER;

describe.each(ALL_FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  describe.each(SAMPLES)('with codec $codec', ({ codec, value, counter }) => {
    let cache: Cache;

    beforeAll(async () => {
      cache = await fleet.open({ codec });
    });

    it('a missing counter begins as if counted from 0, or at `initial`', async () => {
      expect(await cache.increment('by one')).toBe(1);
      expect(await cache.increment('by seven', 7)).toBe(7);
      expect(await cache.increment('initial', 7, { initial: 100 })).toBe(100);
      expect(await cache.increment('initial', 7, { initial: 100 })).toBe(107);
      expect(await cache.increment('from zero', 5, { initial: 0 })).toBe(0);
      expect(await cache.decrement('down')).toBe(0);
      expect(await cache.decrement('down initial', 3, { initial: 10 })).toBe(10);
      expect(await cache.decrement('down initial', 3, { initial: 10 })).toBe(7);
    });

    it('get recognises it', async () => {
      await cache.increment('seen', 41);
      await cache.increment('seen');
      expect(await cache.get('seen')).toEqual(counter(42));
      expect(await cache.has('seen')).toBe(true);
      expect((await cache.getMany(['seen'])).get('seen')).toEqual(counter(42));
      expect(await cache.getEntry('seen')).toMatchObject({ value: counter(42) });
    });

    it('stops at 0', async () => {
      await cache.increment('stops', 5);
      expect(await cache.decrement('stops', 3)).toBe(2);
      expect(await cache.decrement('stops', 3)).toBe(0);
      expect(await cache.decrement('stops')).toBe(0);
      expect(await cache.increment('stops', -4)).toBe(0);
      expect(await cache.increment('stops', 4)).toBe(4);
      expect(await cache.increment('stops', -1)).toBe(3);
      expect(await cache.decrement('stops', -2)).toBe(5);
      expect(await cache.increment('stops', 0)).toBe(5);
    });

    it('loses a digit without leaving anything behind: 100 less 1 is 99, to everybody', async () => {
      for (const [from, by] of [
        [100, 1],
        [1_000, 1],
        [1_000, 999],
        [10, 10],
        [MOST, MOST - 7],
      ] as const) {
        const key = `shrinks ${from} ${by}`;
        await cache.increment(key, 1, { initial: from });
        expect(await cache.decrement(key, by)).toBe(from - by);
        expect(await cache.get(key)).toEqual(counter(from - by));
        expect(await cache.increment(key, 1)).toBe(from - by + 1);
      }
    });

    it('counts to 2^53 − 1 and no further', async () => {
      expect(await cache.increment('most', MOST - 1)).toBe(MOST - 1);
      expect(await cache.increment('most')).toBe(MOST);
      await expect(cache.increment('most')).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'rejected' });
      await expect(cache.increment('most', MOST)).rejects.toMatchObject({ code: 'ERR_NODE' });
      expect(await cache.get('most')).toEqual(counter(MOST));
      expect(await cache.decrement('most', MOST)).toBe(0);
      expect(await cache.increment('most', MOST)).toBe(MOST);
    });

    it('an entry that is no counter stays what it is', async () => {
      await cache.set('no counter', value(1));
      await expect(cache.increment('no counter')).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'wrong-type' });
      await expect(cache.decrement('no counter')).rejects.toMatchObject({ code: 'ERR_NODE', reason: 'wrong-type' });
      expect(await cache.get('no counter')).toEqual(value(1));
    });

    it('a value of digits is a counter, and a counter can be replaced by a value', async () => {
      await cache.set('digits', counter(5));
      expect(await cache.increment('digits', 2)).toBe(7);
      await cache.set('digits', value(1));
      expect(await cache.get('digits')).toEqual(value(1));
      await cache.delete('digits');
      expect(await cache.increment('digits', 2)).toBe(2);
    });

    it('of many counts at once none is lost, and each is told a number of its own', async () => {
      const numbers = await Promise.all(Array.from({ length: 200 }, () => cache.increment('many')));
      expect(new Set(numbers)).toEqual(new Set(Array.from({ length: 200 }, (_, i) => i + 1)));
      expect(await cache.get('many')).toEqual(counter(200));
    });

    it('a time to live counts from the beginning and is not renewed', async () => {
      await cache.increment('short', 1, { ttlMs: 20_000 });
      await cache.increment('short', 1, { ttlMs: 90_000 });
      const left = await cache.ttl('short');
      if (left !== undefined) expect(left).toSatisfy((ms) => typeof ms === 'number' && ms > 15_000 && ms <= 20_000);
      await cache.increment('for ever', 1, { ttlMs: 'none' });
      if (left !== undefined) expect(await cache.ttl('for ever')).toBe('none');
      expect(await cache.get('short')).toEqual(counter(2));
    });

    it('is ordered with the other writes of its key', async () => {
      const outcomes = await Promise.all([
        cache.delete('in order'),
        cache.increment('in order', 1, { initial: 10 }),
        cache.increment('in order'),
        cache.decrement('in order', 5),
        cache.set('in order', counter(99)),
        cache.increment('in order'),
      ]);
      expect(outcomes).toEqual([true, 10, 11, 6, true, 100]);
      expect(await cache.get('in order')).toEqual(counter(100));
    });
  });

  it('what is no step and no beginning is refused before anything is sent', async () => {
    const cache = await fleet.open({ health: false });
    for (const by of [Number.NaN, Infinity, 0.5, 2 ** 53, '1', null, {}, 1n]) {
      for (const method of ['increment', 'decrement'] as const) {
        const error = await refusalOf(invoke(cache, method, ['k', by]));
        expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', path: 'by' });
      }
    }
    for (const initial of [Number.NaN, Infinity, 0.5, 2 ** 53, -1, '1', null, {}]) {
      const error = await refusalOf(invoke(cache, 'increment', ['k', 1, { initial }]));
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', path: 'initial' });
    }
    expect(await cache.get('k')).toBeUndefined();
  });
});

describe('counters with two copies', () => {
  it('have one owner: the other copy is removed and never counts, whoever is asked', async () => {
    const fleet = await Fleet.start(MIXED);
    const cache = await fleet.open({ health: false });
    for (let i = 0; i < 20; i++) {
      const key = `n${i}`;
      await cache.set(key, 5);
      expect(await cache.increment(key)).toBe(6);
      for (let round = 0; round < 4; round++) {
        const read = await cache.get(key, { read: { prefer: 'any', onMiss: 'next' } });
        expect(read).toBe(6);
      }
      expect(await cache.decrement(key, 2)).toBe(4);
      expect(await cache.get(key, { read: { prefer: 'any' } })).toBe(4);
    }
    // One copy of each counter: read repair must not have made a second that counts apart.
    expect(await fleet.entries()).toBe(20);
    await fleet.stop();
  });
});
