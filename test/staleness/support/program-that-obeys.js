/** Does to a cache of its own what it is told, a line of JSON each: `node program-that-obeys.js LIBRARY`. Ends with its input. */

import { createInterface } from 'node:readline';

const { assembleCache } = await import(process.argv[2]);

let cache;
const calls = {
  async open(options, disabled) {
    cache = assembleCache(options, new Set(disabled));
    await cache.ready();
  },
  get: (key) => cache.get(key),
  set: (key, value) => cache.set(key, value),
  delete: (key) => cache.delete(key),
  state: (name) => cache.nodes().find((node) => node.name === name)?.state,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, args } = JSON.parse(line);
  void Promise.resolve(calls[call](...args)).then((value) => console.log(JSON.stringify({ id, value })));
}
await cache?.destroy();
