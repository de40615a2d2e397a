/**
 * How many requests may be under way to a node at once, found by watching what each more of them does to latency.
 *
 * While answers take as long as they do under light load, the limit grows by about its square root a step, which is the
 * queue that it lets build up to find out; when they take longer, it shrinks by the ratio of the two:
 *
 *     gradient = clamp(tolerance · light / present, ½, 1)
 *     limit    = (1 − smoothing) · limit + smoothing · (gradient · limit + √limit)
 *
 * `light` is the latency with at most half of the limit under way: what is slow then is not slow because of us. Where
 * traffic leaves no such moments, one is made: now and then the limit is halved for a few answers. An average over all
 * answers instead would learn our own queue as normal, and the limit would creep upwards under steady overload.
 *
 * The rule is the gradient of Netflix' concurrency-limits, after TCP Vegas; the dips are those of BBR (Cardwell et al.,
 * "BBR: Congestion-Based Congestion Control", ACM Queue 2016).
 */

import { integer, number, resolveOptions } from './option-rules.js';

export interface GradientLimitOptions {
  /** @default 64 */
  readonly initialLimit?: number | undefined;
  /** At most `maxLimit`, which wins. @default 4 */
  readonly minLimit?: number | undefined;
  /** @default 1_024 */
  readonly maxLimit?: number | undefined;
  /** Latency may rise to this multiple before the limit shrinks. Lower: less queueing, more false alarms. @default 1.5 */
  readonly tolerance?: number | undefined;
  /** Weight of a step, 0 … 1. @default 0.2 */
  readonly smoothing?: number | undefined;
  /** Answers without a lightly loaded one among them, after which the limit dips. @default 1_000 */
  readonly samplesBetweenDips?: number | undefined;
}

const DEFAULTS = {
  initialLimit: 64,
  minLimit: 4,
  maxLimit: 1_024,
  tolerance: 1.5,
  smoothing: 0.2,
  samplesBetweenDips: 1_000,
};
const RULES = {
  initialLimit: integer(1),
  minLimit: integer(1),
  maxLimit: integer(1),
  tolerance: number(1, 10),
  smoothing: number(0.001, 1),
  samplesBetweenDips: integer(100),
};

/** Both latencies are averages of about so many samples, so that one slow answer is no overload; a dip lasts as many. */
const SAMPLES = 10;

export class GradientLimit {
  private readonly settings: Readonly<typeof DEFAULTS>;
  private readonly minLimit: number;
  private estimate: number;
  private lightMs = 0;
  private presentMs = 0;
  private samplesSinceLight = 0;
  /** Light samples that this dip still waits for; 0 outside of a dip. */
  private dipLeft = 0;

  /** @throws OptionError */
  constructor(options: GradientLimitOptions = {}) {
    this.settings = resolveOptions('gradientLimit', options, DEFAULTS, RULES);
    const { minLimit, maxLimit, initialLimit } = this.settings;
    this.minLimit = Math.min(minLimit, maxLimit);
    this.estimate = Math.min(maxLimit, Math.max(this.minLimit, initialLimit));
  }

  /** Requests that may be under way now. */
  get limit(): number {
    const limit = this.dipLeft > 0 ? this.estimate / 2 : this.estimate;
    return Math.max(this.minLimit, Math.floor(limit));
  }

  /** An answer (or a batch of them) took `latencyMs`, and `inFlight` requests were under way when it was asked for. */
  onSample(latencyMs: number, inFlight: number): void {
    if (!(latencyMs > 0)) return;
    if (this.lightMs === 0) this.lightMs = this.presentMs = latencyMs;
    this.presentMs += (latencyMs - this.presentMs) / SAMPLES;
    if (inFlight <= Math.max(this.estimate / 2, this.minLimit)) this.observeLight(latencyMs);
    else this.observeHeavy();
    this.step(inFlight);
  }

  /** A request was lost to overload (a deadline missed): a tenth less at once. */
  onDrop(): void {
    this.estimate = Math.max(this.minLimit, this.estimate * 0.9);
  }

  private observeLight(latencyMs: number): void {
    this.lightMs += (latencyMs - this.lightMs) / SAMPLES;
    this.samplesSinceLight = 0;
    if (this.dipLeft > 0) this.dipLeft--;
  }

  private observeHeavy(): void {
    // Under more load it cannot truly be faster: the light latency is out of date.
    if (this.presentMs < this.lightMs) this.lightMs = this.presentMs;
    if (++this.samplesSinceLight < this.settings.samplesBetweenDips) return;
    this.samplesSinceLight = 0;
    // Answers to what was asked before the dip still come in heavy; if no others come, the next round ends it.
    this.dipLeft = this.dipLeft > 0 ? 0 : SAMPLES;
  }

  private step(inFlight: number): void {
    const { tolerance, smoothing, maxLimit } = this.settings;
    const gradient = Math.max(0.5, Math.min(1, (tolerance * this.lightMs) / this.presentMs));
    const target = gradient * this.estimate + Math.sqrt(this.estimate);
    // Half of the limit was enough: that nothing got slower does not show that more would be borne.
    if (target > this.estimate && inFlight < this.estimate / 2) return;
    const next = (1 - smoothing) * this.estimate + smoothing * target;
    this.estimate = Math.min(maxLimit, Math.max(this.minLimit, next));
  }
}
