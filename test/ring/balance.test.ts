import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/ring/ring.js';

/** A fixed stream of numbers in [0, 1), so that a failure can be repeated. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN;
}

function peakToMean(nodes: number): number[] {
  const random = numbers(nodes);
  return Array.from({ length: 100 }, () => {
    const prefix = random.next().value.toString(36).slice(2);
    const ring = Ring.build(Array.from({ length: nodes }, (_, i) => ({ name: `${prefix}-${i}.cache.example:6379` })));
    return Math.max(...ring.distribution().values()) * nodes;
  });
}

describe('the balance of a ring over 100 random sets of names', () => {
  it('keeps the busiest of 10 equal nodes within 1.05 of the mean in the median and 1.09 in 95 of 100', () => {
    const peaks = peakToMean(10);
    expect(quantile(peaks, 0.5)).toBeLessThanOrEqual(1.05);
    expect(quantile(peaks, 0.95)).toBeLessThanOrEqual(1.09);
  });

  it('keeps the busiest of 100 equal nodes within 1.09 of the mean in the median and 1.12 in 95 of 100', () => {
    const peaks = peakToMean(100);
    expect(quantile(peaks, 0.5)).toBeLessThanOrEqual(1.09);
    expect(quantile(peaks, 0.95)).toBeLessThanOrEqual(1.12);
  });

  it('honours weights within 3 % in the median', () => {
    const random = numbers(3);
    const weights = [1, 2, 3, 0.5, 10, 1, 4];
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const errors = Array.from({ length: 100 }, () => {
      const prefix = random.next().value.toString(36).slice(2);
      const ring = Ring.build(weights.map((weight, i) => ({ name: `${prefix}${i}`, weight })));
      return [...ring.distribution().values()].map((share, i) => Math.abs((share * sum) / (weights[i] ?? 0) - 1));
    }).flat();
    expect(quantile(errors, 0.5)).toBeLessThanOrEqual(0.03);
  });
});
