import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyEstimate } from '../../src/node/latency.js';
import { HandClock } from './hand-clock.js';

function setUp() {
  const clock = new HandClock();
  return { clock, latency: new LatencyEstimate({ windowMs: 10_000, minimumSamples: 20 }, { clock }) };
}

function rank(durations: readonly number[], share: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}

describe('a latency estimate', () => {
  it('says nothing over too few samples', () => {
    const { latency } = setUp();
    latency.record(5, 19);
    expect(latency.medianMs).toBeUndefined();
    expect(latency.p95Ms).toBeUndefined();
    latency.record(5);
    expect(latency.medianMs).toBeDefined();
  });

  it('is within 3.2 % of the true median and 95th percentile', () => {
    const duration = fc.oneof(
      fc.double({ min: 0.05, max: 2, noNaN: true }),
      fc.double({ min: 0.05, max: 60_000, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(duration, { minLength: 20, maxLength: 300 }), (durations) => {
        const { latency } = setUp();
        for (const ms of durations) latency.record(ms);
        for (const [share, estimate] of [
          [0.5, latency.medianMs],
          [0.95, latency.p95Ms],
        ] as const) {
          const exact = rank(durations, share);
          expect(Math.abs((estimate ?? 0) - exact) / exact).toBeLessThanOrEqual(0.032);
        }
      }),
    );
  });

  it('counts each call of a batch', () => {
    const { latency } = setUp();
    latency.record(1, 94);
    latency.record(100, 6);
    expect(latency.medianMs).toBeCloseTo(1, 1);
    expect(latency.p95Ms).toBeGreaterThan(96);
  });

  it('follows a change within two windows and forgets what was before', () => {
    const { clock, latency } = setUp();
    for (let i = 0; i < 1_000; i++) latency.record(1);
    expect(latency.p95Ms).toBeLessThan(1.1);
    for (let second = 0; second < 20; second++) {
      clock.at += 1_000;
      for (let i = 0; i < 100; i++) latency.record(50);
    }
    expect(latency.medianMs).toBeGreaterThan(48);
  });

  it('notices more samples without waiting for the window', () => {
    const { latency } = setUp();
    latency.record(1, 20);
    expect(latency.medianMs).toBeLessThan(1.1);
    latency.record(80, 200);
    expect(latency.medianMs).toBeGreaterThan(75);
  });

  it('knows nothing after an idle hour', () => {
    const { clock, latency } = setUp();
    latency.record(3, 1_000);
    expect(latency.medianMs).toBeDefined();
    clock.at += 3_600_000;
    expect(latency.medianMs).toBeUndefined();
    latency.record(9, 20);
    expect(latency.medianMs).toBeGreaterThan(8.5);
  });

  it('takes what is no duration, and what is out of range, for the nearest end', () => {
    const { latency } = setUp();
    for (const ms of [Number.NaN, -3, 0]) latency.record(ms, 20);
    expect(latency.p95Ms).toBeLessThan(0.01);
    latency.record(1e12, 6_000);
    expect(latency.p95Ms).toBeGreaterThan(900_000);
    expect(latency.p95Ms).toBeLessThan(1_100_000);
  });
});
