import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BackoffSettings, type BackoffShape, delayFor, type Jitter } from '../../src/node/backoff.js';

function delays(settings: Partial<BackoffSettings>, attempts: number, random: () => number = () => 0.5): number[] {
  const all: BackoffSettings = { backoff: 'exponential', jitter: 'none', baseMs: 10, maxMs: 1_000, ...settings };
  const result: number[] = [];
  let previousMs = 0;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    previousMs = delayFor(attempt, all, previousMs, random);
    result.push(previousMs);
  }
  return result;
}

describe('the shape of a backoff', () => {
  it.each<[BackoffShape, number[]]>([
    ['fixed', [10, 10, 10, 10, 10, 10]],
    ['linear', [10, 20, 30, 40, 50, 60]],
    ['exponential', [10, 20, 40, 80, 160, 320]],
    ['fibonacci', [10, 10, 20, 30, 50, 80]],
    [(attempt) => attempt ** 2, [1, 4, 9, 16, 25, 36]],
  ])('%s', (backoff, expected) => {
    expect(delays({ backoff }, 6)).toEqual(expected);
  });

  it('stops growing at the maximum, at any number of attempts', () => {
    for (const backoff of ['linear', 'exponential', 'fibonacci'] as const) {
      expect(delayFor(1_000_000, { backoff, jitter: 'none', baseMs: 10, maxMs: 1_000 }, 0, Math.random)).toBe(1_000);
    }
  });

  it('makes no busy loop of a custom function that is wrong', () => {
    expect(delays({ backoff: () => Number.NaN }, 2)).toEqual([10, 10]);
    for (const wrong of [undefined, 5n, '5', Promise.resolve(5)])
      expect(delays({ backoff: () => wrong as never }, 2)).toEqual([10, 10]);
    expect(delays({ backoff: () => Infinity }, 1)).toEqual([1_000]);
    expect(delays({ backoff: () => -1 }, 1)).toEqual([0]);
  });
});

describe('the jitter of a backoff', () => {
  const top = () => 1 - Number.EPSILON;

  it.each<[Jitter, number[], number[]]>([
    ['none', [10, 20, 40], [10, 20, 40]],
    ['full', [0, 0, 0], [10, 20, 40]],
    ['equal', [5, 10, 20], [10, 20, 40]],
    ['decorrelated', [10, 10, 10], [10, 30, 90]],
  ])('%s lies between its bounds', (jitter, lowest, highest) => {
    expect(delays({ jitter }, 3, () => 0)).toEqual(lowest);
    const upper = delays({ jitter }, 3, top);
    for (const [i, ms] of highest.entries()) expect(upper[i]).toBeCloseTo(ms, 9);
  });

  it('never leaves 0 to the maximum', () => {
    const settings = fc.record({
      backoff: fc.constantFrom<BackoffShape>('fixed', 'linear', 'exponential', 'fibonacci', (n) => n * 7),
      jitter: fc.constantFrom<Jitter>('none', 'full', 'equal', 'decorrelated'),
      baseMs: fc.nat(500),
      maxMs: fc.nat(2_000),
    });
    const chance = fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(settings, chance, (chosen, randoms) => {
        let i = 0;
        for (const ms of delays(chosen, 40, () => randoms[i++ % 40] ?? 0)) {
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(chosen.maxMs);
        }
      }),
    );
  });

  it('E4: full jitter spreads 50 clients that failed together (planted fault: jitter none)', () => {
    let seed = 11;
    const random = (): number => {
      seed = (seed * 48_271) % (2 ** 31 - 1);
      return seed / (2 ** 31 - 1);
    };
    const tenths = new Array<number>(10).fill(0);
    for (let client = 0; client < 50; client++) {
      const ms = delayFor(5, { backoff: 'exponential', jitter: 'full', baseMs: 50, maxMs: 30_000 }, 0, random);
      tenths[Math.floor(ms / 80)]! += 1;
    }
    expect(tenths.reduce((sum, n) => sum + n, 0)).toBe(50);
    expect(Math.max(...tenths)).toBeLessThanOrEqual(15);
  });
});
