import { describe, expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { CacheError, NodeError, TimeoutError } from '../../src/errors.js';
import { attemptsOf, retry } from '../../src/node/retry.js';
import type { Attempt } from '../../src/node/retry-attempt.js';
import { RetryBudget } from '../../src/node/retry-budget.js';
import type { RetryNotice, RetryOptions } from '../../src/node/retry-options.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** Without jitter: waits of 10, 20, 40 … ms. */
const PLAIN = { jitter: 'none', baseMs: 10 } as const;

function setUp() {
  const clock = new FakeClock();
  const start = clock.now();
  const times: number[] = [];
  const failing = (): Promise<string> => {
    times.push(clock.now() - start);
    return Promise.reject(new NodeError('lost', `failure ${times.length}`));
  };
  return { clock, times, failing };
}

describe('retry', () => {
  it('returns what the first attempt returns, at once or later, and sets no timer', async () => {
    const { clock } = setUp();
    expect(await retry(() => 1, {}, { clock })).toBe(1);
    expect(await retry(async () => 2, {}, { clock })).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps the process while somebody waits: in a pause, and in an attempt that has a limit', async () => {
    const waits: [number, boolean | undefined][] = [];
    const clock: Clock = {
      ...systemClock,
      setTimer(task, ms, isAwaited) {
        waits.push([ms, isAwaited]);
        return systemClock.setTimer(task, ms, isAwaited);
      },
    };
    const fails = (): never => {
      throw new NodeError('lost', 'failure');
    };
    await expect(retry(fails, { ...PLAIN, attempts: 2, attemptMs: 500 }, { clock })).rejects.toThrow('failure');
    expect(waits).toEqual([
      [500, true],
      [10, true],
      [500, true],
    ]);
  });

  it('tries again after growing waits and throws the last error itself, with the attempts noted', async () => {
    const { clock, times, failing } = setUp();
    const outcome = retry(failing, { ...PLAIN, attempts: 4 }, { clock }).catch((error: unknown) => error);
    const error = await clock.until(outcome);
    expect(times).toEqual([0, 10, 30, 70]);
    expect(error).toBeInstanceOf(NodeError);
    expect(error).toMatchObject({ message: 'failure 4', attempts: 4 });
    expect(attemptsOf(error)).toBe(4);
  });

  it('stops at the first success', async () => {
    const { clock } = setUp();
    const fn = vi.fn((attempt: Attempt) => {
      if (attempt.number < 3) throw new Error('not yet');
      return attempt.number;
    });
    expect(await clock.until(retry(fn, PLAIN, { clock }))).toBe(3);
    expect(fn).toHaveBeenCalledTimes(3);
  });

  it.each([
    ['an open breaker', new CacheError('ERR_BREAKER_OPEN', 'open'), 1],
    ['a full bulkhead', new CacheError('ERR_BULKHEAD_FULL', 'full'), 1],
    ['a refused value', new NodeError('full', 'OOM'), 1],
    ['a lost connection', new NodeError('lost', 'gone'), 3],
    ['a loading node', new NodeError('loading', 'LOADING'), 3],
    ['a foreign error', new Error('whatever'), 3],
    ['a bare value', 'thrown text', 3],
  ])('by default takes %s for %o after %i attempts', async (_what, thrown, attempts) => {
    const { clock } = setUp();
    const fn = vi.fn(() => Promise.reject(thrown));
    const outcome = retry(fn, PLAIN, { clock }).catch((error: unknown) => error);
    expect(await clock.until(outcome)).toBe(thrown);
    expect(fn).toHaveBeenCalledTimes(attempts);
    expect(attemptsOf(thrown)).toBe(thrown instanceof Error ? attempts : undefined);
  });

  it('asks the caller which errors and results are worth another attempt', async () => {
    const { clock } = setUp();
    const answers = [() => Promise.reject(new Error('again')), () => Promise.resolve(0), () => Promise.resolve(7)];
    const options: RetryOptions<number> = {
      ...PLAIN,
      isRetryable: (error, attempts) => error instanceof Error && error.message === 'again' && attempts === 1,
      isRetryableResult: (result) => result === 0,
    };
    const fn = vi.fn((attempt: Attempt) => answers[attempt.number - 1]?.() ?? Promise.resolve(-1));
    expect(await clock.until(retry(fn, options, { clock }))).toBe(7);
  });

  it('returns the last result where none was good enough', async () => {
    const { clock } = setUp();
    const outcome = retry((attempt) => attempt.number, { ...PLAIN, isRetryableResult: () => true }, { clock });
    expect(await clock.until(outcome)).toBe(3);
  });

  it('ends with the error of a predicate that throws', async () => {
    const { clock, failing } = setUp();
    const isRetryable = (): boolean => {
      throw new Error('predicate');
    };
    await expect(retry(failing, { isRetryable }, { clock })).rejects.toThrow('predicate');
  });

  it('F9: is not disturbed by a listener that throws, and tells it before each wait', async () => {
    const { clock, failing } = setUp();
    const notices: RetryNotice[] = [];
    const onRetry = (notice: RetryNotice): void => {
      notices.push(notice);
      throw new Error('listener');
    };
    const outcome = retry(failing, { ...PLAIN, onRetry }, { clock }).catch((error: unknown) => error);
    expect(await clock.until(outcome)).toMatchObject({ message: 'failure 3' });
    expect(notices.map(({ attempts, delayMs }) => [attempts, delayMs])).toEqual([
      [1, 10],
      [2, 20],
    ]);
  });

  it('throws a frozen error as it is', async () => {
    const { clock } = setUp();
    const frozen = Object.freeze(new Error('frozen'));
    await expect(retry(() => Promise.reject(frozen), { attempts: 1 }, { clock })).rejects.toBe(frozen);
    expect(attemptsOf(frozen)).toBeUndefined();
  });
});

describe('the deadline of a retry', () => {
  it('ends an attempt that hangs', async () => {
    const { clock } = setUp();
    const signals: AbortSignal[] = [];
    const hang = ({ signal }: Attempt): Promise<never> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const outcome = retry(hang, { totalMs: 500 }, { clock }).catch((error: unknown) => error);
    await clock.advance(499);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(await outcome).toBeInstanceOf(TimeoutError);
    expect(await outcome).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 500, attempts: 1 });
    expect(signals[0]?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets attempts that hang be tried again, each within attemptMs and all within totalMs', async () => {
    const { clock } = setUp();
    const begun: [at: number, remainingMs: number][] = [];
    const start = clock.now();
    const hang = ({ remainingMs }: Attempt): Promise<never> => {
      begun.push([clock.now() - start, remainingMs]);
      return new Promise(() => {});
    };
    const options: RetryOptions<never> = { ...PLAIN, attempts: 10, attemptMs: 200, totalMs: 500 };
    const outcome = retry(hang, options, { clock }).catch((error: unknown) => error);
    await clock.advance(500);
    const error = await outcome;
    expect(begun).toEqual([
      [0, 500],
      [210, 290],
      [430, 70],
    ]);
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 70, attempts: 3 });
    expect(error).toHaveProperty('cause.timeoutMs', 200);
  });

  it('E3: begins no attempt that has no room in it (planted fault: room not asked for)', async () => {
    const { clock, times, failing } = setUp();
    const budget = new RetryBudget({}, { clock });
    const options: RetryOptions<string> = { ...PLAIN, attempts: 9, totalMs: 100, minAttemptMs: 50, budget };
    const outcome = retry(failing, options, { clock }).catch((error: unknown) => error);
    expect(await clock.until(outcome)).toMatchObject({ message: 'failure 3', attempts: 3 });
    expect(times).toEqual([0, 10, 30]); // the next would begin at 70 with 30 ms left
    expect(budget.stats().taken).toBe(2);
  });

  it('drops what an attempt answers after it was given up', async () => {
    const { clock } = setUp();
    let answerLate: (value: string) => void = () => {};
    const fn = ({ number }: Attempt): Promise<string> =>
      number === 1 ? new Promise((resolve) => (answerLate = resolve)) : new Promise(() => {});
    const options: RetryOptions<string> = { ...PLAIN, attemptMs: 50, totalMs: 200 };
    const outcome = retry(fn, options, { clock }).catch((error: unknown) => error);
    await clock.advance(80);
    answerLate('late');
    await clock.advance(200);
    expect(await outcome).toBeInstanceOf(TimeoutError);
  });

  it('begins no attempt at the very end of it', async () => {
    const { clock, times, failing } = setUp();
    const outcome = retry(failing, { ...PLAIN, totalMs: 10 }, { clock }).catch((error: unknown) => error);
    expect(await clock.until(outcome)).toMatchObject({ message: 'failure 1', attempts: 1 });
    expect(times).toEqual([0]);
  });

  it('F1: takes an answer that lies unread when the timer fires late (planted fault: verdict without a turn)', async () => {
    // One turn of the event loop after it was blocked: first the timers, then the sockets, then what was put off.
    const timers: (() => void)[] = [];
    const soon: (() => void)[] = [];
    const clock: Clock = {
      now: () => 0,
      wall: () => 0,
      setTimer: (task) => {
        timers.push(task);
        return { cancel: () => timers.splice(timers.indexOf(task), 1) };
      },
      setSoon: (task) => soon.push(task),
    };
    let answer: (value: string) => void = () => {};
    const outcome = retry(() => new Promise<string>((resolve) => (answer = resolve)), { totalMs: 100 }, { clock });
    expect(timers).toHaveLength(1);
    for (const timer of [...timers]) timer();
    answer('read in time');
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (const task of soon) task();
    expect(await outcome).toBe('read in time');
    expect(soon).toHaveLength(1);
  });

  it('F3: ignores the calendar', async () => {
    const { clock, times, failing } = setUp();
    const outcome = retry(failing, { ...PLAIN, totalMs: 500 }, { clock }).catch((error: unknown) => error);
    clock.jumpWall(3_600_000);
    await clock.until(outcome);
    expect(times).toEqual([0, 10, 30]);
  });
});

