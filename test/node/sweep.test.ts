import { describe, expect, it } from 'vitest';
import { Sweep } from '../../src/node/sweep.js';
import { BlockedClock } from '../support/blocked-clock.js';

describe('a sweep', () => {
  it('judges by the moment at which its timer fired: what blocked our own event loop after that is no delay of a node', async () => {
    const clock = new BlockedClock();
    const sweep = new Sweep(clock);
    const judgedAt: number[] = [];
    const beganAt = clock.now();
    sweep.watch({ sweep: (now) => judgedAt.push(now - beganAt) < 2 });
    await clock.advance(8);
    // The timer has fired, the verdict stands next in the queue of its turn, and what stood before it takes its time.
    clock.block(600);
    clock.runSoon();
    expect(judgedAt).toEqual([8]);
    expect([sweep.lateCount, sweep.latenessMs(clock.now())]).toEqual([1, 600]);
    await clock.advance(8);
    clock.runSoon();
    expect(judgedAt).toEqual([8, 616]);
  });
});
