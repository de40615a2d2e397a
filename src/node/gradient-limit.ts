/**
 * How many requests may be under way to a node at once, found by watching what each more of them does to latency.
 *
 * While answers take as long as they usually do, the limit grows by about its square root a step, which is the queue
 * that it lets build up to find out; when they take longer, it shrinks by the ratio of usual to present latency:
 *
 *     gradient = clamp(tolerance · usual / present, ½, 1)
 *     limit    = (1 − smoothing) · limit + smoothing · (gradient · limit + √limit)
 *
 * `usual` is a slow moving average that falls faster than it rises, so that overload is not learnt as normal at once.
 * The rule is that of Netflix' concurrency-limits (Gradient2), after TCP Vegas. A node that is slow for good is in time
 * taken as it is: the limit never falls below `minLimit` and probes upwards again.
 */

import { integer, number, resolveOptions } from './option-rules.js';

export interface GradientLimitOptions {
  /** @default 64 */
  readonly initialLimit?: number | undefined;
  /** @default 4 */
  readonly minLimit?: number | undefined;
  /** @default 1_024 */
  readonly maxLimit?: number | undefined;
  /** Latency may rise to this multiple of the usual before the limit shrinks. Lower: less queueing, more false alarms. @default 1.5 */
  readonly tolerance?: number | undefined;
  /** Weight of a step, 0 … 1. @default 0.2 */
  readonly smoothing?: number | undefined;
  /** Samples over which the usual latency is averaged. @default 600 */
  readonly longSamples?: number | undefined;
}

const DEFAULTS = { initialLimit: 64, minLimit: 4, maxLimit: 1_024, tolerance: 1.5, smoothing: 0.2, longSamples: 600 };
const RULES = {
  initialLimit: integer(1),
  minLimit: integer(1),
  maxLimit: integer(1),
  tolerance: number(1, 10),
  smoothing: number(0.001, 1),
  longSamples: integer(10),
};

/** The usual latency falls so many times faster than it rises. */
const FALLS_FASTER = 10;
/** Present latency is the average of about so many samples: one slow answer is no overload. */
const SHORT_SAMPLES = 10;

export class GradientLimit {
  private readonly settings: Required<{ readonly [K in keyof typeof DEFAULTS]: number }>;
  private readonly minLimit: number;
  private estimate: number;
  private usualMs = 0;
  private presentMs = 0;

  /** @throws OptionError */
  constructor(options: GradientLimitOptions = {}) {
    this.settings = resolveOptions('gradientLimit', options, DEFAULTS, RULES);
    const { minLimit, maxLimit, initialLimit } = this.settings;
    this.minLimit = Math.min(minLimit, maxLimit);
    this.estimate = Math.min(maxLimit, Math.max(this.minLimit, initialLimit));
  }

  /** Requests that may be under way now. */
  get limit(): number {
    return Math.floor(this.estimate);
  }

  /** An answer (or a batch of them) took `latencyMs`, and `inFlight` requests were under way when it was asked for. */
  onSample(latencyMs: number, inFlight: number): void {
    if (!(latencyMs > 0)) return;
    this.observe(latencyMs);
    const { tolerance, smoothing, maxLimit } = this.settings;
    const gradient = Math.max(0.5, Math.min(1, (tolerance * this.usualMs) / this.presentMs));
    const target = gradient * this.estimate + Math.sqrt(this.estimate);
    // Half of the limit was enough: that nothing got slower does not show that more would be borne.
    if (target > this.estimate && inFlight < this.estimate / 2) return;
    const next = (1 - smoothing) * this.estimate + smoothing * target;
    this.estimate = Math.min(maxLimit, Math.max(this.minLimit, next));
  }

  /** A request was lost to overload (a deadline missed): a tenth less at once. */
  onDrop(): void {
    this.estimate = Math.max(this.minLimit, this.estimate * 0.9);
  }

  private observe(latencyMs: number): void {
    if (this.usualMs === 0) this.usualMs = this.presentMs = latencyMs;
    this.presentMs += (latencyMs - this.presentMs) / SHORT_SAMPLES;
    const distance = this.presentMs - this.usualMs;
    const weight = (distance < 0 ? FALLS_FASTER : 1) / this.settings.longSamples;
    this.usualMs += distance * Math.min(1, weight);
  }
}
