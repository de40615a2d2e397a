/**
 * A deadline that does not blame others for our own lateness: if its timer fires late, the event loop was blocked, and
 * what the kernel holds gets its turn before the verdict.
 */

import type { Clock, Timer } from './clock.js';

const LATE_MS = 20;
/** What a late deadline waits for the sockets to be read. */
const GRACE_MS = 20;

/** Runs `task` `ms` from now, or a little later if this process was busy then. */
export function setFairTimer(clock: Clock, task: () => void, ms: number): Timer {
  const dueAt = clock.now() + ms;
  let timer = clock.setTimer(() => {
    if (clock.now() - dueAt <= LATE_MS) task();
    else timer = clock.setTimer(task, GRACE_MS);
  }, ms);
  return { cancel: () => timer.cancel() };
}
