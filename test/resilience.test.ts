import { describe, expect, it } from 'vitest';
import { faultOf, NodeError } from '../src/errors.js';
import {
  BreakerOpenError,
  BreakerRegistry,
  BulkheadFullError,
  breaker,
  bulkhead,
  GuardRegistry,
  RateLimitedError,
  RetryBudget,
  rateLimiter,
  recommendPoolSize,
  retry,
} from '../src/resilience.js';
import { FakeClock } from '../src/testing/fake-clock.js';

describe('guards used alone', () => {
  it('stack around any function, outermost first', async () => {
    const clock = new FakeClock();
    const context = { name: 'db', clock, random: () => 0.5 };
    const guard = breaker({}, context);
    const registry = new BreakerRegistry();
    registry.add('db', guard);
    const slots = bulkhead({ maxInFlight: 2 }, context);
    const rate = rateLimiter({ limit: 100 }, context);
    const budget = new RetryBudget({}, context);
    let failures = 2;
    const query = async (): Promise<string> => {
      if (failures-- > 0) throw new NodeError('lost', 'gone');
      return 'row';
    };
    const outcome = retry(
      () => rate.run(() => guard.run(() => slots.run(query))),
      { attempts: 3, attemptMs: 200, totalMs: 500, budget },
      context,
    );
    expect(await clock.until(outcome)).toBe('row');
    expect(registry.stats()).toMatchObject({ db: { calls: 3, failures: 2, state: 'closed' } });
    expect(slots.stats()).toMatchObject({ inFlight: 0, started: 3 });
    expect(rate.stats().passed).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('E3: sends nothing at all while the breaker is open (planted fault: refusals retried)', async () => {
    const clock = new FakeClock();
    const guard = breaker({}, { clock });
    guard.forceOpen();
    const budget = new RetryBudget({}, { clock });
    await expect(retry(() => guard.run(() => 1), { budget }, { clock })).rejects.toBeInstanceOf(BreakerOpenError);
    expect(guard.stats().refusedCount).toBe(1);
    expect(budget.stats().taken).toBe(0);
  });

  it('refuse with errors that blame nobody but us, name the cause and carry no more than sizes and times', () => {
    const fill = { inFlight: 2, maxInFlight: 2, queued: 3, maxQueued: 3, oldestWaitMs: 12.4 };
    const errors = [
      new BreakerOpenError(812.4, { node: 'n1' }),
      new BreakerOpenError(Infinity),
      new BulkheadFullError('full', fill, { node: 'n1', lane: 'bulk' }),
      new BulkheadFullError('age', fill),
      new RateLimitedError(90, { node: 'n1', key: 'k' }),
    ];
    expect(errors.map((error) => `${error}`)).toEqual([
      'BreakerOpenError: the breaker of n1 is open for another 813 ms',
      'BreakerOpenError: the breaker is open until it is reset',
      'BulkheadFullError: the bulkhead of n1 (lane bulk) is full: 2 of 2 in flight, 3 of 3 queued, oldest waits 12 ms',
      'BulkheadFullError: the bulkhead kept the call in its queue for too long: 2 of 2 in flight, 3 of 3 queued, oldest waits 12 ms',
      'RateLimitedError: the rate limit of n1 is used up for another 90 ms',
    ]);
    expect(errors.map(faultOf)).toEqual(['local', 'local', 'local', 'local', 'local']);
    expect(errors[4]).toMatchObject({ node: 'n1', key: 'k', code: 'ERR_RATE_LIMITED' });
  });

  it('come with registries and a size for the pool', () => {
    const perTenant = new GuardRegistry((name) => bulkhead({ maxInFlight: 1 }, { name }));
    expect(perTenant.get('a')).toBe(perTenant.get('a'));
    expect(recommendPoolSize(2_000, 5)).toBe(15);
  });
});
