/**
 * One coarse timer for the deadlines of a whole client, armed only while something is outstanding.
 *
 * A verdict never falls in the timer's own phase: the sockets get their turn first, so that an answer that has arrived
 * is not called late. If the timer itself is late, our own event loop was blocked, and the verdict waits for the next
 * sweep, when what the kernel holds has been read. It waits once: a process that is always late still keeps its deadlines,
 * as well as it can. How late we were is left out of what is held against a node.
 */

import type { Clock } from '../base/clock.js';

export interface Swept {
  /** Expires what is due at `now`; answers whether anything is still outstanding. */
  sweep(now: number): boolean;
}

export const SWEEP_MS = 8;
const LATE_MS = 20;
/** For so long after a late sweep, durations may have its lateness in them. */
const AFTERMATH_MS = 20;

export class Sweep {
  readonly #clock: Clock;
  readonly #members = new Set<Swept>();
  #isArmed = false;
  #dueAt = 0;
  #firedAt = 0;
  #lateAt = Number.NEGATIVE_INFINITY;
  #lateMs = 0;
  #hasWaited = false;
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

  /** For how long our own event loop was blocked until a moment before `now`: so much of a duration is not the node's. */
  latenessMs(now: number): number {
    if (now - this.#lateAt < AFTERMATH_MS) return this.#lateMs;
    const lateMs = now - this.#dueAt;
    return this.#isArmed && lateMs > LATE_MS ? lateMs : 0;
  }

  #arm(): void {
    this.#isArmed = true;
    this.#dueAt = this.#clock.now() + SWEEP_MS;
    // While somebody waits for an answer, the process is kept; idle, it may end.
    this.#clock.setTimer(this.#fire, SWEEP_MS, true);
  }

  readonly #fire = (): void => {
    const now = this.#clock.now();
    const isLate = this.#noted(now, now - this.#dueAt);
    if (isLate && !this.#hasWaited) {
      this.#hasWaited = true;
      this.#arm();
      return;
    }
    this.#hasWaited = false;
    this.#firedAt = now;
    this.#clock.setSoon(this.#judge);
  };

  readonly #judge = (): void => {
    // What ran before us in this turn may have blocked it: what came due meanwhile has had no turn of its sockets yet.
    const firedAt = this.#firedAt;
    const now = this.#clock.now();
    this.#noted(now, now - firedAt);
    for (const member of this.#members) if (!member.sweep(firedAt)) this.#members.delete(member);
    if (this.#members.size > 0) this.#arm();
    else this.#isArmed = false;
  };

  /** Whether `lateMs` is more than what a loop may take that nothing blocks; remembers it if so. */
  #noted(now: number, lateMs: number): boolean {
    if (lateMs <= LATE_MS) return false;
    this.lateCount++;
    this.#lateAt = now;
    this.#lateMs = lateMs;
    return true;
  }
}
