import { describe, expect, it } from 'vitest';
import { lifeOf, secondsOf } from '../../../src/adapters/memjs/expiry.js';

const NOW_MS = 1_700_000_000_500;

describe('an expiry', () => {
  it('is seconds from now up to 30 days, a date above, and 0 for ever', () => {
    expect(lifeOf(0, NOW_MS)).toBe('none');
    expect(lifeOf(1, NOW_MS)).toEqual({ ttlMs: 1000 });
    expect(lifeOf(2_592_000, NOW_MS)).toEqual({ ttlMs: 2_592_000_000 });
    expect(lifeOf(1_700_000_010, NOW_MS)).toEqual({ ttlMs: 9_500 });
    expect(lifeOf(2_592_001, NOW_MS)).toBe('past');
    expect(lifeOf(1_700_000_000, NOW_MS)).toBe('past');
  });

  it('is the default where it is 0, NaN or missing, and never less than a second otherwise', () => {
    for (const nothing of [undefined, null, 0, Number.NaN, '']) expect(secondsOf(nothing, 7)).toBe(7);
    expect(secondsOf(0.2, 0)).toBe(1);
    expect(secondsOf(2.9, 0)).toBe(2);
    expect(secondsOf('60', 0)).toBe(60);
    expect(secondsOf(undefined, 0)).toBe(0);
  });

  it.each([-1, 2 ** 32, Number.POSITIVE_INFINITY, 'soon', {}])('is refused as %s', (expires) => {
    expect(() => secondsOf(expires, 0)).toThrow('expires');
  });
});
