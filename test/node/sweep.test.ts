import { describe, expect, it } from 'vitest';
import { Sweep } from '../../src/node/sweep.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

/** A clock whose `setSoon` tasks run only when told, and whose time passes without any timer meanwhile: a blocked loop. */
class BlockedClock {
  readonly #clock = new FakeClock();
  #blockedMs = 0;
  #soon: (() => void)[] = [];

  readonly now = (): number => this.#clock.now() + this.#blockedMs;
  readonly wall = (): number => this.#clock.wall() + this.#blockedMs;
  readonly setTimer: FakeClock['setTimer'] = (task, ms) => this.#clock.setTimer(task, ms);
  readonly setSoon = (task: () => void): void => void this.#soon.push(task);

  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  block(ms: number): void {
    this.#blockedMs += ms;
  }

  runSoon(): void {
    for (const task of this.#soon.splice(0)) task();
  }
}

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
    await clock.advance(8);
    clock.runSoon();
    expect(judgedAt).toEqual([8, 616]);
  });
});
