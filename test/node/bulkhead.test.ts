import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CacheError } from '../../src/errors.js';
import { type Bulkhead, type BulkheadOptions, bulkhead } from '../../src/node/bulkhead.js';
import { BulkheadFullError } from '../../src/node/guard-errors.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A call that ends when told to. */
class Task {
  isRunning = false;
  resolve: (value: string) => void = () => {};
  reject: (error: Error) => void = () => {};

  readonly fn = (): Promise<string> =>
    new Promise((resolve, reject) => {
      this.isRunning = true;
      this.resolve = (value) => {
        this.isRunning = false;
        resolve(value);
      };
      this.reject = (error) => {
        this.isRunning = false;
        reject(error);
      };
    });
}

function setUp(options: BulkheadOptions) {
  const clock = new FakeClock();
  return { clock, guard: bulkhead(options, { name: 'n1', clock }) };
}

/** Starts a call and keeps what becomes of it, so that no rejection is unhandled. */
function start(guard: Bulkhead, signal?: AbortSignal) {
  const task = new Task();
  const outcome = guard.run(task.fn, signal).catch((error: unknown) => error);
  return { task, outcome };
}

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe('a bulkhead', () => {
  it('E1: runs so many at once, queues so many, and refuses the rest with sizes (planted fault: unbounded queue)', async () => {
    const { guard, clock } = setUp({ maxInFlight: 2, maxQueued: 3 });
    const calls = Array.from({ length: 5 }, () => start(guard));
    await clock.advance(40);
    expect(calls.map(({ task }) => task.isRunning)).toEqual([true, true, false, false, false]);
    const error = await start(guard).outcome;
    expect(error).toBeInstanceOf(BulkheadFullError);
    expect(error).toMatchObject({
      code: 'ERR_BULKHEAD_FULL',
      name: 'BulkheadFullError',
      node: 'n1',
      reason: 'full',
      inFlight: 2,
      maxInFlight: 2,
      queued: 3,
      maxQueued: 3,
      oldestWaitMs: 40,
    });
    expect(guard.stats()).toMatchObject({ started: 2, refused: 1, queued: 3 });
  });

  it('hands a freed slot to a waiting call before a newcomer can take it', async () => {
    const { guard } = setUp({ maxInFlight: 1, maxQueued: 1 });
    const first = start(guard);
    const accepted = start(guard);
    const newcomers: Promise<unknown>[] = [];
    // A newcomer in each microtask around the moment when the slot is free.
    let hops = 0;
    const knock = (): void => {
      newcomers.push(start(guard).outcome);
      if (hops++ < 8) queueMicrotask(knock);
    };
    await microtasks();
    first.task.resolve('done');
    knock();
    await microtasks();
    expect(accepted.task.isRunning).toBe(true);
    accepted.task.resolve('served');
    expect(await accepted.outcome).toBe('served');
  });

  it('never shows a slot free while somebody waits', async () => {
    const { guard } = setUp({ maxInFlight: 1, maxQueued: 10 });
    const calls = Array.from({ length: 5 }, () => start(guard));
    for (const { task } of calls) {
      await microtasks();
      task.resolve('ok');
      for (let hop = 0; hop < 6; hop++) {
        const { inFlight, queued } = guard.stats();
        expect(queued > 0 ? inFlight : 1).toBe(1);
        await Promise.resolve();
      }
    }
    await microtasks();
    expect(guard.stats()).toMatchObject({ inFlight: 0, queued: 0, started: 5 });
  });

  it('frees the slot of a call that throws, now or later', async () => {
    const { guard } = setUp({ maxInFlight: 1 });
    const thrown = new Error('now');
    await expect(
      guard.run(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    const later = start(guard);
    await microtasks();
    later.task.reject(thrown);
    expect(await later.outcome).toBe(thrown);
    expect(await guard.run(() => 'value')).toBe('value');
    expect(guard.stats().inFlight).toBe(0);
  });

  it('takes ten thousand waiting calls that end at once without deep recursion', async () => {
    const { guard } = setUp({ maxInFlight: 1, maxQueued: 10_000 });
    const all = Array.from({ length: 10_000 }, (_, i) => guard.run(() => i));
    expect((await Promise.all(all))[9_999]).toBe(9_999);
  });

  it('keeps the process while somebody waits for a slot, and no longer', async () => {
    const { guard, clock } = setUp({ maxInFlight: 1, maxQueueAgeMs: 80 });
    const setTimer = vi.spyOn(clock, 'setTimer');
    const [first, second] = [start(guard), start(guard)];
    expect(setTimer.mock.lastCall?.slice(1)).toEqual([80, true]);
    first.task.resolve('done');
    await microtasks();
    expect(second.task.isRunning).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    second.task.resolve('done');
    expect(await second.outcome).toBe('done');
  });

  it('refuses what waited too long, with one timer for all of the queue', async () => {
    const { guard, clock } = setUp({ maxInFlight: 1, maxQueueAgeMs: 80 });
    const running = start(guard);
    const waiting = Array.from({ length: 100 }, () => start(guard));
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(79);
    expect(guard.stats().queued).toBe(100);
    await clock.advance(12);
    expect(guard.stats().queued).toBe(0);
    expect(await waiting[0]?.outcome).toMatchObject({ reason: 'age', queued: 100, oldestWaitMs: 80 });
    expect(clock.pendingTimers).toBe(0);
    running.task.resolve('ok');
    expect(await running.outcome).toBe('ok');
  });

  it('sweeps at most eight times per age, and no call waits more than an eighth too long', async () => {
    const { guard, clock } = setUp({ maxInFlight: 1, maxQueueAgeMs: 80 });
    const setTimer = vi.spyOn(clock, 'setTimer');
    start(guard);
    const waits: number[] = [];
    for (let ms = 0; ms < 800; ms++) {
      const since = clock.now();
      void start(guard).outcome.then(() => waits.push(clock.now() - since));
      await clock.advance(1);
    }
    await clock.advance(100);
    expect(waits).toHaveLength(800);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...waits)).toBeLessThanOrEqual(90);
    expect(setTimer.mock.calls.length).toBeLessThanOrEqual(90);
  });

  it('does not start a call that is too old but not yet swept', async () => {
    const { guard, clock } = setUp({ maxInFlight: 1, maxQueueAgeMs: 80 });
    const running = start(guard);
    start(guard);
    await clock.advance(5);
    const second = start(guard);
    await clock.advance(81); // the sweep at 80 took the first; the next comes at 90
    expect(guard.stats().queued).toBe(1);
    running.task.resolve('ok');
    await microtasks();
    expect(second.task.isRunning).toBe(false);
    expect(await second.outcome).toMatchObject({ reason: 'age' });
    expect(guard.stats().inFlight).toBe(0);
  });

  it('F8: lets a waiting call go at once when its signal fires, and leaves no listener behind', async () => {
    const { guard } = setUp({ maxInFlight: 1, maxQueued: 1 });
    const controller = new AbortController();
    const [add, remove] = [
      vi.spyOn(controller.signal, 'addEventListener'),
      vi.spyOn(controller.signal, 'removeEventListener'),
    ];
    const running = start(guard, controller.signal);
    const waiting = start(guard, controller.signal);
    controller.abort(new Error('enough'));
    const error = await waiting.outcome;
    expect(error).toBeInstanceOf(CacheError);
    expect(error).toMatchObject({ code: 'ERR_ABORTED', node: 'n1', cause: new Error('enough') });
    expect(guard.stats()).toMatchObject({ inFlight: 1, queued: 0 });
    // The slot of the running call stays taken until the call itself ends.
    const next = start(guard);
    await microtasks();
    expect(next.task.isRunning).toBe(false);
    running.task.resolve('ok');
    await microtasks();
    expect(next.task.isRunning).toBe(true);
    next.task.resolve('ok');
    expect(await start(guard, controller.signal).outcome).toMatchObject({ code: 'ERR_ABORTED' });
    expect(add.mock.calls.length).toBe(1);
    const granted = new AbortController();
    const forgotten = vi.spyOn(granted.signal, 'removeEventListener');
    const holder = start(guard);
    const queued = start(guard, granted.signal);
    await microtasks();
    holder.task.resolve('ok');
    await microtasks();
    queued.task.resolve('ok');
    await queued.outcome;
    expect(forgotten).toHaveBeenCalledTimes(1);
    expect(remove.mock.calls.length).toBeLessThanOrEqual(1);
  });

  it('passes the slot on when the signal fires between grant and start', async () => {
    const { guard } = setUp({ maxInFlight: 1 });
    const controller = new AbortController();
    let release = (): void => {};
    const running = guard.run(() => new Promise<void>((resolve) => (release = resolve)));
    const granted = start(guard, controller.signal);
    const after = start(guard);
    release(); // the slot is handed on in the next microtask …
    queueMicrotask(() => controller.abort()); // … this is the one after it, and the call would start in the third
    await running;
    expect(granted.task.isRunning).toBe(false);
    expect(await granted.outcome).toMatchObject({ code: 'ERR_ABORTED' });
    await microtasks();
    expect(after.task.isRunning).toBe(true);
  });

  it('runs a call in the async context of its caller', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const storage = new AsyncLocalStorage<string>();
    const { guard } = setUp({ maxInFlight: 1 });
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((name) => storage.run(name, () => guard.run(async () => storage.getStore()))),
    );
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('F6: refuses what waits and what comes when closed, twice as well as once, and lets the rest end', async () => {
    const { guard, clock } = setUp({ maxInFlight: 1, maxQueueAgeMs: 1_000 });
    const running = start(guard);
    const waiting = start(guard);
    guard.close();
    guard.close();
    expect(await waiting.outcome).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await start(guard).outcome).toMatchObject({ code: 'ERR_CLOSED' });
    expect(clock.pendingTimers).toBe(0);
    running.task.resolve('ok');
    expect(await running.outcome).toBe('ok');
    expect(guard.stats().inFlight).toBe(0);
  });

  it('checks its options', () => {
    expect(() => bulkhead({ maxInFlight: 0 })).toThrow('bulkhead.maxInFlight: must be an integer of at least 1, got 0');
    expect(() => bulkhead({ maxQueueAgeMs: Number.NaN })).toThrow('bulkhead.maxQueueAgeMs: must be a number of milli');
  });
});

