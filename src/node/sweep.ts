/**
 * One coarse timer for the deadlines of a whole client, armed only while something is outstanding.
 *
 * A verdict never falls in the timer's own phase: the sockets get their turn first, so that an answer that has arrived
 * is not called late. If the timer itself is late, our own event loop was blocked, and the verdict waits for the next
 * sweep, when what the kernel holds has been read.
 */

import type { Clock } from '../base/clock.js';

export interface Swept {
  /** Expires what is due at `now`; answers whether anything is still outstanding. */
  sweep(now: number): boolean;
}

export const SWEEP_MS = 8;
const LATE_MS = 20;

export class Sweep {
  readonly #clock: Clock;
  readonly #members = new Set<Swept>();
  #isArmed = false;
  #dueAt = 0;
  /** Sweeps that came late because our own event loop was blocked. */
  lateCount = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sweeps `member` until it answers that nothing is outstanding. */
  watch(member: Swept): void {
    this.#members.add(member);
    if (!this.#isArmed) this.#arm();
  }

  #arm(): void {
    this.#isArmed = true;
    this.#dueAt = this.#clock.now() + SWEEP_MS;
    this.#clock.setTimer(this.#fire, SWEEP_MS);
  }

  readonly #fire = (): void => {
    if (this.#clock.now() - this.#dueAt > LATE_MS) {
      this.lateCount++;
      this.#arm();
    } else this.#clock.setSoon(this.#judge);
  };

  readonly #judge = (): void => {
    const now = this.#clock.now();
    for (const member of this.#members) if (!member.sweep(now)) this.#members.delete(member);
    if (this.#members.size > 0) this.#arm();
    else this.#isArmed = false;
  };
}
