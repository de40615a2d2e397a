import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CacheError, NodeError, TimeoutError } from '../../src/errors.js';
import { Breaker, breaker } from '../../src/node/breaker.js';
import type { BreakerOptions } from '../../src/node/breaker-options.js';
import { BreakerOpenError } from '../../src/node/guard-errors.js';
import { HandClock } from './hand-clock.js';

/** `random` in the middle: open times without jitter. */
function setUp(options: BreakerOptions = {}, random: () => number = () => 0.5) {
  const clock = new HandClock();
  const guard = new Breaker(options, { name: 'n1', clock, random });
  const changes: string[] = [];
  guard.onChange = (from, to, reason) => changes.push(`${from} > ${to}: ${reason}`);
  const pass = (ms: number): void => {
    clock.at += ms;
  };
  return { clock, guard, changes, pass };
}

function fail(guard: Breaker, times: number): void {
  for (let i = 0; i < times; i++) guard.onFailure();
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a closed breaker', () => {
  it('opens after five failures in a row and refuses from then on', () => {
    const { guard, changes } = setUp();
    fail(guard, 4);
    expect(guard.tryAcquire()).toBe(true);
    fail(guard, 1);
    expect(guard.tryAcquire()).toBe(false);
    expect(changes).toEqual(['closed > open: consecutive-failures']);
  });

  it('starts counting again after a success', () => {
    const { guard } = setUp();
    fail(guard, 4);
    guard.onSuccess(1);
    fail(guard, 4);
    expect(guard.state).toBe('closed');
  });

  it('opens when half of at least twenty calls failed, and not before there are twenty', () => {
    const { guard, changes } = setUp({ consecutiveFailures: Infinity });
    guard.onFailure(19);
    expect(guard.state).toBe('closed');
    guard.onSuccess(1);
    expect(changes).toEqual(['closed > open: failure-rate']);
  });

  it('counts every call of a batch towards the rate', () => {
    const { guard } = setUp({ consecutiveFailures: Infinity });
    guard.onSuccess(1, 21);
    guard.onFailure(20);
    expect(guard.state).toBe('closed');
    guard.onFailure(1);
    expect(guard.state).toBe('open');
  });

  it('does not open on one timeout in a quiet hour', () => {
    const { guard, pass } = setUp();
    fail(guard, 1);
    pass(3_600_000);
    fail(guard, 1);
    expect(guard.state).toBe('closed');
    expect(guard.stats()).toMatchObject({ calls: 1, failures: 1 });
  });

  it('judges the last so many calls where the window goes by calls', () => {
    const { guard, pass } = setUp({ windowCalls: 10, consecutiveFailures: Infinity });
    guard.onSuccess(1, 10);
    guard.onFailure(4);
    pass(3_600_000);
    expect(guard.state).toBe('closed');
    guard.onFailure(1);
    expect(guard.state).toBe('open');
  });

  it('A10: opens on slow answers alone (planted fault: slow calls not counted)', () => {
    const { guard, changes, pass } = setUp({ slowCallMs: 300 });
    for (let i = 0; i < 20; i++) {
      pass(100);
      guard.onSuccess(500);
    }
    expect(changes).toEqual(['closed > open: slow-rate']);
  });

  it('counts a slow failure as slow too, so that slowness and failures together open it', () => {
    const { guard } = setUp({ slowCallMs: 300, consecutiveFailures: Infinity, failureRate: 0.9 });
    for (let i = 0; i < 10; i++) {
      guard.onSuccess(10);
      if (i < 5) guard.onSuccess(500);
      else guard.onFailure(1, 500);
    }
    expect(guard.state).toBe('open');
  });

  it('A11: stays closed under jitter of 0 to 300 ms for five minutes (planted fault: rates judged below minimumCalls)', () => {
    const { guard, changes, pass } = setUp({ slowCallMs: 240 });
    let seed = 7;
    for (let i = 0; i < 30_000; i++) {
      seed = (seed * 48_271) % (2 ** 31 - 1);
      const durationMs = (seed / 2 ** 31) * 300;
      pass(10);
      if (durationMs > 290) guard.onFailure(1, 200);
      else guard.onSuccess(durationMs);
    }
    expect(changes).toEqual([]);
  });

  it('takes a duration that is no number for none', () => {
    const { guard } = setUp();
    guard.onSuccess(Number.NaN);
    guard.onSuccess(-5);
    guard.onSuccess(4);
    expect(guard.stats()).toMatchObject({ calls: 3, minMs: 0, maxMs: 4 });
  });
});

