import { describe, expect, it } from 'vitest';
import { recommendPoolSize } from '../../src/node/pool-size.js';

describe('the recommended pool size', () => {
  it.each([
    [2_000, 5, { headroom: 1 }, 10],
    [2_000, 5, {}, 15],
    [2_000, 5, { depth: 4 }, 4],
    [100_000, 0.4, { depth: 64 }, 1],
    [1_000, 200, { depth: 1, headroom: 2 }, 400],
    [0, 5, {}, 1],
  ])('is rate · latency · headroom / depth, rounded up: %i/s at %f ms with %j makes %i', (rate, ms, options, size) => {
    expect(recommendPoolSize(rate, ms, options)).toBe(size);
  });

  it('refuses what is no load', () => {
    expect(() => recommendPoolSize(-1, 5)).toThrow('poolSize.ratePerSecond: must be a number of at least 0, got -1');
    expect(() => recommendPoolSize(10, Number.NaN)).toThrow('poolSize.latencyMs');
    expect(() => recommendPoolSize(10, 5, { depth: 0 })).toThrow('poolSize.depth');
  });
});
