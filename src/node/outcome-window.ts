/**
 * Counts of what happened lately: calls, failures, slow calls, durations of the successful ones. It counts and judges
 * nothing; the breaker judges.
 *
 * `TimeWindow` remembers a stretch of time in ten buckets and forgets by elapsed time, not by traffic: an hour of
 * silence is skipped in one step. `CallWindow` remembers the last so many calls. Both add in O(1) amortised, whatever
 * the size of a batch, and allocate nothing after construction. Counters are doubles: exact up to 2^53, so they pass
 * 2^31 and 2^32 without wrapping.
 */

/** Of the successful calls in the window; `undefined` if there are none. */
export interface DurationSummary {
  readonly minMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
}

export interface OutcomeWindow {
  readonly calls: number;
  readonly failures: number;
  /** Slow calls, failed ones included. */
  readonly slow: number;
  /** `count` calls of `durationMs` each. */
  addSuccesses(now: number, count: number, durationMs: number, isSlow: boolean): void;
  addFailures(now: number, count: number, isSlow: boolean): void;
  /** Forgets what is too old at `now`; the counts are as of the last `add…` or `advance`. */
  advance(now: number): void;
  clear(): void;
  durations(): DurationSummary | undefined;
}

const BUCKETS = 10;

/** The last `windowMs`, to a bucket: what is older than `windowMs` is gone, what is younger than nine tenths of it is there. */
export class TimeWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  private readonly bucketMs: number;
  private readonly callsIn = new Float64Array(BUCKETS);
  private readonly failuresIn = new Float64Array(BUCKETS);
  private readonly slowIn = new Float64Array(BUCKETS);
  private readonly sumMs = new Float64Array(BUCKETS);
  private readonly minMs = new Float64Array(BUCKETS).fill(Infinity);
  private readonly maxMs = new Float64Array(BUCKETS);
  private current = 0;
  private currentEnd: number;

  constructor(windowMs: number, now: number) {
    this.bucketMs = windowMs / BUCKETS;
    this.currentEnd = now + this.bucketMs;
  }

  addSuccesses(now: number, count: number, durationMs: number, isSlow: boolean): void {
    if (now >= this.currentEnd) this.roll(now);
    const i = this.current; // below BUCKETS
    this.calls += count;
    this.callsIn[i]! += count;
    this.sumMs[i]! += count * durationMs;
    if (durationMs < this.minMs[i]!) this.minMs[i] = durationMs;
    if (durationMs > this.maxMs[i]!) this.maxMs[i] = durationMs;
    if (isSlow) this.addSlow(count);
  }

  addFailures(now: number, count: number, isSlow: boolean): void {
    if (now >= this.currentEnd) this.roll(now);
    const i = this.current; // below BUCKETS
    this.calls += count;
    this.callsIn[i]! += count;
    this.failures += count;
    this.failuresIn[i]! += count;
    if (isSlow) this.addSlow(count);
  }

  advance(now: number): void {
    if (now >= this.currentEnd) this.roll(now);
  }

  clear(): void {
    for (let i = 0; i < BUCKETS; i++) this.empty(i);
  }

  durations(): DurationSummary | undefined {
    const successes = this.calls - this.failures;
    if (successes === 0) return undefined;
    const sum = this.sumMs.reduce((total, ms) => total + ms, 0);
    return { minMs: Math.min(...this.minMs), meanMs: sum / successes, maxMs: Math.max(...this.maxMs) };
  }

  private addSlow(count: number): void {
    this.slow += count;
    this.slowIn[this.current]! += count;
  }

  /** Moves to the bucket of `now`, emptying those passed over; never more than all of them, however long the silence. */
  private roll(now: number): void {
    const steps = Math.floor((now - this.currentEnd) / this.bucketMs) + 1;
    for (let passed = Math.min(steps, BUCKETS); passed > 0; passed--) {
      this.current = (this.current + 1) % BUCKETS;
      this.empty(this.current);
    }
    this.currentEnd += steps * this.bucketMs;
  }

  private empty(i: number): void {
    this.calls -= this.callsIn[i] ?? 0;
    this.failures -= this.failuresIn[i] ?? 0;
    this.slow -= this.slowIn[i] ?? 0;
    this.callsIn[i] = 0;
    this.failuresIn[i] = 0;
    this.slowIn[i] = 0;
    this.sumMs[i] = 0;
    this.minMs[i] = Infinity;
    this.maxMs[i] = 0;
  }
}

const FAILED = 1;
const SLOW = 2;

/**
 * The last `size` calls exactly. Held as runs of calls with one outcome in a ring: a run holds at least one call, so
 * `size` runs always suffice; a new run pushes out as many of the oldest calls as it brings, cutting the last in part.
 */
export class CallWindow implements OutcomeWindow {
  calls = 0;
  failures = 0;
  slow = 0;
  private readonly size: number;
  private readonly callsOf: Float64Array;
  private readonly durationOf: Float64Array;
  private readonly flagsOf: Uint8Array;
  private oldest = 0;
  private runs = 0;

  constructor(size: number) {
    this.size = size;
    this.callsOf = new Float64Array(size);
    this.durationOf = new Float64Array(size);
    this.flagsOf = new Uint8Array(size);
  }

  addSuccesses(_now: number, count: number, durationMs: number, isSlow: boolean): void {
    this.add(count, durationMs, isSlow ? SLOW : 0);
  }

  addFailures(_now: number, count: number, isSlow: boolean): void {
    this.add(count, 0, isSlow ? FAILED | SLOW : FAILED);
  }

  advance(): void {}

  clear(): void {
    this.calls = this.failures = this.slow = this.oldest = this.runs = 0;
  }

  durations(): DurationSummary | undefined {
    if (this.calls === this.failures) return undefined;
    let [minMs, maxMs, sumMs] = [Infinity, 0, 0];
    for (let run = 0; run < this.runs; run++) {
      const i = (this.oldest + run) % this.size;
      if (((this.flagsOf[i] ?? 0) & FAILED) !== 0) continue;
      const durationMs = this.durationOf[i] ?? 0;
      minMs = Math.min(minMs, durationMs);
      maxMs = Math.max(maxMs, durationMs);
      sumMs += durationMs * (this.callsOf[i] ?? 0);
    }
    return { minMs, meanMs: sumMs / (this.calls - this.failures), maxMs };
  }

  private add(count: number, durationMs: number, flags: number): void {
    if (count <= 0) return; // a run of no calls would take a slot of the ring
    const kept = Math.min(count, this.size);
    for (let excess = this.calls + kept - this.size; excess > 0; ) excess -= this.forgetOldest(excess);
    const i = (this.oldest + this.runs) % this.size;
    this.callsOf[i] = kept;
    this.durationOf[i] = durationMs;
    this.flagsOf[i] = flags;
    this.runs++;
    this.count(flags, kept);
  }

  /** Forgets up to `excess` calls of the oldest run and tells how many. */
  private forgetOldest(excess: number): number {
    const i = this.oldest;
    const held = this.callsOf[i] ?? 0;
    const gone = Math.min(held, excess);
    this.count(this.flagsOf[i] ?? 0, -gone);
    this.callsOf[i] = held - gone;
    if (gone === held) {
      this.oldest = (i + 1) % this.size;
      this.runs--;
    }
    return gone;
  }

  private count(flags: number, calls: number): void {
    this.calls += calls;
    if ((flags & FAILED) !== 0) this.failures += calls;
    if ((flags & SLOW) !== 0) this.slow += calls;
  }
}
