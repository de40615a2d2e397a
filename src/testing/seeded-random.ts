/**
 * Random numbers that a seed repeats: Marsaglia's xorshift with 32 bits of state (shifts 13, 17, 5), its seed scrambled
 * first so that neighbouring seeds part at once. Good enough to choose faults; not for anything else.
 */

/** Evenly spread in [0, 1). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  // The state must not be 0, which xorshift never leaves.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}
