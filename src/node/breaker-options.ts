/** When a breaker opens, how it probes and how long it stays open: the options, their defaults and their check. */

import { OptionError } from '../errors.js';
import { durationOrInfinity, integer, integerOrInfinity, number, resolveOptions, share } from './option-rules.js';

export interface BreakerOptions {
  /** Opens after so many failures with no success between them. Lower: quicker, and more often wrong. `Infinity`: off. @default 5 */
  readonly consecutiveFailures?: number | undefined;
  /** Opens when this share of the calls in the window failed. @default 0.5 */
  readonly failureRate?: number | undefined;
  /** Opens when this share of the calls in the window took `slowCallMs` or longer. Works only with `slowCallMs`. @default 0.5 */
  readonly slowCallRate?: number | undefined;
  /** A call as long as this is slow, whether it fails or not, and a slow probe is a failed probe. @default Infinity: no call is slow */
  readonly slowCallMs?: number | undefined;
  /** Rates look at the last so many milliseconds, forgotten in steps of a tenth. @default 10_000 */
  readonly windowMs?: number | undefined;
  /** Rates look at the last so many calls instead, however old. Excludes `windowMs`. */
  readonly windowCalls?: number | undefined;
  /** Rates say nothing over fewer calls than this. @default 20, or `windowCalls` if that is smaller */
  readonly minimumCalls?: number | undefined;
  /** Probes in flight at once while half-open. @default 1 */
  readonly halfOpenCalls?: number | undefined;
  /** Probes that must succeed before the breaker closes. @default 1 */
  readonly successes?: number | undefined;
  /** First time spent open, give or take a fifth; doubles each time it opens again. @default 1_000 */
  readonly openMs?: number | undefined;
  /**
   * The doubling stops here (the fifth of jitter comes on top), and a breaker that stayed closed for as long starts
   * again at `openMs`. @default 30_000
   */
  readonly maxOpenMs?: number | undefined;
  /**
   * Probes that reported nothing for so long are taken for lost and their permits granted again. Must be longer than any
   * call can take, else more probes than `halfOpenCalls` may be under way. @default 5_000
   */
  readonly probeTimeoutMs?: number | undefined;
}

export interface BreakerSettings {
  readonly consecutiveFailures: number;
  readonly failureRate: number;
  readonly slowCallRate: number;
  readonly slowCallMs: number;
  readonly windowMs: number;
  /** `undefined`: the window goes by time. */
  readonly windowCalls: number | undefined;
  readonly minimumCalls: number;
  readonly halfOpenCalls: number;
  readonly successes: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  readonly probeTimeoutMs: number;
}

const DEFAULTS: BreakerSettings = {
  consecutiveFailures: 5,
  failureRate: 0.5,
  slowCallRate: 0.5,
  slowCallMs: Infinity,
  windowMs: 10_000,
  windowCalls: undefined,
  minimumCalls: 20,
  halfOpenCalls: 1,
  successes: 1,
  openMs: 1_000,
  maxOpenMs: 30_000,
  probeTimeoutMs: 5_000,
};

const RULES = {
  consecutiveFailures: integerOrInfinity(1),
  failureRate: share,
  slowCallRate: share,
  slowCallMs: durationOrInfinity(1),
  windowMs: number(10),
  windowCalls: integer(1, 100_000),
  minimumCalls: integer(1),
  halfOpenCalls: integer(1, 1_000),
  successes: integer(1, 1_000),
  openMs: number(1),
  maxOpenMs: number(1),
  probeTimeoutMs: number(1),
};

/** @throws OptionError naming the option below `path`. */
export function resolveBreakerOptions(options: BreakerOptions, path = 'breaker'): BreakerSettings {
  const settings = resolveOptions(path, options, DEFAULTS, RULES);
  const { windowCalls, minimumCalls, openMs, maxOpenMs } = settings;
  if (windowCalls !== undefined && options.windowMs !== undefined) {
    throw new OptionError(`${path}.windowCalls`, 'must be left out where windowMs is given, got both');
  }
  if (maxOpenMs < openMs) {
    throw new OptionError(`${path}.maxOpenMs`, `must be at least openMs (${openMs}), got ${maxOpenMs}`);
  }
  if (windowCalls === undefined || minimumCalls <= windowCalls) return settings;
  if (options.minimumCalls === undefined) return Object.freeze({ ...settings, minimumCalls: windowCalls });
  throw new OptionError(
    `${path}.minimumCalls`,
    `must be at most windowCalls (${windowCalls}), else no rate is ever judged, got ${minimumCalls}`,
  );
}
