import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calendar } from '../../src/base/calendar.js';
import { HybridClock, msOf, STAMPS_PER_MS, stampOf } from '../../src/base/hybrid-clock.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

function setUp(wall = 1_750_000_000_000) {
  const clock = new FakeClock({ wall });
  return { clock, stamps: new HybridClock(new Calendar(clock, 500)) };
}

describe('HybridClock', () => {
  it('stamps with the calendar, and counts within a millisecond', async () => {
    const { clock, stamps } = setUp();
    const first = stamps.next();
    expect(msOf(first)).toBe(1_750_000_000_000);
    expect(stamps.next()).toBe(first + 1);
    await clock.advance(3);
    expect(stamps.next()).toBe(stampOf(1_750_000_000_003));
  });

  it('runs into the next millisecond when the counter overflows, and is not caught by it', async () => {
    const { clock, stamps } = setUp();
    const first = stamps.next();
    for (let i = 1; i < STAMPS_PER_MS; i++) stamps.next();
    expect(msOf(stamps.last)).toBe(msOf(first));
    const overflowed = stamps.next();
    expect(msOf(overflowed)).toBe(msOf(first) + 1);
    await clock.advance(1);
    expect(stamps.next()).toBe(overflowed + 1);
  });

  it('rises with every stamp through any jumps of the wall clock and any stamps observed, and stays a safe integer', async () => {
    const step = fc.oneof(
      fc.record({ advance: fc.integer({ min: 0, max: 90_000 }) }),
      fc.record({ jump: fc.integer({ min: -7_200_000, max: 7_200_000 }) }),
      fc.record({ observe: fc.integer({ min: -2_000, max: 2_000 }) }),
      fc.constant({ take: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, stamps } = setUp();
        let before = stamps.next();
        for (const now of steps) {
          if ('advance' in now) await clock.advance(now.advance);
          else if ('jump' in now) clock.jumpWall(now.jump);
          else if ('observe' in now) {
            const seen = stampOf(clock.wall() + now.observe);
            if (stamps.observe(seen)) before = Math.max(before, seen);
          }
          const stamp = stamps.next();
          expect(stamp).toBeGreaterThan(before);
          expect(Number.isSafeInteger(stamp)).toBe(true);
          before = stamp;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('follows a stamp of another client up to the allowed skew ahead, and no further', () => {
    const { stamps } = setUp();
    const near = stampOf(1_750_000_000_500);
    expect(stamps.observe(near)).toBe(true);
    expect(stamps.next()).toBe(near + 1);
    expect(stamps.observe(stampOf(1_750_000_000_501))).toBe(false);
    expect(stamps.observe(Number.MAX_SAFE_INTEGER)).toBe(false);
    expect(stamps.observe(Number.POSITIVE_INFINITY)).toBe(false);
    expect(stamps.next()).toBe(near + 2);
  });

  it('believes older stamps without moving', () => {
    const { stamps } = setUp();
    const now = stamps.next();
    expect(stamps.observe(5)).toBe(true);
    expect(stamps.last).toBe(now);
  });

  it('keeps stamps safe integers beyond the year 2100', () => {
    const { stamps } = setUp(Date.UTC(2109, 0, 1));
    expect(Number.isSafeInteger(stamps.next())).toBe(true);
    expect(msOf(stamps.last)).toBe(Date.UTC(2109, 0, 1));
  });
});
