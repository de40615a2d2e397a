/** Waiting for a condition instead of for a time. */

import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 3;
const LIMIT_MS = 30_000;

/** Resolves once `holds`; rejects with `what` if that takes too long. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs: number = LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await sleep(LOOK_MS);
  }
}
