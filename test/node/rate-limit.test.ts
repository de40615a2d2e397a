import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type RateLimitAlgorithm, type RateLimitOptions, rateLimiter } from '../../src/node/rate-limit.js';
import { HandClock } from './hand-clock.js';

function setUp(options: RateLimitOptions) {
  const clock = new HandClock();
  const limiter = rateLimiter(options, { name: 'n1', clock });
  const pass = (ms: number): void => {
    clock.at += ms;
  };
  const takeAll = (): number => {
    let taken = 0;
    while (limiter.tryTake()) taken++;
    return taken;
  };
  return { clock, limiter, pass, takeAll };
}

const ALGORITHMS = ['token-bucket', 'sliding-window-log', 'fixed-window'] as const;

describe.each(ALGORITHMS)('a rate limit by %s', (algorithm: RateLimitAlgorithm) => {
  it('lets the limit pass at once, and again after the interval', () => {
    const { takeAll, pass } = setUp({ algorithm, limit: 10 });
    expect(takeAll()).toBe(10);
    pass(1_000);
    expect(takeAll()).toBe(10);
    pass(3_600_000);
    expect(takeAll()).toBe(10);
  });

  it('grants several or none', () => {
    const { limiter, pass } = setUp({ algorithm, limit: 10 });
    expect(limiter.tryTake(7)).toBe(true);
    expect(limiter.tryTake(4)).toBe(false);
    expect(limiter.tryTake(3)).toBe(true);
    pass(1_000);
    expect(limiter.tryTake(11)).toBe(false);
    expect(limiter.tryTake(10)).toBe(true);
  });

  it('tells exactly when one more may pass, and takes nothing to tell it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(300), { maxLength: 30 }), (limit, waits) => {
        const { limiter, pass } = setUp({ algorithm, limit, intervalMs: 500 });
        for (const ms of waits) {
          pass(ms);
          const { retryAfterMs } = limiter;
          expect(limiter.retryAfterMs).toBe(retryAfterMs);
          if (retryAfterMs > 0.01) {
            expect(limiter.tryTake()).toBe(false);
            pass(retryAfterMs - 0.01);
            expect(limiter.tryTake()).toBe(false);
            pass(0.02);
          }
          expect(limiter.tryTake()).toBe(true);
        }
      }),
    );
  });

  it('has one more when as much time has passed as one takes, in pieces that do not add up to it', () => {
    const { limiter, pass } = setUp({ algorithm, limit: 2, intervalMs: 500 });
    for (const ms of [0, 220]) {
      pass(ms);
      expect(limiter.tryTake()).toBe(true);
    }
    pass(algorithm === 'token-bucket' ? 30 : 280);
    expect([limiter.retryAfterMs, limiter.tryTake()]).toEqual([0, true]);
  });

  it('refuses with the name and the time to come back, and runs nothing', async () => {
    const { limiter } = setUp({ algorithm, limit: 1, intervalMs: 250 });
    expect(await limiter.run(() => 'ran')).toBe('ran');
    const fn = vi.fn();
    await expect(limiter.run(fn)).rejects.toMatchObject({
      code: 'ERR_RATE_LIMITED',
      name: 'RateLimitedError',
      node: 'n1',
      retryAfterMs: 250,
    });
    expect(fn).not.toHaveBeenCalled();
    expect(limiter.stats()).toEqual({ passed: 1, refused: 1, retryAfterMs: 250 });
  });

  it('will not be talked into giving back', () => {
    const { limiter } = setUp({ algorithm, limit: 1 });
    for (const n of [0, -5, 0.5, Number.NaN]) expect(() => limiter.tryTake(n)).toThrow('n: must be an integer');
  });

  it('keeps its promise over every stretch of time', () => {
    const steps = fc.array(fc.record({ afterMs: fc.nat(400), tries: fc.nat(12) }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), steps, (limit, all) => {
        const { clock, limiter, pass } = setUp({ algorithm, limit });
        const start = clock.at;
        const times: number[] = [];
        for (const { afterMs, tries } of all) {
          pass(afterMs);
          for (let i = 0; i < tries; i++) if (limiter.tryTake()) times.push(clock.at);
        }
        for (const [i, from] of times.entries()) {
          for (const to of times.slice(i)) {
            const passed = times.filter((at) => at >= from && at <= to).length;
            const isOneWindow = Math.floor((from - start) / 1_000) === Math.floor((to - start) / 1_000);
            if (algorithm === 'sliding-window-log' && to - from < 1_000) expect(passed).toBeLessThanOrEqual(limit);
            if (algorithm === 'fixed-window' && isOneWindow) expect(passed).toBeLessThanOrEqual(limit);
            if (algorithm === 'token-bucket') {
              expect(passed).toBeLessThanOrEqual(limit + ((to - from) * limit) / 1_000 + 1e-6);
            }
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the difference between them', () => {
  it('is that the seam of two fixed windows lets twice the limit pass, the log never', () => {
    const taken = (algorithm: RateLimitAlgorithm): number => {
      const { takeAll, pass } = setUp({ algorithm, limit: 10 });
      pass(990);
      const before = takeAll();
      pass(20);
      return before + takeAll();
    };
    expect(taken('fixed-window')).toBe(20);
    expect(taken('sliding-window-log')).toBe(10);
    expect(taken('token-bucket')).toBe(10);
  });

  it('is that a token bucket may hold a smaller burst and gains a token at a time', () => {
    const { takeAll, pass } = setUp({ limit: 100, burst: 5 });
    expect(takeAll()).toBe(5);
    pass(10);
    expect(takeAll()).toBe(1);
  });
});

describe('the options', () => {
  it.each<[RateLimitOptions, string]>([
    [{ limit: 0 }, 'rateLimit.limit: must be an integer of at least 1, got 0'],
    [{ limit: 200_000, algorithm: 'sliding-window-log' }, 'rateLimit.limit: must be at most 100000 for a sliding'],
    [{ limit: 5, burst: 5, algorithm: 'fixed-window' }, 'rateLimit.burst: must be left out for a fixed-window, got 5'],
    [JSON.parse('{}'), 'rateLimit.limit: must be an integer of at least 1, got undefined'],
  ])('are checked: %j', (options, message) => {
    expect(() => rateLimiter(options)).toThrow(message);
  });
});
