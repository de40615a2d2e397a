/** The caches of a run, with the few calls that traffic makes, each timed. */

import { createHistogram } from 'node:perf_hooks';
import { createCache } from 'ringfence';

const COMMON = {
  timeouts: { connectMs: 1_000, attemptMs: 500, totalMs: 1_000 },
};

export const CODECS = {
  json: { encode: (serial) => ({ serial, text: 'x'.repeat(80) }), decode: ({ serial }) => serial },
  string: { encode: (serial) => String(serial).padStart(100, '0'), decode: Number },
};

/** @param codec `json` goes with a namespace, as in a cache of ringfence alone; `string` without, as memjs left it */
export async function open(urls, codec, more = {}) {
  const namespace = codec === 'json' ? { namespace: 'bench' } : {};
  const cache = createCache({ ...COMMON, nodes: urls, codec, ...namespace, ...more });
  await cache.ready();
  return cache;
}

/** What traffic calls; `switchTo` puts another cache in its place. */
export class Timed {
  latency = createHistogram();
  #cache;

  constructor(cache) {
    this.#cache = cache;
  }

  switchTo(cache) {
    this.#cache = cache;
  }

  /** The histogram so far; a new one begins. */
  taken() {
    const taken = this.latency;
    this.latency = createHistogram();
    return { p50Ms: taken.percentile(50) / 1e6, p99Ms: taken.percentile(99) / 1e6, count: taken.count };
  }

  async read(key) {
    const began = performance.now();
    const value = await this.#cache.get(key);
    this.latency.record(Math.max(1, Math.round((performance.now() - began) * 1e6)));
    return value;
  }

  write(key, value) {
    return this.#cache.set(key, value);
  }

  writeMany(entries) {
    return this.#cache.setMany(entries);
  }
}