describe('the law of the bulkhead', () => {
  type Step =
    | { readonly kind: 'call' }
    | { readonly kind: 'end' | 'throw' | 'abort'; readonly which: number }
    | { readonly kind: 'pass'; readonly ms: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.constant<Step>({ kind: 'call' }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom('end' as const, 'throw' as const, 'abort' as const),
        which: fc.nat(30),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(60) }) },
  );

  it('keeps its limits, starts calls in the order accepted, and gives every slot back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ maxInFlight: fc.integer({ min: 1, max: 4 }), maxQueued: fc.nat(5) }),
        fc.array(step, { maxLength: 60 }),
        async (limits, steps) => {
          const { guard, clock } = setUp({ ...limits, maxQueueAgeMs: 50 });
          const started: number[] = [];
          const calls: { task: Task; controller: AbortController; outcome: Promise<unknown> }[] = [];
          const check = (): void => {
            const running = calls.filter(({ task }) => task.isRunning).length;
            const { inFlight, queued } = guard.stats();
            expect(running).toBeLessThanOrEqual(inFlight);
            expect(inFlight).toBeLessThanOrEqual(limits.maxInFlight);
            expect(queued).toBeLessThanOrEqual(limits.maxQueued);
            if (queued > 0) expect(inFlight).toBe(limits.maxInFlight);
          };
          for (const each of steps) {
            const running = calls.filter(({ task }) => task.isRunning);
            if (each.kind === 'call') {
              const task = new Task();
              const controller = new AbortController();
              const number = calls.length;
              const outcome = guard
                .run(() => {
                  started.push(number);
                  return task.fn();
                }, controller.signal)
                .catch((error: unknown) => error);
              calls.push({ task, controller, outcome });
            } else if (each.kind === 'pass') await clock.advance(each.ms);
            else if (each.kind === 'abort') calls[each.which % Math.max(1, calls.length)]?.controller.abort();
            else if (each.kind === 'end') running[each.which % Math.max(1, running.length)]?.task.resolve('ok');
            else running[each.which % Math.max(1, running.length)]?.task.reject(new Error('thrown'));
            check();
            if (each.kind !== 'call') await microtasks();
            check();
          }
          for (let open = calls; open.length > 0; open = calls.filter(({ task }) => task.isRunning)) {
            for (const { task } of open) if (task.isRunning) task.resolve('ok');
            await microtasks();
            check();
          }
          await Promise.all(calls.map(({ outcome }) => outcome)); // every call settles
          expect(guard.stats()).toMatchObject({ inFlight: 0, queued: 0 });
          expect(started).toEqual([...started].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });
});
