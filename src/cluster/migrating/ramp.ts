/**
 * Ramp: how many percent of the keys are cut over at a time of the calendar. A window goes up in equal steps, so that every
 * process with the same beginning is at the same step.
 */

export interface RampWindow {
  readonly windowMs: number;
  /** In ms since 1970. */
  readonly startAt: number;
  readonly steps: number;
}

export class Ramp {
  readonly #goal: number | RampWindow;

  /** @param goal percent, or the window in which all of them are reached */
  constructor(goal: number | RampWindow) {
    this.#goal = goal;
  }

  get isWindow(): boolean {
    return typeof this.#goal !== 'number';
  }

  percentAt(wall: number): number {
    if (typeof this.#goal === 'number') return this.#goal;
    const { steps } = this.#goal;
    return (this.#stepAt(wall) / steps) * 100;
  }

  /** Milliseconds until it rises; `undefined` if it has risen as far as it will. */
  nextIn(wall: number): number | undefined {
    if (typeof this.#goal === 'number') return undefined;
    const { startAt, windowMs, steps } = this.#goal;
    const step = this.#stepAt(wall);
    return step >= steps ? undefined : Math.max(1, startAt + ((step + 1) * windowMs) / steps - wall);
  }

  /** The same, so much later. */
  later(ms: number): Ramp {
    if (typeof this.#goal === 'number') return this;
    return new Ramp({ ...this.#goal, startAt: this.#goal.startAt + ms });
  }

  #stepAt(wall: number): number {
    const { startAt, windowMs, steps } = this.#goal as RampWindow;
    return Math.min(steps, Math.max(0, Math.floor(((wall - startAt) / windowMs) * steps)));
  }
}
