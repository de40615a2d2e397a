/**
 * Counters that shrink. After `ma … MD` a number that lost a digit is stored padded with blanks ("99 " after 100 - 1), but
 * a counter is bare digits to everybody who reads it. So a padded one is written again, guarded by its CAS value and with
 * the life it has left, before anybody hears of the decrement or sends anything behind it (see Runs).
 */

import type { CountOperation, Inspection, Operation } from '../driver.js';
import { FLAG_BYTES } from './memcached-options.js';
import type { FlaggedStore } from './meta-encoder.js';

/** Each failed attempt means that somebody else wrote the counter in between. */
const ATTEMPTS = 10;

export interface RepairHost {
  /** Whether values have flags before them: see `MemcachedOptions`. */
  readonly isVerbatim: boolean;
  /** Sends past what is held. */
  sendNow(operation: Operation): void;
}

/** Whether the number before may have had more digits: it was at most `value - delta`, less if the count stopped at 0. */
export function mayBePadded({ delta }: CountOperation, value: number): boolean {
  return delta < 0 && String(value - delta).length > String(value).length;
}

/** Takes back a count that went past 2^53 - 1. */
export function undoOf({ key, delta }: CountOperation): CountOperation {
  return { kind: 'count', key, delta: -delta, ttlMs: 0, done: () => undefined, fail: () => undefined };
}

/**
 * Rewrites a padded counter as bare digits; calls `end` once, whether or not there was anything to do. A failure leaves the
 * number padded: its value is right, and what failed is told by the operations of the same connection.
 */
export function repairCounter(key: string, host: RepairHost, end: () => void): void {
  const { isVerbatim } = host;
  const flagBytes = isVerbatim ? FLAG_BYTES : 0;
  let attempts = 0;
  const look = (): void => {
    host.sendNow({ kind: 'inspect', key, withValue: true, found: rewrite, miss: end, fail: end });
  };
  const rewrite = (entry: Inspection & { readonly clientFlags?: number }): void => {
    const digits = /^(\d+) +$/.exec(entry.bytes.latin1Slice(flagBytes))?.[1];
    if (digits === undefined || attempts++ === ATTEMPTS) {
      end();
      return;
    }
    const { token, ttlMs } = entry;
    const clientFlags = isVerbatim ? 0 : entry.clientFlags;
    const bytes = Buffer.from(entry.bytes.subarray(0, flagBytes + digits.length));
    const done = (isStored: boolean): void => (isStored ? end() : look());
    const store: FlaggedStore = {
      kind: 'store',
      key,
      mode: 'compare',
      bytes,
      ttlMs,
      token,
      ...(clientFlags ? { clientFlags } : {}),
      done,
      fail: end,
    };
    host.sendNow(store);
  };
  look();
}
