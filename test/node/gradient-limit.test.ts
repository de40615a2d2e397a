import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GradientLimit } from '../../src/node/gradient-limit.js';

function feed(limit: GradientLimit, samples: number, latencyMs: number, inFlight = () => limit.limit): void {
  for (let i = 0; i < samples; i++) limit.onSample(latencyMs, inFlight());
}

describe('an adaptive limit', () => {
  it('grows to its maximum while latency stays as it is and the limit is used', () => {
    const limit = new GradientLimit({ initialLimit: 10, maxLimit: 200 });
    feed(limit, 500, 2);
    expect(limit.limit).toBe(200);
  });

  it('does not grow on what is not used', () => {
    const limit = new GradientLimit({ initialLimit: 50 });
    feed(limit, 1_000, 2, () => 3);
    expect(limit.limit).toBe(50);
  });

  it('shrinks within a hundred samples when latency rises fourfold, and recovers when it falls', () => {
    const limit = new GradientLimit({ initialLimit: 100, maxLimit: 100 });
    feed(limit, 300, 2);
    feed(limit, 100, 8);
    expect(limit.limit).toBeLessThan(30);
    feed(limit, 300, 2);
    expect(limit.limit).toBe(100);
  });

  it('does not blame itself for latency that rises while little is in flight', () => {
    const limit = new GradientLimit({ initialLimit: 100 });
    feed(limit, 100, 2);
    const before = limit.limit;
    feed(limit, 200, 20, () => 1);
    feed(limit, 20, 20);
    expect(limit.limit).toBeGreaterThanOrEqual(before * 0.9);
  });

  it('learns from answers under full load that the node became faster', () => {
    const limit = new GradientLimit({ initialLimit: 100, maxLimit: 100 });
    feed(limit, 100, 20, () => 1);
    feed(limit, 100, 2);
    feed(limit, 100, 8);
    expect(limit.limit).toBeLessThan(30);
  });

  it('takes one slow answer for no overload', () => {
    const limit = new GradientLimit({ initialLimit: 100, maxLimit: 100 });
    feed(limit, 300, 2);
    limit.onSample(10, 100);
    expect(limit.limit).toBeGreaterThanOrEqual(99);
  });

  it('finds the capacity of a server whose latency grows beyond 40 requests, and stays there under steady overload', () => {
    const limit = new GradientLimit({ initialLimit: 10, maxLimit: 1_000 });
    const seen: number[] = [];
    for (let i = 0; i < 50_000; i++) {
      const inFlight = limit.limit;
      limit.onSample(2 * Math.max(1, inFlight / 40), inFlight);
      if (i > 500) seen.push(inFlight);
    }
    expect(Math.min(...seen)).toBeGreaterThan(20); // a dip halves it
    expect(Math.max(...seen)).toBeLessThan(120);
  });

  it('takes a node that became slower for good as it is, although traffic never lets up', () => {
    const limit = new GradientLimit({ initialLimit: 100, maxLimit: 100 });
    feed(limit, 1_900, 2); // not in the middle of a dip
    feed(limit, 60, 8);
    expect(limit.limit).toBeLessThan(30);
    feed(limit, 4_000, 8);
    expect(limit.limit).toBeGreaterThanOrEqual(50);
  });

  it('shrinks by a tenth for each loss, to its minimum', () => {
    const limit = new GradientLimit({ initialLimit: 100, minLimit: 5 });
    limit.onDrop();
    expect(limit.limit).toBe(90);
    for (let i = 0; i < 100; i++) limit.onDrop();
    expect(limit.limit).toBe(5);
  });

  it('never leaves its bounds, whatever it is told', () => {
    const sample = fc.record({
      latencyMs: fc.oneof(fc.double({ min: 0.01, max: 5_000 }), fc.constantFrom(Number.NaN, -1, 0)),
      inFlight: fc.nat(2_000),
      isDrop: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 300 }), (samples) => {
        const limit = new GradientLimit({ minLimit: 3, maxLimit: 300 });
        for (const { latencyMs, inFlight, isDrop } of samples) {
          if (isDrop) limit.onDrop();
          else limit.onSample(latencyMs, inFlight);
          expect(limit.limit).toBeGreaterThanOrEqual(3);
          expect(limit.limit).toBeLessThanOrEqual(300);
        }
      }),
    );
  });
});
