/** Requests as they were really made: a file with one key a line, in request order, repeated from its beginning. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** @returns {{ keys: number, length: number, requests: () => () => number }} how many keys and requests there are, and a source of the keys' numbers */
export function readTrace(file) {
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').filter(Boolean);
  const numbers = new Map();
  const order = Uint32Array.from(lines, (key) => {
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key);
  });
  return {
    keys: numbers.size,
    length: order.length,
    requests() {
      let at = 0;
      return () => order[at++ % order.length];
    },
  };
}
