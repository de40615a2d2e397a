/**
 * A set of keys that keeps 53 bits of each instead of the key: 8 to 16 bytes a key in place of a hundred. Of ten million keys two
 * share their digest with a probability of 1 in 180. Bounded: a full set takes no more.
 */

import { secondHash } from '../base/string-hash.js';

const FIRST_CAPACITY = 1_024;
const LOW_BITS = 21;
const LOW_MASK = 2 ** LOW_BITS - 1;
/** Seeds the low bits, which must not follow from the high ones. */
const LOW_SEED = 0x5bd1e995;

export class KeyDigests {
  readonly #most: number;
  /** Open addressing; 0 is an empty place. */
  #table = new Float64Array(FIRST_CAPACITY);
  #size = 0;

  /** @param most keys held at most */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the key was not there. */
  add(key: string): boolean {
    const digest = secondHash(key) * 2 ** LOW_BITS + (secondHash(key, LOW_SEED) & LOW_MASK) || 1;
    const at = this.#placeOf(digest);
    if (this.#table[at] === digest) return false;
    if (this.#size >= this.#most) return true;
    this.#table[at] = digest;
    this.#size++;
    if (this.#size * 4 > this.#table.length * 3) this.#grow();
    return true;
  }

  #placeOf(digest: number): number {
    const mask = this.#table.length - 1;
    let at = Math.floor(digest / 2 ** LOW_BITS) & mask;
    while (this.#table[at] !== 0 && this.#table[at] !== digest) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const before = this.#table;
    this.#table = new Float64Array(before.length * 2);
    for (const digest of before) if (digest !== 0) this.#table[this.#placeOf(digest)] = digest;
  }
}