describe('an open breaker', () => {
  it('is open for a second, give or take a fifth, then half-open when somebody asks', () => {
    for (const [random, openMs] of [
      [0, 800],
      [0.5, 1_000],
      [0.999_999, 1_200],
    ] as const) {
      const { guard, pass } = setUp({}, () => random);
      fail(guard, 5);
      pass(openMs - 1);
      expect(guard.tryAcquire()).toBe(false);
      pass(1);
      expect(guard.tryAcquire()).toBe(true);
      expect(guard.state).toBe('half-open');
    }
  });

  it('tells how long still, and moves only when asked to let a call through', () => {
    const { guard, changes, pass } = setUp();
    expect(guard.retryAfterMs).toBe(0);
    fail(guard, 5);
    expect(guard.retryAfterMs).toBe(1_000);
    pass(400);
    expect(guard.retryAfterMs).toBe(600);
    pass(3_600_000);
    expect(guard.retryAfterMs).toBe(0);
    guard.stats();
    expect(guard.state).toBe('open');
    expect(changes).toHaveLength(1);
  });

  it('stays open twice as long each time a probe fails, up to the maximum', () => {
    const { guard, pass } = setUp({ openMs: 1_000, maxOpenMs: 5_000 });
    fail(guard, 5);
    const openTimes: number[] = [];
    for (let i = 0; i < 5; i++) {
      openTimes.push(guard.retryAfterMs);
      pass(guard.retryAfterMs);
      expect(guard.tryAcquire()).toBe(true);
      guard.onFailure();
    }
    expect(openTimes).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('A12: goes on doubling while the node flaps, and starts anew after staying closed (planted fault: reset on close)', () => {
    const { guard, pass } = setUp({ openMs: 1_000, maxOpenMs: 30_000 });
    const openTimes: number[] = [];
    const flap = (closedMs: number): void => {
      pass(closedMs);
      fail(guard, 5);
      openTimes.push(guard.retryAfterMs);
      pass(guard.retryAfterMs);
      expect(guard.tryAcquire()).toBe(true);
      guard.onSuccess(1);
      expect(guard.state).toBe('closed');
    };
    for (let i = 0; i < 4; i++) flap(2_000);
    flap(30_000);
    expect(openTimes).toEqual([1_000, 2_000, 4_000, 8_000, 1_000]);
  });

  it('hears nothing of calls that it let through before', () => {
    const { guard, pass } = setUp();
    fail(guard, 5);
    pass(200);
    guard.onSuccess(200, 500);
    fail(guard, 5);
    expect(guard.retryAfterMs).toBe(800);
    expect(guard.stats()).toMatchObject({ state: 'open', calls: 5, openedCount: 1 });
  });
});

describe('a half-open breaker', () => {
  function halfOpen(options: BreakerOptions = {}) {
    const all = setUp(options);
    fail(all.guard, 5);
    all.pass(1_000);
    expect(all.guard.tryAcquire()).toBe(true);
    all.changes.length = 0;
    return all;
  }

  it('lets one probe through, and all again when it succeeds', () => {
    const { guard, changes } = halfOpen();
    expect(guard.tryAcquire()).toBe(false);
    guard.onSuccess(1);
    expect(guard.tryAcquire()).toBe(true);
    expect(guard.tryAcquire()).toBe(true);
    expect(changes).toEqual(['half-open > closed: probes-succeeded']);
    expect(guard.stats()).toMatchObject({ calls: 0, failures: 0 });
  });

  it('asks for as many successful probes as it is told, so many at a time', () => {
    const { guard } = halfOpen({ halfOpenCalls: 2, successes: 3 });
    expect(guard.tryAcquire()).toBe(true);
    expect(guard.tryAcquire()).toBe(false);
    guard.onSuccess(1);
    guard.onSuccess(1);
    expect(guard.state).toBe('half-open');
    expect(guard.tryAcquire()).toBe(true);
    guard.onSuccess(1);
    expect(guard.state).toBe('closed');
  });

  it('counts a batch as one probe', () => {
    const { guard } = halfOpen({ successes: 2 });
    guard.onSuccess(1, 500);
    expect(guard.state).toBe('half-open');
  });

  it('takes a slow probe for a failed one where slowness counts', () => {
    const { guard, changes, pass } = halfOpen({ slowCallMs: 300 });
    pass(500);
    guard.onSuccess(500);
    expect(changes).toEqual(['half-open > open: probe-slow']);
  });

  it('grants the permit again when a probe ends without a verdict', () => {
    const { guard } = halfOpen();
    guard.onIgnored();
    expect(guard.state).toBe('half-open');
    expect(guard.tryAcquire()).toBe(true);
    expect(guard.tryAcquire()).toBe(false);
  });

  it('grants the permit again when a probe never reports, and takes its late report for what it is', () => {
    const { guard, pass } = halfOpen({ probeTimeoutMs: 5_000 });
    expect(guard.retryAfterMs).toBe(5_000);
    pass(4_999);
    expect(guard.tryAcquire()).toBe(false);
    pass(1);
    expect(guard.tryAcquire()).toBe(true);
    pass(10);
    guard.onFailure(1, 5_010); // of the lost one
    guard.onIgnored(5_010);
    expect(guard.state).toBe('half-open');
    expect(guard.tryAcquire()).toBe(false);
    guard.onIgnored(10);
    expect(guard.tryAcquire()).toBe(true); // the lost one no longer counts
    guard.onSuccess(0);
    expect(guard.state).toBe('closed');
  });

  it('is neither closed nor opened by a call that began before it opened', () => {
    const { guard, pass } = halfOpen();
    pass(1);
    guard.onSuccess(1_500);
    guard.onFailure(1, 1_500);
    guard.onIgnored(1_500);
    expect(guard.state).toBe('half-open');
    expect(guard.tryAcquire()).toBe(false);
  });

  it('knows its probe by a duration that was rounded up', () => {
    const { guard, pass } = halfOpen();
    pass(0.2);
    guard.onSuccess(2);
    expect(guard.state).toBe('closed');
  });

  it('is moved by nobody while no probe is under way', () => {
    const { guard } = halfOpen();
    guard.onIgnored();
    guard.onSuccess(0);
    guard.onFailure();
    expect(guard.state).toBe('half-open');
  });
});

describe('an operator', () => {
  it('forces it open until told otherwise', () => {
    const { guard, changes, pass } = setUp();
    guard.forceOpen();
    pass(3_600_000);
    expect(guard.tryAcquire()).toBe(false);
    expect(guard.retryAfterMs).toBe(Infinity);
    guard.reset();
    expect(guard.tryAcquire()).toBe(true);
    expect(changes).toEqual(['closed > open: forced', 'open > closed: reset']);
  });

  it('forces it closed, where failures are counted and change nothing', () => {
    const { guard, changes } = setUp();
    guard.forceClosed();
    fail(guard, 100);
    expect(guard.tryAcquire()).toBe(true);
    expect(guard.stats()).toMatchObject({ isForced: true, failures: 100 });
    guard.reset();
    fail(guard, 5);
    expect(changes).toEqual(['closed > open: consecutive-failures']);
  });

  it('resets the open time as well', () => {
    const { guard, pass } = setUp();
    for (let i = 0; i < 3; i++) {
      fail(guard, 5);
      pass(guard.retryAfterMs);
      guard.tryAcquire();
      guard.onSuccess(1);
    }
    guard.reset();
    fail(guard, 5);
    expect(guard.retryAfterMs).toBe(1_000);
  });
});

describe('a listener', () => {
  it('that throws changes nothing', () => {
    const { guard, pass } = setUp();
    guard.onChange = () => {
      throw new Error('listener');
    };
    fail(guard, 5);
    expect(guard.state).toBe('open');
    pass(1_000);
    expect(guard.tryAcquire()).toBe(true);
    expect(guard.tryAcquire()).toBe(false);
    guard.onSuccess(1);
    expect(guard.state).toBe('closed');
  });

  it('may force the breaker from within the call, and is obeyed', () => {
    const { guard, pass } = setUp();
    fail(guard, 5);
    guard.onChange = (_from, to) => {
      if (to === 'half-open') guard.forceOpen();
    };
    pass(1_000);
    expect(guard.tryAcquire()).toBe(false);
    expect(guard.retryAfterMs).toBe(Infinity);
  });
});

describe('run', () => {
  it('counts failures of what is called and foreign errors, not those of the caller or of our own limits', async () => {
    const { guard } = setUp({ consecutiveFailures: Infinity });
    const aborted = new Error('given up');
    aborted.name = 'AbortError';
    const errors = [
      [new NodeError('lost', 'gone'), 1],
      [new TimeoutError('late', 10, true), 2],
      [new Error('foreign'), 3],
      [new NodeError('full', 'OOM'), 3],
      [new TimeoutError('queued', 10, false), 3],
      [new CacheError('ERR_BULKHEAD_FULL', 'full'), 3],
      [aborted, 3],
    ] as const;
    for (const [error, failures] of errors) {
      const outcome = guard.run(() => {
        throw error;
      });
      await expect(outcome).rejects.toBe(error);
      expect(guard.stats().failures).toBe(failures);
    }
  });

  it('refuses with the name and the time to come back, and runs nothing', async () => {
    const { guard } = setUp();
    fail(guard, 5);
    const fn = vi.fn();
    const error = await guard.run(fn).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BreakerOpenError);
    expect(error).toMatchObject({ code: 'ERR_BREAKER_OPEN', node: 'n1', retryAfterMs: 1_000 });
    expect(fn).not.toHaveBeenCalled();
    expect(guard.stats().refusedCount).toBe(1);
  });

  it('measures durations', async () => {
    const { guard, pass } = setUp();
    for (const ms of [10, 20, 60]) await guard.run(() => pass(ms));
    expect(guard.stats()).toMatchObject({ calls: 3, minMs: 10, meanMs: 30, maxMs: 60, windowMs: 10_000 });
  });

  it('gives its probe back when the caller was at fault', async () => {
    const { guard, pass } = setUp();
    fail(guard, 5);
    pass(1_000);
    await expect(guard.run(() => Promise.reject(new NodeError('wrong-type', 'no')))).rejects.toThrow('no');
    expect(guard.state).toBe('half-open');
    await guard.run(() => 1);
    expect(guard.state).toBe('closed');
  });
});

describe('F3: the calendar', () => {
  it('may jump by an hour without moving a breaker on the system clock (planted fault: Date.now)', () => {
    const guard = breaker({ openMs: 60_000, maxOpenMs: 60_000 });
    fail(guard, 5);
    const real = Date.now();
    for (const hours of [1, -1]) {
      vi.spyOn(Date, 'now').mockReturnValue(real + hours * 3_600_000);
      expect(guard.tryAcquire()).toBe(false);
      expect(guard.retryAfterMs).toBeGreaterThan(40_000);
      expect(guard.retryAfterMs).toBeLessThan(80_000);
    }
  });
});

describe('F1: samples taken while our own loop was late', () => {
  it('are left out by reporting them as ignored: nothing opens (planted fault: onIgnored counted)', () => {
    const { guard } = setUp();
    for (let i = 0; i < 50; i++) {
      expect(guard.tryAcquire()).toBe(true);
      guard.onIgnored(300);
    }
    expect(guard.stats()).toMatchObject({ state: 'closed', calls: 0, failures: 0 });
  });
});

describe('the options', () => {
  it.each<[BreakerOptions, string]>([
    [{ failureRate: 0 }, 'breaker.failureRate: must be a number above 0, at most 1, got 0'],
    [
      { consecutiveFailures: 1.5 },
      'breaker.consecutiveFailures: must be an integer of at least 1 or Infinity, got 1.5',
    ],
    [{ windowMs: 1_000, windowCalls: 10 }, 'breaker.windowCalls: must be left out where windowMs is given, got both'],
    [{ openMs: 50, maxOpenMs: 40 }, 'breaker.maxOpenMs: must be at least openMs (50), got 40'],
    [
      { windowCalls: 10, minimumCalls: 11 },
      'breaker.minimumCalls: must be at most windowCalls (10), else no rate is ever judged, got 11',
    ],
  ])('are checked: %j', (options, message) => {
    expect(() => breaker(options)).toThrow(message);
  });

  it('that nobody knows are refused', () => {
    const misspelt = { openMS: 1_000, openMs: 1_000 };
    expect(() => breaker(misspelt)).toThrow(
      /^breaker\.openMS: is not an option; the options are consecutiveFailures, /,
    );
  });
});

describe('the law of the breaker', () => {
  type Step =
    | { readonly kind: 'ask' }
    | { readonly kind: 'pass'; readonly ms: number }
    | { readonly kind: 'settle'; readonly which: number; readonly as: 'success' | 'failure' | 'ignored' };

  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ kind: 'ask' }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 900 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('settle' as const),
        which: fc.nat(20),
        as: fc.constantFrom('success' as const, 'failure' as const, 'ignored' as const),
      }),
    },
  );
  const options = fc.record({
    consecutiveFailures: fc.integer({ min: 1, max: 5 }),
    failureRate: fc.constantFrom(0.2, 0.5, 1),
    minimumCalls: fc.integer({ min: 1, max: 10 }),
    halfOpenCalls: fc.integer({ min: 1, max: 3 }),
    successes: fc.integer({ min: 1, max: 3 }),
    openMs: fc.constantFrom(10, 1_000),
    maxOpenMs: fc.constantFrom(1_000, 8_000),
  });
  const LEGAL = new Set(['closed > open', 'open > half-open', 'half-open > open', 'half-open > closed']);

  it('takes only legal edges, probes within bounds, refuses while the open time runs, and closes once calls succeed', () => {
    fc.assert(
      fc.property(
        options,
        fc.array(step, { maxLength: 200 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (chosen, steps, chance) => {
          // Probes are never lost here: no time limit may release them.
          const { clock, guard, pass } = setUp({ ...chosen, probeTimeoutMs: 10 ** 9 }, () => chance.next().value);
          let under: { readonly startedAt: number; readonly isProbe: boolean }[] = [];
          let openedAt = 0;
          guard.onChange = (from, to) => {
            expect(LEGAL).toContain(`${from} > ${to}`);
            if (to === 'open') openedAt = clock.at;
            if (to !== 'half-open') under = under.map((call) => ({ ...call, isProbe: false }));
          };
          for (const each of steps) {
            if (each.kind === 'pass') pass(each.ms);
            else if (each.kind === 'ask') {
              const before = guard.state;
              const isDue = guard.retryAfterMs === 0;
              const isGranted = guard.tryAcquire();
              expect(isGranted).toBe(isDue);
              if (before === 'open' && isGranted) {
                expect(clock.at - openedAt).toBeGreaterThanOrEqual(
                  Math.min(chosen.openMs, chosen.maxOpenMs) * 0.8 - 0.001,
                );
              }
              if (isGranted) under.push({ startedAt: clock.at, isProbe: guard.state === 'half-open' });
              expect(under.filter((call) => call.isProbe).length).toBeLessThanOrEqual(chosen.halfOpenCalls);
            } else {
              const call = under.splice(each.which % Math.max(1, under.length), 1)[0];
              if (call === undefined) continue;
              const durationMs = clock.at - call.startedAt;
              const before = guard.state;
              if (each.as === 'success') guard.onSuccess(durationMs);
              else if (each.as === 'failure') guard.onFailure(1, durationMs);
              else guard.onIgnored(durationMs);
              if (before === 'open') expect(guard.state).toBe('open');
              if (before === 'half-open' && !call.isProbe) expect(guard.state).toBe('half-open');
            }
          }
          // Liveness: whatever came before, from here on every call succeeds.
          for (const call of under) guard.onIgnored(clock.at - call.startedAt);
          for (let calls = 0; calls < 3; calls++) {
            pass(guard.retryAfterMs);
            expect(guard.tryAcquire()).toBe(true);
            guard.onSuccess(0);
          }
          // The window may still hold failures enough to open it once; then probes close it for good.
          if (guard.state !== 'closed') {
            for (let calls = 0; calls < chosen.successes; calls++) {
              pass(guard.retryAfterMs);
              expect(guard.tryAcquire()).toBe(true);
              guard.onSuccess(0);
            }
          }
          expect(guard.state).toBe('closed');
        },
      ),
    );
  });
});
