/** What a ledger is given, and the bounds it keeps to when told nothing. */

import { STAMPS_PER_MS } from '../../base/hybrid-clock.js';

/** Rules of the staleness table that tests switch off one by one, to see that the test of each can fail. */
export type LedgerRule = 'R3' | 'R3-skew' | 'R3-evicted' | 'R4-key' | 'R4-connection' | 'R4-arc' | 'R6' | 'R7';

export interface LedgerOptions {
  /** Marks stamps of this process. Unsigned, below 2^32. */
  readonly clientId: number;
  /** Monotonic time, for ages and settling alone: what may be trusted hangs on stamps. */
  readonly clock: { now(): number };
  /** How far clocks of other processes may be from ours: a copy stamped by another counts only this far above the floor. @default 500 */
  readonly maxClockSkewMs?: number | undefined;
  /** Keys whose last write is remembered, about 50 bytes each. Too few cost hits, see `onEviction`. @default 1_000_000 */
  readonly maxFloors?: number | undefined;
  /** Keys per node whose copies there must not be trusted; past it whole buckets are distrusted. @default 1_000_000 */
  readonly maxDistrusted?: number | undefined;
  /** Keys per node remembered for payment; past it only enumeration finds them. @default 100_000 */
  readonly maxPayable?: number | undefined;
  /** Their size together, at two bytes a character. @default 16_777_216 */
  readonly maxPayableBytes?: number | undefined;
  /** How long after its first reply a node is given to be done with the sockets we gave up. @default 10_000 */
  readonly settlingMs?: number | undefined;
  /**
   * What becomes of stamped copies of keys whose floor had to go: `'strict'` refuses those older than the newest floor that
   * went from the same cell; `'incident'` refuses them only on nodes that may have missed a write, which is not safe where
   * other processes repair or copy the same keys (evicted-floors.ts has the argument). @default 'strict'
   */
  readonly onEviction?: 'strict' | 'incident' | undefined;
  /** For tests of the rules only. */
  readonly disabledRules?: ReadonlySet<LedgerRule> | undefined;
}

export const LEDGER_DEFAULTS = {
  maxClockSkewMs: 500,
  maxFloors: 1_000_000,
  maxDistrusted: 1_000_000,
  maxPayable: 100_000,
  maxPayableBytes: 16 * 1024 * 1024,
  settlingMs: 10_000,
} as const;

export interface LedgerBounds {
  readonly maxFloors: number;
  readonly maxDistrusted: number;
  readonly maxPayable: number;
  readonly maxPayableBytes: number;
  readonly settlingMs: number;
}

export function boundsOf(options: LedgerOptions): LedgerBounds {
  return {
    maxFloors: options.maxFloors ?? LEDGER_DEFAULTS.maxFloors,
    maxDistrusted: options.maxDistrusted ?? LEDGER_DEFAULTS.maxDistrusted,
    maxPayable: options.maxPayable ?? LEDGER_DEFAULTS.maxPayable,
    maxPayableBytes: options.maxPayableBytes ?? LEDGER_DEFAULTS.maxPayableBytes,
    settlingMs: options.settlingMs ?? LEDGER_DEFAULTS.settlingMs,
  };
}

/** In stamps: whole numbers, so that beyond f + skew means from f + skew + 1 on. */
export function skewOf({ maxClockSkewMs = LEDGER_DEFAULTS.maxClockSkewMs, disabledRules }: LedgerOptions): number {
  return disabledRules?.has('R3-skew') ? 0 : Math.ceil(maxClockSkewMs * STAMPS_PER_MS) + 1;
}
