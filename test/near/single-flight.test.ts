import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';
import { Generations } from '../../src/near/generations.js';
import { SingleFlight } from '../../src/near/single-flight.js';

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
  const generations = new Generations();
  return { generations, flights: new SingleFlight<string>(generations), runway: new Runway() };
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
    const waiting = [1, 2].map(() => flights.join('k', HASH, runway.begin).catch(() => sizes.push(flights.size)));
    runway.crash(new Error('loader'));
    await Promise.all(waiting);
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

  it('lets a flight that asks for its own key join itself', async () => {
    const { flights } = setUp();
    let began = 0;
    const begin = async (): Promise<string> => {
      began++;
      void flights.join('k', HASH, begin);
      return 'v';
    };
    expect(await flights.join('k', HASH, begin)).toBe('v');
    expect(began).toBe(1);
  });
});
