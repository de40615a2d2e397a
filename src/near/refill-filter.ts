/**
 * Keeps a hot key from being remembered anew at every read: a value that was remembered a moment ago need not be again.
 *
 * Remembering costs about 150 ns and, worse, makes every value read outlive the young generation of the heap (GET at 256
 * in flight spent a fifth of its time in the collector). This costs about 5 ns: one word a bucket, half of it hash and
 * half the period, mostly a second, in which a key of that hash was last remembered. Two words a bucket, because with one a seventh of 10,000
 * keys would put each other out at every read. A collision costs a needless fill, never a missing one, except after a
 * write, which `forget` tells of.
 *
 * The renewal of what stand-ins hold asks the same question of another period: whether a key was looked at in this one.
 */

const BUCKETS = 65_536;
const MASK = BUCKETS - 1;

export class RefillFilter {
  readonly #words = new Uint32Array(2 * BUCKETS);
  readonly #periodMs: number;

  constructor(periodMs = 1_000) {
    this.#periodMs = periodMs;
  }

  /** Whether the key was last remembered in another period than this; takes note if so. `nowMs` is monotonic. */
  isDue(keyHash: number, nowMs: number): boolean {
    // Bucket by the low half, so the word need only hold the high half. Period 0 is that of an empty word: never used.
    const word = ((keyHash & 0xffff_0000) | (1 + (Math.floor(nowMs / this.#periodMs) % 65_535))) >>> 0;
    const at = (keyHash & MASK) * 2;
    const words = this.#words;
    if (words[at] === word || words[at + 1] === word) return false;
    words[at + 1] = words[at] as number;
    words[at] = word;
    return true;
  }

  /** The key was written: what is read next is news. */
  forget(keyHash: number): void {
    const at = (keyHash & MASK) * 2;
    this.#words[at] = 0;
    this.#words[at + 1] = 0;
  }
}
