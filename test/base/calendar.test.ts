import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calendar } from '../../src/base/calendar.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const HOUR = 3_600_000;

/** The calendar as it would read if the wall clock had never jumped. */
function undisturbed(clock: FakeClock, wallAtZero: number): number {
  return wallAtZero + clock.now();
}

describe('Calendar', () => {
  it('reads the wall clock while that behaves', async () => {
    const clock = new FakeClock({ wall: 1_750_000_000_000 });
    const calendar = new Calendar(clock);
    await clock.advance(12_345);
    expect(calendar.now()).toBe(1_750_000_012_345);
  });

  it('answers whole milliseconds even where the monotonic clock counts fractions', async () => {
    const clock = new FakeClock();
    const calendar = new Calendar(clock);
    await clock.advance(0.7);
    expect(Number.isInteger(calendar.now())).toBe(true);
  });

  it('R12 follows a jump within the allowed skew at the next look', async () => {
    const clock = new FakeClock({ wall: 1_750_000_000_000 });
    const calendar = new Calendar(clock, 500);
    clock.jumpWall(-500);
    await clock.advance(100);
    expect(calendar.now()).toBe(1_750_000_000_000 - 500 + 100);
  });

  it.each([HOUR, -HOUR, 501])('F3 R12 ignores a jump of %i ms that is taken back', async (jump) => {
    const clock = new FakeClock({ wall: 1_750_000_000_000 });
    const calendar = new Calendar(clock, 500);
    clock.jumpWall(jump);
    for (let second = 0; second < 50; second++) {
      await clock.advance(1_000);
      expect(calendar.now()).toBe(undisturbed(clock, 1_750_000_000_000));
    }
    clock.jumpWall(-jump);
    await clock.advance(200_000);
    expect(calendar.now()).toBe(undisturbed(clock, 1_750_000_000_000));
  });

  it.each([HOUR, -HOUR])('adopts a step of %i ms that has stood for a minute', async (step) => {
    const clock = new FakeClock({ wall: 1_750_000_000_000 });
    const calendar = new Calendar(clock, 500);
    clock.jumpWall(step);
    for (let second = 0; second < 62; second++) {
      await clock.advance(1_000);
      calendar.now();
    }
    expect(calendar.now()).toBe(undisturbed(clock, 1_750_000_000_000) + step);
  });

  it('counts the minute anew when the wall clock jumps again meanwhile', async () => {
    const clock = new FakeClock({ wall: 1_750_000_000_000 });
    const calendar = new Calendar(clock, 500);
    for (let jump = 0; jump < 5; jump++) {
      clock.jumpWall(HOUR);
      for (let second = 0; second < 40; second++) {
        await clock.advance(1_000);
        expect(calendar.now()).toBe(undisturbed(clock, 1_750_000_000_000));
      }
    }
  });

  it('R12 stays within the allowed skew of undisturbed time for a minute after any single jump', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -24 * HOUR, max: 24 * HOUR }),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 10 }),
        async (jump, pauses) => {
          const clock = new FakeClock({ wall: 1_750_000_000_000 });
          const calendar = new Calendar(clock, 500);
          clock.jumpWall(jump);
          for (const pause of pauses) {
            await clock.advance(pause);
            expect(Math.abs(calendar.now() - undisturbed(clock, 1_750_000_000_000))).toBeLessThanOrEqual(500);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
