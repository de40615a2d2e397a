/**
 * Rule R2 of the staleness rules: whatever began before a write was issued may not leave anything behind after it.
 *
 * Every key has a generation, kept for 65,536 buckets of its 32-bit hash. Issuing a write or delete bumps it; a flight
 * takes a snapshot when it begins, and may be joined, and may fill a store, repair or copy, only while the snapshot is
 * current. Two keys in one bucket cost each other at most a fill. A counter would have to wrap, by 2^32 writes to one
 * bucket during one flight, to pass for current.
 */

const BUCKETS = 65_536;

export class Generations {
  readonly #counters = new Uint32Array(BUCKETS);

  /** To be called for every write or delete, as it is issued and before anything else is done for it. */
  bump(keyHash: number): void {
    this.#counters[keyHash & (BUCKETS - 1)]!++;
  }

  /** To be called when everything is about to be removed: nothing that runs may leave anything behind. */
  bumpAll(): void {
    for (let i = 0; i < BUCKETS; i++) this.#counters[i]!++;
  }

  /** To be taken before the first byte is asked for. */
  snapshot(keyHash: number): number {
    return this.#counters[keyHash & (BUCKETS - 1)]!;
  }

  isCurrent(keyHash: number, snapshot: number): boolean {
    return this.#counters[keyHash & (BUCKETS - 1)] === snapshot;
  }
}
