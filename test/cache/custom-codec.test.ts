/** A codec of one's own, enveloped and raw, over every kind of node. */

import { describe, expect, it, vi } from 'vitest';
import { type Codec, type CodecContext, createCache } from '../../src/index.js';
import { ALL_FLEETS, Fleet } from './fleet.js';

/** Dates as text. */
const dates: Codec<unknown> = {
  encode(value) {
    if (!(value instanceof Date)) throw new TypeError('not a date');
    return value.toISOString();
  },
  decode(bytes) {
    const date = new Date(bytes.toString());
    if (Number.isNaN(date.getTime())) throw new RangeError('not a date');
    return date;
  },
};

describe.each(ALL_FLEETS)('over $name', (kind) => {
  const fleet = Fleet.ofTests(kind);

  it.each([false, true])('a codec (raw: %s) makes bytes of values and values of bytes', async (raw) => {
    const seen: CodecContext[] = [];
    const codec: Codec<unknown> = {
      raw,
      encode: (value, context) => {
        seen.push(context);
        return dates.encode(value, context);
      },
      decode: (bytes, context) => {
        seen.push(context);
        return dates.decode(bytes, context);
      },
    };
    const cache = await fleet.open<Date>({ codec, namespace: `codec-${raw}` });
    const date = new Date(1_700_000_000_123);
    expect(await cache.set('k', date, { ttlMs: 60_000 })).toBe(true);
    expect(await cache.get('k')).toEqual(date);
    expect((await cache.getMany(['k'])).get('k')).toEqual(date);
    expect((await cache.getEntry('k'))?.value).toEqual(date);
    expect(await cache.get('none')).toBeUndefined();
    expect(new Set(seen.map(({ key }) => key))).toEqual(new Set([`codec-${raw}:k`]));
    const bytes = await fleet.open<Buffer>({ codec: 'bytes', namespace: `codec-${raw}` });
    const stored = await bytes.get('k');
    expect(stored?.toString().endsWith('2023-11-14T22:13:20.123Z')).toBe(true);
    expect(stored?.length === 24).toBe(raw);
  });

  it('what it throws while encoding is a typed error before any I/O, and while decoding a counted miss', async () => {
    const cache = await fleet.open({ codec: dates, health: false });
    for (const value of [5, 'text', undefined, null]) {
      await expect(cache.set('k', value)).rejects.toMatchObject({ code: 'ERR_INVALID_VALUE' });
    }
    expect(await cache.get('k')).toBeUndefined();
    const broken = await fleet.open({
      codec: { encode: () => 'no date', decode: dates.decode },
      namespace: 'broken',
    });
    await broken.set('k', 'anything');
    expect(await broken.get('k')).toBeUndefined();
    expect(await broken.getEntry('k')).toBeUndefined();
    expect(broken.stats().calls.corrupt).toBeGreaterThanOrEqual(2);
    expect(await broken.getOrSet('k', () => 'loaded')).toBe('loaded');
  });
});

describe('a codec that is none', () => {
  it.each([undefined, null, 5, {}, '\ud800', Promise.resolve('x')])(
    'encode that answers %s is refused',
    async (answer) => {
      const encode = vi.fn(() => answer as string);
      const cache = createCache({ codec: { encode, decode: String } });
      await expect(cache.set('k', 'v')).rejects.toMatchObject({ code: 'ERR_INVALID_VALUE' });
      expect(encode).toHaveBeenCalledTimes(1);
      await cache.destroy();
    },
  );
});

it('what the near cache holds and the codec cannot decode any more is a miss', async () => {
  let isBroken = false;
  const codec: Codec<unknown> = {
    encode: String,
    decode(bytes) {
      if (isBroken) throw new Error('the key for it is gone');
      return bytes.toString();
    },
  };
  const cache = createCache({ nodes: ['memory://a'], codec, near: { ttlMs: 60_000 } });
  await cache.set('k', 'v');
  expect(await cache.get('k')).toBe('v');
  isBroken = true;
  expect(await cache.get('k')).toBeUndefined();
  expect((await cache.getMany(['k'])).size).toBe(0);
  expect(await cache.has('k')).toBe(false);
  expect(await cache.getOrSet('k', () => 'w')).toBe('w');
  await cache.destroy();
});
