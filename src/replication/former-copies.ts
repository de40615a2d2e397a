/**
 * What former owners still hold of a key that is written in a running hand-off, deleted there at once and not when its debt
 * comes to be paid.
 *
 * A delete must reach them, since reads still come there. Of bare values any write must: another process that cannot tell
 * whether what the new owner holds is ours or a leftover (W4) takes it for a leftover, and puts in its place what it then
 * finds at the former owner. Stamps would tell.
 */

import type { AttemptSink } from '../node/attempts.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import type { WriteContext } from './contexts.js';

const nothing = (): undefined => undefined;

export function deleteFormerCopies(
  { ledger }: WriteContext,
  key: string,
  hash: number,
  former: readonly CacheNode[],
  lane: Lane,
  timeoutMs: number,
): void {
  for (const node of former) {
    const payment = ledger.paymentFor(node.slot, hash, key);
    const paid = (): void => ledger.paid(payment);
    const sink: AttemptSink<boolean> = { answered: paid, answeredLate: paid, failed: nothing, failedLate: nothing };
    node.delete({ key, hash, timeoutMs, sink }, lane);
  }
}
