import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';
import { CacheError, TimeoutError } from '../../src/errors.js';
import { Generations } from '../../src/near/generations.js';
import { SingleFlight } from '../../src/near/single-flight.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const HASH = secondHash('k');

/** A flight whose landing the test decides, and how often one began. */
class Runway {
  began = 0;
  snapshot = -1;
  land: (value: string) => void = () => {};
  crash: (error: unknown) => void = () => {};

  readonly begin = (snapshot: number): Promise<string> => {
    this.began++;
    this.snapshot = snapshot;
    return new Promise((resolve, reject) => {
      this.land = resolve;
      this.crash = reject;
    });
  };
}

function setUp() {
  const clock = new FakeClock();
  const generations = new Generations();
  return { clock, generations, flights: new SingleFlight<string>(generations, clock), runway: new Runway() };
}

async function codeOf(outcome: Promise<unknown>): Promise<string> {
  const error: unknown = await outcome.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof CacheError ? error.code : 'no CacheError';
}

describe('SingleFlight', () => {
  it('E5 begins one flight for 10,000 who ask at once', async () => {
    const { flights, runway } = setUp();
    const outcomes = Array.from({ length: 10_000 }, () => flights.join('k', HASH, runway.begin));
    expect(runway.began).toBe(1);
    expect(flights.size).toBe(1);
    runway.land('v');
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['v']));
    expect(flights.size).toBe(0);
  });

  it('E6 begins exactly one for 1,000 callers, each with a signal or deadline of its own', async () => {
    const { clock, flights, runway } = setUp();
    const { signal } = new AbortController();
    const outcomes = Array.from({ length: 1_000 }, (_, i) =>
      flights.join('k', HASH, runway.begin, i % 2 === 0 ? { signal } : { timeoutMs: 100 + i }),
    );
    runway.land('v');
    expect(await Promise.all(outcomes)).toEqual(Array(1_000).fill('v'));
    expect(runway.began).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('flies apart for different keys', async () => {
    const { flights } = setUp();
    const outcomes = ['a', 'b', '__proto__', 'constructor'].map((key) =>
      flights.join(key, secondHash(key), async () => key),
    );
    expect(flights.size).toBe(4);
    expect(await Promise.all(outcomes)).toEqual(['a', 'b', '__proto__', 'constructor']);
  });

  it('E7 S20 hands the same error to all aboard, keeps nothing of it, and begins anew for the next', async () => {
    const { flights, runway } = setUp();
    const outcomes = Array.from({ length: 5 }, () => flights.join('k', HASH, runway.begin));
    const error = new Error('loader');
    runway.crash(error);
    const settled = await Promise.allSettled(outcomes);
    for (const outcome of settled) expect(outcome).toEqual({ status: 'rejected', reason: error });
    const retried = flights.join('k', HASH, runway.begin);
    runway.land('v');
    expect(await retried).toBe('v');
    expect(runway.began).toBe(2);
  });

  it('E7 has left the table before anyone aboard hears of it', async () => {
    const { flights, runway } = setUp();
    const sizes: number[] = [];
    const plain = flights.join('k', HASH, runway.begin).catch(() => sizes.push(flights.size));
    const timed = flights.join('k', HASH, runway.begin, { timeoutMs: 50 }).catch(() => sizes.push(flights.size));
    runway.crash(new Error('loader'));
    await Promise.all([plain, timed]);
    expect(sizes).toEqual([0, 0]);
  });

  it('E7 makes an error of what begin throws at once', async () => {
    const { flights } = setUp();
    const error = new Error('at once');
    const outcome = flights.join('k', HASH, () => {
      throw error;
    });
    await expect(outcome).rejects.toBe(error);
    expect(flights.size).toBe(0);
  });

  it('E7 lets each waiter of a hung flight go at its own deadline', async () => {
    const { clock, flights, runway } = setUp();
    const short = flights.join('k', HASH, runway.begin, { timeoutMs: 100 });
    const long = flights.join('k', HASH, runway.begin, { timeoutMs: 300 });
    await expect(clock.until(short)).rejects.toBeInstanceOf(TimeoutError);
    expect(clock.now()).toBe(100);
    runway.land('v');
    expect(await clock.until(long)).toBe('v');
    expect(clock.now()).toBe(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('E7 ends a hung flight at its limit, so that the next caller begins anew', async () => {
    const { clock, flights, runway } = setUp();
    const hung = flights.join('k', HASH, runway.begin, { flightMs: 1_000 });
    const joined = flights.join('k', HASH, runway.begin);
    const codes = Promise.all([codeOf(hung), codeOf(joined)]);
    await clock.advance(1_000);
    expect(await codes).toEqual(['ERR_TIMEOUT', 'ERR_TIMEOUT']);
    expect(flights.size).toBe(0);
    const crashLate = runway.crash;
    const next = flights.join('k', HASH, runway.begin, { flightMs: 1_000 });
    crashLate(new Error('too late for anyone'));
    await clock.drain();
    expect(flights.size).toBe(1);
    runway.land('v');
    expect(await next).toBe('v');
    expect(clock.pendingTimers).toBe(0);
  });

  it('F8 lets a waiter leave by its signal without disturbing the others', async () => {
    const { clock, flights, runway } = setUp();
    const controller = new AbortController();
    const reason = new Error('user left');
    const leaving = flights.join('k', HASH, runway.begin, { signal: controller.signal, timeoutMs: 100 });
    const staying = flights.join('k', HASH, runway.begin);
    controller.abort(reason);
    await expect(leaving).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    expect(clock.pendingTimers).toBe(0);
    runway.land('v');
    expect(await staying).toBe('v');
  });

  it('F8 R14 begins nothing for a signal that has already aborted', async () => {
    const { flights, runway } = setUp();
    expect(await codeOf(flights.join('k', HASH, runway.begin, { signal: AbortSignal.abort() }))).toBe('ERR_ABORTED');
    expect(runway.began).toBe(0);
  });

  it('leaves no rejection unhandled when every waiter has gone before the flight fails', async () => {
    const { clock, flights, runway } = setUp();
    const controller = new AbortController();
    const gone = codeOf(flights.join('k', HASH, runway.begin, { signal: controller.signal }));
    controller.abort();
    expect(await gone).toBe('ERR_ABORTED');
    const unhandled: unknown[] = [];
    const listener = (error: unknown): number => unhandled.push(error);
    process.on('unhandledRejection', listener);
    runway.crash(new Error('nobody is listening'));
    await clock.drain();
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
    expect(flights.size).toBe(0);
  });

  it('W11 is joined by nobody after a write was issued, while those aboard still land', async () => {
    const { generations, flights, runway } = setUp();
    const before = flights.join('k', HASH, runway.begin);
    const landOld = runway.land;
    const snapshotOld = runway.snapshot;
    generations.bump(HASH);
    const after = flights.join('k', HASH, runway.begin);
    expect(runway.began).toBe(2);
    expect(generations.isCurrent(HASH, snapshotOld)).toBe(false);
    expect(generations.isCurrent(HASH, runway.snapshot)).toBe(true);
    landOld('old');
    expect(await before).toBe('old');
    // The old flight's landing leaves the new one in the table.
    expect(flights.size).toBe(1);
    const alsoAfter = flights.join('k', HASH, runway.begin);
    runway.land('new');
    expect(await Promise.all([after, alsoAfter])).toEqual(['new', 'new']);
    expect(runway.began).toBe(2);
  });

  it('runs in the async context of whoever started the flight', async () => {
    const { flights } = setUp();
    const request = new AsyncLocalStorage<string>();
    const begin = async (): Promise<string> => request.getStore() ?? 'lost';
    const first = request.run('first', () => flights.join('k', HASH, begin));
    const second = request.run('second', () => flights.join('k', HASH, begin));
    expect(await Promise.all([first, second])).toEqual(['first', 'first']);
  });

  it('meets its limit instead of recursing when a flight asks for its own key', async () => {
    const { clock, flights } = setUp();
    const begin = (): Promise<string> => flights.join('k', HASH, begin);
    const outcome = codeOf(flights.join('k', HASH, begin, { flightMs: 100 }));
    await clock.advance(100);
    expect(await outcome).toBe('ERR_TIMEOUT');
    expect(flights.size).toBe(0);
  });
});
