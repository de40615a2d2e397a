import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTtl, maxTtlMs, ServerTime } from '../../../src/driver/memcached/server-time.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS_30 = 30 * DAY_MS;
const LAST_SECOND = 2 ** 31 - 1;

describe('expiry', () => {
  it('G14: is rounded up to whole seconds, never down to "never"', () => {
    const time = new ServerTime(new FakeClock());
    expect([0, 0.001, 1, 500, 999, 1000, 1001, 60_000].map((ttlMs) => time.expiry(ttlMs))).toEqual([
      0, 1, 1, 1, 1, 1, 2, 60,
    ]);
  });

  it('G16: is relative up to 30 days and a date by the server beyond', () => {
    const time = new ServerTime(new FakeClock());
    time.learn(1_800_000_000);
    expect(time.expiry(DAYS_30)).toBe(2_592_000);
    expect(time.expiry(DAYS_30 + 1)).toBe(1_800_000_000 + 2_592_001);
    expect(time.expiry(31 * DAY_MS)).toBe(1_800_000_000 + 31 * 86_400);
  });

  it('F4: follows the server clock by our monotonic one, not by the calendar', async () => {
    const clock = new FakeClock();
    const time = new ServerTime(clock);
    time.learn(1_800_000_000);
    await clock.advance(10_000);
    clock.jumpWall(3_600_000);
    expect(time.expiry(31 * DAY_MS)).toBe(1_800_000_010 + 31 * 86_400);
  });

  it('takes our own calendar for a server that tells no time', () => {
    const clock = new FakeClock({ wall: 1_700_000_000_000 });
    expect(new ServerTime(clock).expiry(31 * DAY_MS)).toBe(1_700_000_000 + 31 * 86_400);
  });

  it('never passes the last second that 32 bits hold, which would read as long ago or as never', () => {
    const time = new ServerTime(new FakeClock());
    for (const years of [10, 20, 50, 500]) expect(time.expiry(years * 365 * DAY_MS)).toBeLessThanOrEqual(LAST_SECOND);
    expect(time.expiry(500 * 365 * DAY_MS)).toBe(LAST_SECOND);
    const clock = new FakeClock();
    expect(maxTtlMs(clock)).toBe(LAST_SECOND * 1000 - clock.wall());
  });

  it('is a whole number that the server takes, for every legal time to live', () => {
    const time = new ServerTime(new FakeClock());
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (ttlMs) => {
        expect(isTtl(ttlMs)).toBe(true);
        const expiry = time.expiry(ttlMs);
        expect(Number.isInteger(expiry) && expiry <= LAST_SECOND).toBe(true);
        expect(expiry === 0).toBe(ttlMs === 0);
      }),
    );
  });

  it('G13: is not made of NaN, infinity or a negative number', () => {
    for (const ttlMs of [Number.NaN, Number.POSITIVE_INFINITY, -1, -0.5]) expect(isTtl(ttlMs)).toBe(false);
  });
});