describe('the signal of a retry', () => {
  it('F8: keeps even the first attempt from beginning once it has fired', async () => {
    const { clock, failing, times } = setUp();
    const outcome = retry(failing, { signal: AbortSignal.abort('why') }, { clock });
    await expect(outcome).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: 'why' });
    expect(times).toEqual([]);
  });

  it('F8: settles at once in the middle of an attempt, passes it on and leaves no timer or listener', async () => {
    const { clock } = setUp();
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    let inner: AbortSignal | undefined;
    const hang = ({ signal }: Attempt): Promise<never> => {
      inner = signal;
      return new Promise(() => {});
    };
    const options: RetryOptions<never> = { signal: controller.signal, totalMs: 500, isRetryable: () => true };
    const outcome = retry(hang, options, { clock }).catch((error: unknown) => error);
    await clock.advance(10);
    controller.abort();
    expect(await outcome).toMatchObject({ code: 'ERR_ABORTED', attempts: 1 });
    expect(inner?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    expect(remove).toHaveBeenCalledTimes(1);
  });

  it('F8: settles at once in the middle of a wait', async () => {
    const { clock, failing, times } = setUp();
    const controller = new AbortController();
    const options: RetryOptions<string> = { ...PLAIN, baseMs: 1_000, signal: controller.signal };
    const outcome = retry(failing, options, { clock }).catch((error: unknown) => error);
    await clock.advance(10);
    expect(clock.pendingTimers).toBe(1);
    controller.abort();
    expect(await outcome).toMatchObject({ code: 'ERR_ABORTED' });
    expect(clock.pendingTimers).toBe(0);
    expect(times).toEqual([0]);
  });

  it('is handed to an attempt that asks for it only after it was given up', async () => {
    const { clock } = setUp();
    const late: boolean[] = [];
    const fn = async (attempt: Attempt): Promise<never> => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 100));
      late.push(attempt.signal.aborted);
      throw new Error('late');
    };
    const outcome = retry(fn, { attempts: 1, attemptMs: 50 }, { clock }).catch((error: unknown) => error);
    await clock.advance(200);
    expect(await outcome).toBeInstanceOf(TimeoutError);
    expect(late).toEqual([true]);
  });
});

