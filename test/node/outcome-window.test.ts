import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallWindow, type OutcomeWindow, TimeWindow } from '../../src/node/outcome-window.js';

const HOUR = 3_600_000;

function countsOf(window: OutcomeWindow) {
  return { calls: window.calls, failures: window.failures, slow: window.slow };
}

interface Report {
  readonly afterMs: number;
  readonly count: number;
  readonly durationMs: number;
  readonly isFailure: boolean;
  readonly isSlow: boolean;
}

const report: fc.Arbitrary<Report> = fc.record({
  afterMs: fc.oneof(fc.nat(30), fc.nat(1_500), fc.constant(HOUR)),
  count: fc.integer({ min: 1, max: 30 }),
  durationMs: fc.nat(400),
  isFailure: fc.boolean(),
  isSlow: fc.boolean(),
});

function add(window: OutcomeWindow, now: number, { count, durationMs, isFailure, isSlow }: Report): void {
  if (isFailure) window.addFailures(now, count, isSlow);
  else window.addSuccesses(now, count, durationMs, isSlow);
}

interface Call {
  readonly at: number;
  readonly durationMs: number;
  readonly isFailure: boolean;
  readonly isSlow: boolean;
}

function expectToHold(window: OutcomeWindow, calls: readonly Call[]): void {
  expect(countsOf(window)).toEqual({
    calls: calls.length,
    failures: calls.filter((call) => call.isFailure).length,
    slow: calls.filter((call) => call.isSlow).length,
  });
  const durations = calls.filter((call) => !call.isFailure).map((call) => call.durationMs);
  const summary = window.durations();
  if (durations.length === 0) {
    expect(summary).toBeUndefined();
    return;
  }
  expect(summary?.minMs).toBe(Math.min(...durations));
  expect(summary?.maxMs).toBe(Math.max(...durations));
  expect(summary?.meanMs).toBeCloseTo(durations.reduce((sum, ms) => sum + ms, 0) / durations.length, 6);
}

describe('a window by time', () => {
  it('holds exactly the calls of the last ten buckets, whatever the traffic and the pauses', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 60 }), (reports) => {
        const window = new TimeWindow(1_000, 0);
        const calls: Call[] = [];
        let now = 0;
        for (const each of reports) {
          now += each.afterMs;
          add(window, now, each);
          for (let i = 0; i < each.count; i++) calls.push({ ...each, at: now });
          const firstBucket = Math.floor(now / 100) - 9;
          expectToHold(
            window,
            calls.filter((call) => Math.floor(call.at / 100) >= firstBucket),
          );
        }
      }),
    );
  });

  it('has forgotten failures of an hour before when the first new call arrives', () => {
    const window = new TimeWindow(10_000, 0);
    window.addFailures(0, 81, true);
    window.addSuccesses(HOUR, 1, 5, false);
    expect(countsOf(window)).toEqual({ calls: 1, failures: 0, slow: 0 });
  });

  it('goes on after an idle year in one step, not in one step a bucket', () => {
    const window = new TimeWindow(100, 0);
    const start = performance.now();
    for (let year = 1; year <= 1_000; year++) window.addSuccesses(year * 8_760 * HOUR, 1, 1, false);
    expect(window.calls).toBe(1);
    // One step a bucket would be 3 · 10^12 steps.
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('forgets by time alone, without another call', () => {
    const window = new TimeWindow(1_000, 0);
    window.addFailures(50, 3, false);
    window.advance(949);
    expect(window.failures).toBe(3);
    window.advance(1_050);
    expect(countsOf(window)).toEqual({ calls: 0, failures: 0, slow: 0 });
  });
});

describe('a window by calls', () => {
  it('holds exactly the last calls, also when a batch is cut in two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(report, { maxLength: 60 }), (size, reports) => {
        const window = new CallWindow(size);
        const calls: Call[] = [];
        for (const each of reports) {
          add(window, 0, each);
          for (let i = 0; i < each.count; i++) calls.push({ ...each, at: 0 });
          expectToHold(window, calls.slice(-size));
        }
      }),
    );
  });

  it('remembers calls of an hour before, since only calls push out calls', () => {
    const window = new CallWindow(10);
    window.addFailures(0, 4, false);
    window.addSuccesses(HOUR, 6, 1, false);
    expect(countsOf(window)).toEqual({ calls: 10, failures: 4, slow: 0 });
  });
});

describe('F12: counters beyond 2^31 and 2^32', () => {
  it.each([
    ['by time', () => new TimeWindow(10_000, 0)],
    ['by calls', () => new CallWindow(10)],
  ])('count on exactly in a window %s (planted fault: Int32Array or Uint32Array counters)', (kind, make) => {
    const window = make();
    window.addFailures(0, 2 ** 31 - 1, true);
    window.addSuccesses(0, 2 ** 32 - 1, 3, false);
    window.addSuccesses(0, 2, 3, false);
    const all = kind === 'by time';
    expect(window.calls).toBe(all ? 2 ** 31 + 2 ** 32 : 10);
    expect(window.failures).toBe(all ? 2 ** 31 - 1 : 0);
    expect(window.durations()?.meanMs).toBeCloseTo(3, 9);
    window.advance(HOUR);
    if (all) expect(countsOf(window)).toEqual({ calls: 0, failures: 0, slow: 0 });
  });
});
