/** A ledger of three nodes with a clock, and short words for what tests do with it. */

import { STAMPS_PER_MS } from '../../../src/base/hybrid-clock.js';
import { Ledger } from '../../../src/cluster/ledger/ledger.js';
import type { LedgerOptions } from '../../../src/cluster/ledger/ledger-options.js';
import { OURS } from './keys.js';

export const HASH = 0x1234_5678;
export const KEY = 'k';
/** What stands for the stamp of a copy without one. */
export const RAW = -1;
const OWNERS = [{ slot: 0 }, { slot: 1 }];

/** Hashes that spread. */
export const hashOf = (i: number): number => Math.imul(i, 0x9e37_79b1) >>> 0;

export function setUp(options: Partial<LedgerOptions> = {}) {
  const clock = { nowMs: 0, now: () => clock.nowMs };
  const ledger = new Ledger({ clientId: OURS, clock, ...options });
  ledger.startWith([0, 1, 2]);
  let stamp = 1_780_000_000_000 * STAMPS_PER_MS;
  const next = (): number => ++stamp;
  const write = (hash = HASH, key = KEY, owners = OWNERS): number => {
    ledger.issue(hash, key, next(), owners);
    return stamp;
  };
  const confirmed = (hash = HASH, key = KEY, owners = OWNERS): number => {
    write(hash, key, owners);
    for (const { slot } of owners) ledger.confirm(hash, key, stamp, slot);
    return stamp;
  };
  const trusts = (node: number, copy = RAW, hash = HASH, key = KEY): boolean =>
    ledger.trusts(node, hash, key, copy, OURS);
  return { ledger, clock, next, write, confirmed, trusts };
}
