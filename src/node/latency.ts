/**
 * The median and the 95th percentile of recent durations, cheap enough to feed with every batch: when is a call slow,
 * when is a hedge due?
 *
 * Durations fall into buckets of relative width 1/16: exponent and four bits of mantissa of the number as a 32-bit float,
 * so the bucket is read off its bits, and an estimate is within 3.2 % of a true sample. Two generations of buckets, the
 * running one and the one before, forget by elapsed time. Quantiles are computed when asked for, and again only after
 * 32 more durations or a new generation.
 */

import { clockOf, type GuardContext } from './guard-context.js';
import { integer, number, resolveOptions } from './option-rules.js';

export interface LatencyOptions {
  /** Estimates cover between one and two times this. Shorter: quicker to follow, coarser. @default 10_000 */
  readonly windowMs?: number | undefined;
  /** No estimate is given over fewer durations. @default 20 */
  readonly minimumSamples?: number | undefined;
}

const DEFAULTS = { windowMs: 10_000, minimumSamples: 20 };
const RULES = { windowMs: number(1), minimumSamples: integer(1) };

const MANTISSA_BITS = 4;
const SHIFT = 23 - MANTISSA_BITS;
/** From 2^-10 ms (1 µs) to 2^20 ms (17 minutes); what lies outside counts as the nearest end. */
const LOWEST = (127 - 10) << MANTISSA_BITS;
const BUCKETS = 30 << MANTISSA_BITS;
const SAMPLES_BETWEEN_ESTIMATES = 32;

export class LatencyEstimate {
  private readonly now: () => number;
  private readonly windowMs: number;
  private readonly minimumSamples: number;
  private readonly asFloat = new Float32Array(1);
  private readonly asBits = new Uint32Array(this.asFloat.buffer);
  private running = new Float64Array(BUCKETS);
  private before = new Float64Array(BUCKETS);
  private runningCount = 0;
  private beforeCount = 0;
  private runningEnd: number;
  /** Estimates as of `estimatedAt` durations; stale from `SAMPLES_BETWEEN_ESTIMATES` more on. */
  private median: number | undefined = undefined;
  private p95: number | undefined = undefined;
  private estimatedAt = -Infinity;

  constructor(options: LatencyOptions = {}, context: GuardContext = {}) {
    const settings = resolveOptions('latency', options, DEFAULTS, RULES);
    const clock = clockOf(context);
    this.now = () => clock.now();
    this.windowMs = settings.windowMs;
    this.minimumSamples = settings.minimumSamples;
    this.runningEnd = clock.now() + settings.windowMs;
  }

  /** `count` calls took `durationMs` each. Pass `now` where the clock was just read. */
  record(durationMs: number, count = 1, now: number = this.now()): void {
    if (now >= this.runningEnd) this.rotate(now);
    this.asFloat[0] = Math.max(0, durationMs || 0); // NaN too
    const raw = ((this.asBits[0] ?? 0) >>> SHIFT) - LOWEST;
    const i = raw < 0 ? 0 : raw < BUCKETS ? raw : BUCKETS - 1;
    this.running[i]! += count; // 0 ≤ i < BUCKETS
    this.runningCount += count;
  }

  /** `undefined` while there are too few samples to tell. */
  get medianMs(): number | undefined {
    this.estimate();
    return this.median;
  }

  /** `undefined` while there are too few samples to tell. */
  get p95Ms(): number | undefined {
    this.estimate();
    return this.p95;
  }

  private estimate(): void {
    const now = this.now();
    if (now >= this.runningEnd) this.rotate(now);
    const count = this.runningCount + this.beforeCount;
    if (this.runningCount - this.estimatedAt < SAMPLES_BETWEEN_ESTIMATES && this.median !== undefined) return;
    if (count < this.minimumSamples) {
      this.median = this.p95 = undefined;
      return;
    }
    this.estimatedAt = this.runningCount;
    this.median = this.quantile(count * 0.5);
    this.p95 = this.quantile(count * 0.95);
  }

  /** The middle of the bucket in which the `rank`-th duration lies. */
  private quantile(rank: number): number {
    let seen = 0;
    let i = -1;
    while (seen < rank && i < BUCKETS - 1) {
      i++;
      seen += (this.running[i] ?? 0) + (this.before[i] ?? 0);
    }
    return (this.lowerBound(i) + this.lowerBound(i + 1)) / 2;
  }

  private lowerBound(i: number): number {
    this.asBits[0] = (i + LOWEST) << SHIFT;
    return this.asFloat[0] ?? 0;
  }

  /** Starts a generation; after a silence of a whole window nothing of the old ones is kept. */
  private rotate(now: number): void {
    const isRecent = now < this.runningEnd + this.windowMs;
    const reused = this.before.fill(0);
    this.before = this.running;
    this.beforeCount = this.runningCount;
    if (!isRecent) {
      this.before.fill(0);
      this.beforeCount = 0;
    }
    this.running = reused;
    this.runningCount = 0;
    this.runningEnd = isRecent ? this.runningEnd + this.windowMs : now + this.windowMs;
    this.estimatedAt = -Infinity;
  }
}
