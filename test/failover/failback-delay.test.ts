import { describe, expect, it } from 'vitest';
import { FailbackDelay } from '../../src/failover/failback-delay.js';

describe('the delay of a fail-back', () => {
  it('counts from when the primary became fit, or was left, whichever came later', () => {
    const delay = new FailbackDelay(100);
    delay.left(1_000);
    expect([delay.isOver(1_500, 1_599), delay.isOver(1_500, 1_600)]).toEqual([false, true]);
    expect([delay.isOver(0, 1_099), delay.isOver(0, 1_100)]).toEqual([false, true]);
  });

  it('doubles with each return that did not last, at most 64-fold, and is as at first after one that did', () => {
    const delay = new FailbackDelay(100);
    const leastWait = (at: number): number =>
      [1, 2, 4, 8, 16, 32, 64, 128].findIndex((n) => delay.isOver(0, at + n * 100));
    let now = 1_000;
    const seen: number[] = [];
    for (let i = 0; i < 9; i++) {
      delay.left(now);
      seen.push(leastWait(now));
      now += 50_000;
      delay.returned(now);
      now += 99;
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 6, 6]);
    delay.left(now + 1);
    expect(leastWait(now + 1)).toBe(0);
  });
});
