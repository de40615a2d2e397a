/** A clock set by hand, in one step and synchronously, for parts that look at the time and never wait: a timer is a failure. */

import type { Clock, Timer } from '../../src/base/clock.js';

export class HandClock implements Clock {
  /** Not zero, since a monotonic clock starts anywhere. */
  at = 5_000;

  readonly now = (): number => this.at;

  wall(): number {
    throw new Error('asked for the calendar');
  }

  setTimer(): Timer {
    throw new Error('set a timer');
  }

  setSoon(): void {
    throw new Error('put something off');
  }
}
