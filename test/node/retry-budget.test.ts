import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../src/node/retry-budget.js';
import { HandClock } from './hand-clock.js';

function takeAll(budget: RetryBudget): number {
  let taken = 0;
  while (budget.tryTake()) taken++;
  return taken;
}

describe('a retry budget', () => {
  it('earns one retry per ten calls, exactly', () => {
    const budget = new RetryBudget({ reservePerSecond: 0 }, { clock: new HandClock() });
    for (let i = 0; i < 9; i++) budget.onCall();
    expect(budget.tryTake()).toBe(false);
    budget.onCall();
    expect(budget.tryTake()).toBe(true);
    expect(budget.tryTake()).toBe(false);
    budget.onCall(1_000);
    expect(takeAll(budget)).toBe(100);
  });

  it('has the reserve of the first second from the start, and three a second from then on', () => {
    const clock = new HandClock();
    const budget = new RetryBudget({}, { clock });
    expect(takeAll(budget)).toBe(3);
    clock.at += 999;
    expect(takeAll(budget)).toBe(0);
    clock.at += 1_001;
    expect(takeAll(budget)).toBe(3);
  });

  it('saves up no more than its bounds', () => {
    const clock = new HandClock();
    const budget = new RetryBudget({}, { clock });
    budget.onCall(1_000_000);
    clock.at += 3_600_000;
    expect(budget.stats()).toEqual({ available: 103, taken: 0, refused: 0 });
    expect(takeAll(budget)).toBe(103);
  });

  it('saves up one retry even where the reserve is less than one a second', () => {
    const clock = new HandClock();
    const budget = new RetryBudget({ reservePerSecond: 0.5 }, { clock });
    expect(takeAll(budget)).toBe(0);
    clock.at += 4_000;
    expect(takeAll(budget)).toBe(1);
  });

  it('E3: never grants more than a tenth of the calls and three a second (planted fault: unbounded reserve)', () => {
    const steps = fc.array(
      fc.record({ afterMs: fc.oneof(fc.nat(50), fc.nat(3_000)), calls: fc.nat(40), tries: fc.nat(60) }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const clock = new HandClock();
        const budget = new RetryBudget({}, { clock });
        let [calls, retries, ms] = [0, 0, 0];
        for (const step of all) {
          ms += step.afterMs;
          clock.at += step.afterMs;
          calls += step.calls;
          budget.onCall(step.calls);
          for (let i = 0; i < step.tries; i++) if (budget.tryTake()) retries++;
          const allowed = calls * 0.1 + 3 * Math.max(1, ms / 1_000);
          expect(retries).toBeLessThanOrEqual(allowed + 1e-6);
        }
      }),
    );
  });

  it('E3: with every call failing for 60 s, sends at most 1.1 × the calls and 3 a second', () => {
    const clock = new HandClock();
    const budget = new RetryBudget({}, { clock });
    let [calls, retries] = [0, 0];
    for (let ms = 0; ms < 60_000; ms++) {
      clock.at += 1;
      calls++;
      budget.onCall();
      while (budget.tryTake()) retries++;
    }
    expect(calls + retries).toBeLessThanOrEqual(calls * 1.1 + 3 * 60);
    expect(retries).toBeGreaterThan(calls * 0.1 + 3 * 59); // and uses what it has
  });
});
