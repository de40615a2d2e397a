/**
 * Fences of one node: stamps before which its copies do not count, for a bucket of keys or for all (rule R7).
 *
 * A bucket is the top twelve bits of a key's first hash: 1 of 4,096.
 */

export const BUCKETS = 4_096;

export function bucketOf(hash: number): number {
  return hash >>> 20;
}

/** No fence. Every stamp lies above it. */
export const NO_FENCE = 0;

export class Fences {
  /** Whether the node as a whole is fenced. */
  private all = NO_FENCE;
  private buckets: Float64Array | undefined = undefined;
  private bucketCount = 0;

  get isNone(): boolean {
    return this.all === NO_FENCE && this.bucketCount === 0;
  }

  get isWhole(): boolean {
    return this.all !== NO_FENCE;
  }

  /** Buckets with a fence of their own. */
  get size(): number {
    return this.bucketCount;
  }

  /** The fence a copy of this hash has to pass, or `NO_FENCE`. */
  at(hash: number): number {
    return this.buckets === undefined ? this.all : Math.max(this.all, this.buckets[bucketOf(hash)]!);
  }

  raiseAll(stamp: number): void {
    if (stamp > this.all) this.all = stamp;
  }

  raise(bucket: number, stamp: number): void {
    this.buckets ??= new Float64Array(BUCKETS);
    const before = this.buckets[bucket]!;
    if (stamp <= before) return;
    if (before === NO_FENCE) this.bucketCount++;
    this.buckets[bucket] = stamp;
  }

  /** Takes down whatever was raised up to `stamp`. */
  liftAll(stamp: number): void {
    if (this.all <= stamp) this.all = NO_FENCE;
    if (this.buckets !== undefined) for (let bucket = 0; bucket < BUCKETS; bucket++) this.lift(bucket, stamp);
  }

  /** The same for one bucket; a fence around the whole node stays. */
  lift(bucket: number, stamp: number): void {
    const before = this.buckets?.[bucket] ?? NO_FENCE;
    if (this.buckets === undefined || before === NO_FENCE || before > stamp) return;
    this.buckets[bucket] = NO_FENCE;
    if (--this.bucketCount === 0) this.buckets = undefined;
  }
}
