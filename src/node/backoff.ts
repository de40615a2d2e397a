/**
 * How long to wait before trying again: a pure function of attempt, shape, jitter and chance.
 *
 * Without jitter, clients that failed together come back together; `full` spreads them best and is the default wherever
 * there may be many.
 */

import { callback, either, number, type OptionRule, oneOf } from './option-rules.js';

/** The n-th wait (n from 1) in units of `baseMs`: 1 1 1 1 · 1 2 3 4 · 1 2 4 8 · 1 1 2 3; or a function from n to milliseconds. */
export type BackoffShape = 'fixed' | 'linear' | 'exponential' | 'fibonacci' | ((attempt: number) => number);

/**
 * What chance makes of a wait `d`:
 * - `none`: d
 * - `full`: anything from 0 to d
 * - `equal`: d/2 and anything up to d/2 more
 * - `decorrelated`: anything from `baseMs` to three times the wait before, whatever the shape
 *
 * The last three are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
export type Jitter = 'none' | 'full' | 'equal' | 'decorrelated';

export interface BackoffSettings {
  readonly backoff: BackoffShape;
  readonly jitter: Jitter;
  readonly baseMs: number;
  /** No wait is longer, jitter included. */
  readonly maxMs: number;
}

/** Rules of the four fields, for the option tables of those who take them. */
export const BACKOFF_RULES: { readonly [K in keyof BackoffSettings]: OptionRule } = {
  backoff: either(oneOf(['fixed', 'linear', 'exponential', 'fibonacci']), callback),
  jitter: oneOf(['none', 'full', 'equal', 'decorrelated']),
  baseMs: number(0),
  maxMs: number(0),
};

/**
 * Milliseconds to wait after the `attempt`-th failure (from 1), from 0 to `maxMs`.
 *
 * @param previousMs the wait before this one, 0 for the first; only `decorrelated` looks at it
 * @param random uniform in [0, 1)
 */
export function delayFor(attempt: number, settings: BackoffSettings, previousMs: number, random: () => number): number {
  const { baseMs, maxMs, jitter } = settings;
  if (jitter === 'decorrelated') {
    const top = Math.max(baseMs, previousMs * 3);
    return Math.min(maxMs, baseMs + random() * (top - baseMs));
  }
  const plainMs = shaped(attempt, settings);
  if (jitter === 'full') return random() * plainMs;
  if (jitter === 'equal') return plainMs / 2 + (random() * plainMs) / 2;
  return plainMs;
}

function shaped(attempt: number, { backoff, baseMs, maxMs }: BackoffSettings): number {
  switch (backoff) {
    case 'fixed':
      return Math.min(maxMs, baseMs);
    case 'linear':
      return Math.min(maxMs, baseMs * attempt);
    case 'exponential':
      return Math.min(maxMs, baseMs * 2 ** (attempt - 1));
    case 'fibonacci':
      return fibonacci(attempt, baseMs, maxMs);
    default: {
      const ms: unknown = backoff(attempt);
      // Not a number: the base, since no wait at all would make a busy loop of a mistake.
      return Math.min(maxMs, typeof ms !== 'number' || Number.isNaN(ms) ? baseMs : Math.max(0, ms));
    }
  }
}

function fibonacci(attempt: number, baseMs: number, maxMs: number): number {
  if (baseMs === 0) return 0;
  let [ms, nextMs] = [baseMs, baseMs];
  for (let n = 1; n < attempt && ms < maxMs; n++) [ms, nextMs] = [nextMs, ms + nextMs];
  return Math.min(maxMs, ms);
}
