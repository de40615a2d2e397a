/**
 * Whether the machine let everybody work: the longest time for which a thread that only wants to run every few milliseconds
 * was kept from it. Servers are kept as long then, whatever the policy, and miss the deadlines of a call.
 */

import { Worker } from 'node:worker_threads';

const EVERY_MS = 5;

const watching = `
  const { parentPort } = require('node:worker_threads');
  let last = performance.now();
  let longest = 0;
  setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - ${EVERY_MS});
    last = now;
  }, ${EVERY_MS});
  parentPort.once('message', () => {
    parentPort.postMessage(longest);
    parentPort.close();
    process.exit();
  });
`;

export function startWitness() {
  const worker = new Worker(watching, { eval: true });
  return {
    /** @returns {Promise<number>} milliseconds */
    stop() {
      return new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.postMessage('stop');
      });
    },
  };
}
