/**
 * What does a call in flight hold? The nodes are stopped in their tracks, calls are issued and sent, and the bytes that
 * this process holds beyond garbage are compared: objects, promises and buffers together, divided by the calls.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { bytesHeld } from './collected.js';
import { spread } from './statistics.js';

/** Below what one connection takes in flight, on each of three nodes. */
const CALLS = 2_400;
const ROUNDS = 7;
/** Long enough for the requests to leave. */
const SETTLE_MS = 20;

/**
 * @param {{ pid: number }[]} nodes
 * @param {(i: number) => Promise<unknown>} issue
 * @param {number} keys how many different keys `issue` knows
 * @returns {Promise<{ median: number, low: number, high: number }>} bytes per call in flight
 */
export async function heapPerCall(nodes, issue, keys) {
  const pending = new Array(CALLS).fill(undefined);
  for (let i = 0; i < 20 * CALLS; i += CALLS) {
    for (let n = 0; n < CALLS; n++) pending[n] = issue((i + n) % keys);
    await Promise.all(pending);
  }
  const measured = [];
  for (let round = 0; round < ROUNDS; round++) {
    pending.fill(undefined);
    const before = await bytesHeld();
    for (const { pid } of nodes) process.kill(pid, 'SIGSTOP');
    try {
      for (let n = 0; n < CALLS; n++) pending[n] = issue((round * CALLS + n) % keys);
      await sleep(SETTLE_MS);
      const during = await bytesHeld();
      measured.push((during.all - before.all) / CALLS);
    } finally {
      for (const { pid } of nodes) process.kill(pid, 'SIGCONT');
    }
    await Promise.all(pending);
  }
  return spread(measured);
}
