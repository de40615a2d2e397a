/** Whether an entry as a node holds it counts, and what it says: the judgement of `KeyRead`, for whole entries. */

import { secondHash } from '../base/string-hash.js';
import { CORRUPT, type Kept } from '../codec/transcoder.js';
import { clientIdAt, expiresAtAt, stampAt } from '../envelope.js';
import type { CacheNode } from '../node/cache-node.js';
import type { ReadContext } from './contexts.js';
import { lifeLeft } from './life.js';
import { type EntryTarget, isOutlived, type Sighting } from './sight.js';

export interface JudgedEntry {
  /** A fresh one, its caller's own. */
  readonly value: unknown;
  /** `NO_EXPIRY` if it has none, `undefined` where nobody can tell. */
  readonly ttlMs: number | undefined;
  /** `undefined` where the node has none. */
  readonly token: string | undefined;
  readonly kept: Kept;
  /** The envelope's, 0 if it has none. */
  readonly expiresAt: number;
}

/** `distrusted` if it cannot be shown to be new enough, `undefined` if it is no live value of ours. */
export function judgeEntry(
  context: ReadContext,
  node: CacheNode,
  { key, hash, place }: EntryTarget,
  { bytes, ttlMs, token }: Sighting,
): JudgedEntry | 'distrusted' | undefined {
  const { values, ledger, stamps } = context;
  const calendarMs = context.calendar.now();
  const verdict = values.check(bytes, 0, bytes.length, secondHash(key), node.keepsTime ? 0 : calendarMs);
  if (verdict !== 'ok' && verdict !== 'digits') {
    context.rejected(node, hash, verdict);
    return undefined;
  }
  const isStamped = verdict === 'ok' && values.isEnveloped;
  if (!ledger.isQuiet) {
    const stamp = isStamped ? stampAt(bytes, 0) : -1;
    if (isStamped) stamps.observe(stamp);
    if (!ledger.trusts(node.slot, hash, key, stamp, isStamped ? clientIdAt(bytes, 0) : 0, place)) {
      context.counters.distrusted++;
      return 'distrusted';
    }
  }
  const expiresAt = isStamped ? expiresAtAt(bytes, 0) : 0;
  if (isOutlived(context, node, { key, hash, place }, expiresAt)) return undefined;
  const kept = values.keep(bytes, 0, bytes.length);
  const value = kept === CORRUPT ? CORRUPT : values.restore(key, kept);
  if (kept === CORRUPT || value === CORRUPT) {
    context.rejected(node, hash, 'corrupt');
    return undefined;
  }
  return { value, kept, token, expiresAt, ttlMs: lifeLeft(node, ttlMs, isStamped ? expiresAt : undefined, calendarMs) };
}
