/**
 * How long something took, on a machine that others use, too: less the time for which our own event loop stood still. In
 * that nobody keeps a deadline, and no node is the reason. Only for upper bounds: less than the clock says.
 */

const LOOK_MS = 2;
/** How late a timer of an idle loop may be. */
const USUAL_MS = 1;

let lostMs = 0;
let lookedAt: number | undefined;

/** In all, up to now. */
const standstillMs = (): number =>
  lookedAt === undefined ? 0 : lostMs + Math.max(0, performance.now() - lookedAt - LOOK_MS - USUAL_MS);

function look(): void {
  lostMs = standstillMs();
  lookedAt = performance.now();
}

/** Begins now; what it returns tells how many milliseconds of ours have passed since. */
export function stopwatch(): () => number {
  // It keeps no process alive, and goes with it.
  if (lookedAt === undefined) {
    setInterval(look, LOOK_MS).unref();
    look();
  }
  const [beganAt, lostBefore] = [performance.now(), standstillMs()];
  return () => performance.now() - beganAt - (standstillMs() - lostBefore);
}
