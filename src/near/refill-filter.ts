/**
 * Keeps a hot key from being remembered anew at every read: a value that was remembered a moment ago need not be again.
 *
 * Remembering costs about 150 ns and, worse, makes every value read outlive the young generation of the heap (GET at 256
 * in flight spent a fifth of its time in the collector). This costs about 5 ns: one word a bucket, half of it hash and
 * half the second in which a key of that hash was last remembered. A collision costs a needless fill, never a missing
 * one, except after a write, which `forget` tells of.
 */

const BUCKETS = 65_536;
const MASK = BUCKETS - 1;

export class RefillFilter {
  readonly #words = new Uint32Array(BUCKETS);

  /** Whether the key was last remembered in another second than this; takes note if so. `nowMs` is monotonic. */
  isDue(keyHash: number, nowMs: number): boolean {
    // Bucket by the low half, so the word need only hold the high half. Second 0 is that of an empty word: never used.
    const word = ((keyHash & 0xffff_0000) | (1 + (Math.floor(nowMs / 1_000) % 65_535))) >>> 0;
    const bucket = keyHash & MASK;
    if (this.#words[bucket] === word) return false;
    this.#words[bucket] = word;
    return true;
  }

  /** The key was written: what is read next is news. */
  forget(keyHash: number): void {
    this.#words[keyHash & MASK] = 0;
  }
}
