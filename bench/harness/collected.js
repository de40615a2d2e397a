/** What this process holds once all that is garbage has been collected. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const TURNS = 3;

/** @returns {Promise<{ heap: number, outside: number, all: number }>} bytes of objects, of buffers outside the heap, of both */
export async function bytesHeld() {
  for (let turn = 0; turn < TURNS; turn++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, outside: external, all: heapUsed + external };
}