describe('the budget of a retry', () => {
  it('E3: is shared by all calls: with everything failing, a tenth is tried again (planted fault: budget not asked)', async () => {
    const { clock, times, failing } = setUp();
    const budget = new RetryBudget({ reservePerSecond: 0 }, { clock });
    for (let call = 0; call < 200; call++) {
      await clock.until(retry(failing, { ...PLAIN, budget }, { clock }).catch((error: unknown) => error));
    }
    expect(times).toHaveLength(220);
  });
});

describe('the options of a retry', () => {
  it.each<[RetryOptions<unknown>, string]>([
    [{ attempts: 0 }, 'retry.attempts: must be an integer from 1 to 100, got 0'],
    [{ baseMs: 500, maxMs: 100 }, 'retry.maxMs: must be at least baseMs (500), got 100'],
    [{ totalMs: Number.NaN }, 'retry.totalMs: must be a number of milliseconds of at least 0, or Infinity, got NaN'],
    [JSON.parse('{ "budget": 3 }'), 'retry.budget: must be a RetryBudget, got 3'],
    [JSON.parse('{ "signal": {} }'), 'retry.signal: must be an AbortSignal, got an object'],
    [JSON.parse('{ "retries": 3 }'), 'retry.retries: is not an option'],
  ])('are checked before anything runs: %j', async (options, message) => {
    const fn = vi.fn();
    await expect(retry(fn, options)).rejects.toThrow(message);
    expect(fn).not.toHaveBeenCalled();
  });

  it('take a maximum below the default base for the base', async () => {
    const { clock, times, failing } = setUp();
    const outcome = retry(failing, { jitter: 'none', maxMs: 5 }, { clock }).catch((error: unknown) => error);
    await clock.until(outcome);
    expect(times).toEqual([0, 5, 10]);
  });
});
