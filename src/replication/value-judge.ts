/**
 * Whether the bytes that a node answered to a get count, and the value they hold.
 *
 * Bytes that are no value of ours are a miss (decoding happens out here, beyond every guard, so a corrupt value never
 * counts against a node), and so is a copy that the ledger cannot show to be at least as new as the last write of this
 * process. One judge serves all reads and allocates nothing: what it says besides the value is valid until it is asked again.
 */

import type { Calendar } from '../base/calendar.js';
import type { HybridClock } from '../base/hybrid-clock.js';
import { secondHash } from '../base/string-hash.js';
import type { DebtBook, ReadJudge } from '../cluster/ledger/ledger-roles.js';
import type { Topology } from '../cluster/topology.js';
import { CORRUPT, type Kept, type Transcoder } from '../codec/transcoder.js';
import { clientIdAt, expiresAtAt, stampAt, type Verdict } from '../envelope.js';
import type { CacheNode } from '../node/cache-node.js';
import { isOutlived } from './sight.js';

/** No live value of ours. */
export const REJECTED: unique symbol = Symbol('rejected');
/** Cannot be shown to be new enough. */
export const DISTRUSTED: unique symbol = Symbol('distrusted');

/** What the ledger takes for a copy without a stamp. */
const NO_STAMP = -1;

export interface JudgeContext {
  readonly values: Transcoder;
  readonly ledger: ReadJudge & Pick<DebtBook, 'paymentFor'>;
  readonly stamps: HybridClock;
  readonly calendar: Calendar;
  readonly counters: { distrusted: number };
  /** Bytes under the key that are no live value of ours. */
  rejected(node: CacheNode, hash: number, verdict: Verdict): void;
}

export class ValueJudge {
  /** Of the value judged last: the form in which it may be remembered. */
  kept: Kept | undefined = undefined;
  /** Its envelope's expiry; 0 if it has none. */
  expiresAt = 0;
  /** Whether other owners may be given it: two copies of a counter would count apart (rule R11). */
  isCopyable = false;
  private readonly context: JudgeContext;

  constructor(context: JudgeContext) {
    this.context = context;
  }

  /**
   * A fresh value, or `REJECTED`, or `DISTRUSTED`.
   *
   * @param wasDoubted whether something stood against the node's copy when it was asked: what it held before may come to be
   *   judged after our last write has got there, and an unstamped copy does not tell
   */
  judge(
    topology: Topology,
    node: CacheNode,
    key: string,
    hash: number,
    bytes: Buffer,
    start: number,
    end: number,
    wasDoubted = false,
  ): unknown {
    const { context } = this;
    const { values, ledger } = context;
    const { isEnveloped } = values;
    // Nothing but an envelope tells when it ends, and reading a clock is 3 % of a get.
    const calendarMs = isEnveloped && !node.keepsTime ? context.calendar.now() : 0;
    const verdict = values.check(bytes, start, end, isEnveloped ? secondHash(key) : 0, calendarMs);
    if (verdict !== 'ok' && verdict !== 'digits') {
      context.rejected(node, hash, verdict);
      return REJECTED;
    }
    const isStamped = isEnveloped && verdict === 'ok';
    if (!ledger.isQuiet) {
      const stamp = isStamped ? stampAt(bytes, start) : NO_STAMP;
      const client = isStamped ? clientIdAt(bytes, start) : 0;
      if (isStamped) context.stamps.observe(stamp);
      // Only what stands against a node asks for the place, which takes a hash of the key.
      const isClean = ledger.isClean(node.slot);
      const place = isClean ? hash : topology.placement.hash(key);
      const isOutOfDoubt = wasDoubted && !isStamped && ledger.isDistrusted(node.slot, hash, key, place) === 'no';
      if (isOutOfDoubt || !ledger.trusts(node.slot, hash, key, stamp, client, place)) {
        context.counters.distrusted++;
        return DISTRUSTED;
      }
      if (!isClean && isStamped && isOutlived(context, node, { key, hash, place }, expiresAtAt(bytes, start)))
        return REJECTED;
    }
    const kept = values.keep(bytes, start, end);
    const value = kept === CORRUPT ? CORRUPT : values.restore(key, kept);
    if (kept === CORRUPT || value === CORRUPT) {
      context.rejected(node, hash, 'corrupt');
      return REJECTED;
    }
    node.hits++;
    this.kept = kept;
    this.expiresAt = isStamped ? expiresAtAt(bytes, start) : 0;
    this.isCopyable = verdict === 'ok';
    return value;
  }
}
