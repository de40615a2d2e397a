import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/testing/seeded-random.js';

const draw = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe('seededRandom', () => {
  it('repeats itself for a seed and differs between neighbouring seeds', () => {
    expect(draw(1, 5)).toEqual(draw(1, 5));
    for (const [seed, next] of [
      [0, 1],
      [1, 2],
      [2, 3],
      [100, 101],
    ] as const) {
      expect(draw(seed, 5)).not.toEqual(draw(next, 5));
    }
  });

  it('spreads evenly over [0, 1)', () => {
    const tenths = new Array<number>(10).fill(0);
    for (const value of draw(42, 100_000)) tenths[Math.floor(value * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
