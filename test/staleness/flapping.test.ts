/**
 * A node that comes and goes all the time (every 2 s and worse; here within tenths of a second): the ring changes ever more
 * rarely, nothing stale is read, and every call settles in time. `test/soak/flapping.js` does it for a minute in real time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stopwatch } from '../support/stopwatch.js';
import type { TestCodec } from './support/values.js';
import { keysOf, World } from './support/world.js';

const FLAP_MS = 150;
const FLAPS = 20;
const HOLD_MS = 60;
const TOTAL_MS = 250;
/** What a busy machine may add to the end of a call. */
const LATENESS_MS = 250;

describe('a node that flaps', () => {
  it.each([
    ['redis', 'json'],
    ['memcached', 'string'],
  ] as const)('on %s with codec %s: few ring changes, nothing stale, all settled', async (kind, codec: TestCodec) => {
    const world = new World(kind, codec, []);
    const servers = await Promise.all([world.server(), world.server(), world.server()]);
    const [first, second, third] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
    const proxy = await world.proxy(first);
    const watched = await world.cache({
      namespace: 'flapping',
      nodes: [world.node('a', proxy), world.node('b', second), world.node('c', third)],
      health: {
        intervalMs: 20,
        // What flaps is refused at once; that the others are late on a busy machine is no outage.
        timeoutMs: 1_500,
        unhealthyAfter: 2,
        healthyAfter: 1,
        ejectionMs: HOLD_MS,
        maxEjectionMs: 60_000,
        warmingSteps: 2,
        warmingMs: 5,
      },
    });
    const { cache } = watched;
    const [ill, well] = [keysOf(cache, 20, 'a'), [...keysOf(cache, 10, 'b', 'b'), ...keysOf(cache, 10, 'c', 'c')]];
    const ejectedAt: number[] = [];
    cache.on('nodeEjected', ({ node }) => node === 'a' && ejectedAt.push(performance.now()));
    await Promise.all([...ill, ...well].map((key) => watched.set(key)));

    let [open, late, isOver] = [0, 0, false];
    const timed = async (call: Promise<unknown>): Promise<void> => {
      open++;
      const ownMs = stopwatch();
      await call;
      open--;
      if (ownMs() > TOTAL_MS + LATENESS_MS) late++;
    };
    const under: Promise<void>[] = [];
    const load = async (): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const key = (i % 2 === 0 ? ill : well)[i % 20] as string;
        under.push(timed(i % 5 === 0 ? watched.delete(key) : watched.set(key)), timed(watched.read([...ill, ...well])));
        // A busy machine has so many calls under way, and no more.
        do await sleep(10);
        while (open > 100 && !isOver);
      }
    };
    const loading = load();
    const began = performance.now();
    for (let i = 0; i < FLAPS; i++) {
      if (i % 2 === 0) {
        proxy.refuse();
        proxy.reset();
      } else await proxy.heal();
      await sleep(FLAP_MS);
    }
    const tookMs = performance.now() - began;
    isOver = true;
    await loading;
    await Promise.all(under);
    expect(watched.stale).toEqual([]);
    expect([open, late]).toEqual([0, 0]);
    expect(watched.hits / watched.reads).toBeGreaterThan(0.4);
    // The k-th time it is kept out for twice as long as before: all of them together took no longer than this.
    expect(ejectedAt.length).toBeGreaterThan(0);
    expect(ejectedAt.length).toBeLessThanOrEqual(Math.ceil(Math.log2(tookMs / HOLD_MS + 1)) + 1);
    await proxy.heal();
  });
});
