/** Which node answers a key first: all keys counted for the summary, a sample of them for the eye. */

import { setImmediate as turn } from 'node:timers/promises';

const SAMPLE = 10_000;
/** Keys looked up before the event loop gets its turn. */
const STRETCH = 10_000;

export class Ownership {
  #ring;
  #keys;
  #sample;
  #seen = '';
  #shares = new Map();
  #cells = [];

  constructor(ring, keys) {
    this.#ring = ring;
    this.#keys = keys;
    const step = Math.max(1, Math.floor(keys.length / SAMPLE));
    this.#sample = keys.filter((_, i) => i % step === 0);
  }

  /** Share of the keys that each node answers first, by name. */
  get shares() {
    this.#refresh();
    return this.#shares;
  }

  /** The first so many sample keys, each as the name of the node that answers it. */
  cells(count) {
    this.#refresh();
    return this.#cells.slice(0, count);
  }

  /** The name of the node that answers it, for every key. */
  async ofAllKeys() {
    const owners = [];
    for (let from = 0; from < this.#keys.length; from += STRETCH) {
      for (const key of this.#keys.slice(from, from + STRETCH)) owners.push(this.#answering(key));
      await turn();
    }
    return owners;
  }

  #refresh() {
    const { cache, dead } = this.#ring;
    const now = `${cache.ring.fingerprint} ${cache.ring.epoch} ${[...dead]}`;
    if (now === this.#seen) return;
    this.#seen = now;
    this.#cells = this.#sample.map((key) => this.#answering(key));
    this.#shares = new Map();
    for (const name of this.#cells) this.#shares.set(name, (this.#shares.get(name) ?? 0) + 1 / this.#cells.length);
  }

  #answering(key) {
    const { cache, dead } = this.#ring;
    if (dead.size === 0) return cache.ring.owners(key, 1)[0] ?? '';
    return cache.ring.owners(key).find((name) => !dead.has(name)) ?? '';
  }
}
