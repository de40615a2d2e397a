import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';
import { RefillFilter } from '../../src/near/refill-filter.js';

const HASH = secondHash('k');

describe('RefillFilter', () => {
  it('lets a key be remembered once a second', () => {
    const filter = new RefillFilter();
    expect([0, 1, 999.9, 1_000, 1_500, 2_000].map((now) => filter.isDue(HASH, now))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  it('lets a key be remembered more often where what is remembered does not keep for seconds', () => {
    const filter = new RefillFilter(300);
    expect([0, 100, 299, 300, 500, 600].map((now) => filter.isDue(HASH, now))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  it('lets a key be remembered at once after it was written', () => {
    const filter = new RefillFilter();
    filter.isDue(HASH, 5_000);
    filter.forget(HASH);
    expect(filter.isDue(HASH, 5_000)).toBe(true);
  });

  it('does not take one key for another in the same bucket', () => {
    const filter = new RefillFilter();
    expect(filter.isDue(0x0001_1234, 5_000)).toBe(true);
    expect(filter.isDue(0x0002_1234, 5_000)).toBe(true);
    expect(filter.isDue(0x0003_1234, 5_000)).toBe(true);
    expect(filter.isDue(0x0001_1234, 5_000)).toBe(true);
  });

  it('remembers two keys of a bucket at once', () => {
    const filter = new RefillFilter();
    filter.isDue(0x0001_1234, 5_000);
    filter.isDue(0x0002_1234, 5_000);
    expect(filter.isDue(0x0001_1234, 5_000)).toBe(false);
    expect(filter.isDue(0x0002_1234, 5_000)).toBe(false);
  });

  it('finds every key due that it has not seen this second, whatever its hash and the time', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), fc.double({ min: 0, max: 1e9, noNaN: true }), (hash, now) => {
        const filter = new RefillFilter();
        expect(filter.isDue(hash, now)).toBe(true);
        expect(filter.isDue(hash, now)).toBe(false);
        expect(filter.isDue(hash, now + 1_000)).toBe(true);
      }),
    );
  });
});
