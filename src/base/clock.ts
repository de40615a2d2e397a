/**
 * Time, passed in so that tests own it. `now` is monotonic and serves every deadline, window and age; `wall` is the
 * calendar and serves only stamps and absolute expiry, since it may jump.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  now(): number;
  /** Milliseconds since 1970; may jump. */
  wall(): number;
  /** Runs `task` once after `ms`. Keeps the process alive only if `isAwaited`: somebody waits for nothing but this. */
  setTimer(task: () => void, ms: number, isAwaited?: boolean): Timer;
  /** Runs `task` once the current turn of the event loop has handled its input. */
  setSoon(task: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** Node takes anything longer for 1 ms. Nobody minds that a month is cut to 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(task: () => void, ms: number, isAwaited: boolean) {
    this.#handle = setTimeout(task, Math.min(ms, LONGEST_TIMER_MS));
    if (!isAwaited) this.#handle.unref();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimer: (task, ms, isAwaited = false) => new SystemTimer(task, ms, isAwaited),
  setSoon: (task) => {
    setImmediate(task);
  },
};
