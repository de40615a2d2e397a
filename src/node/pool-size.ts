/** How many connections a node needs, by Little's law. */

import { integer, number, resolveOptions } from './option-rules.js';

export interface PoolSizeOptions {
  /** Requests that may be under way on one connection at once: 1 without pipelining. @default 1 */
  readonly depth?: number | undefined;
  /** Room above the average, for bursts: arrivals are uneven, and a pool sized for the average queues half of the time. @default 1.5 */
  readonly headroom?: number | undefined;
}

const DEFAULTS = { depth: 1, headroom: 1.5 };
const RULES = { depth: integer(1), headroom: number(1) };
const LOAD_RULES = { ratePerSecond: number(0), latencyMs: number(0) };

/**
 * Little's law: on average L = λ · W requests are under way, where λ is the rate of arrivals and W the time each takes.
 * So, for `ratePerSecond` requests that take `latencyMs` each, on connections that carry `depth` at once:
 *
 *     connections = max(1, ⌈ ratePerSecond · latencyMs / 1000 · headroom / depth ⌉)
 *
 * Source: J. D. C. Little, "A Proof for the Queuing Formula: L = λW", Operations Research 9 (1961).
 *
 * @throws OptionError
 */
export function recommendPoolSize(ratePerSecond: number, latencyMs: number, options: PoolSizeOptions = {}): number {
  const load = resolveOptions('poolSize', { ratePerSecond, latencyMs }, { ratePerSecond, latencyMs }, LOAD_RULES);
  const { depth, headroom } = resolveOptions('poolSize', options, DEFAULTS, RULES);
  const underWay = (load.ratePerSecond * load.latencyMs) / 1_000;
  return Math.max(1, Math.ceil((underWay * headroom) / depth));
}
