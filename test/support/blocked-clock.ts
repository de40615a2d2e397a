/** A clock for a loop that stands still between a timer and what its turn puts off: `setSoon` tasks run only when told, and time passes without any timer. */

import type { Clock } from '../../src/base/clock.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

export class BlockedClock implements Clock {
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
