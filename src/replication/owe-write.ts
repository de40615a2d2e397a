/** A write that its node has not confirmed: what the node holds is no answer until it is invalidated. */

import { type CacheError, faultOf } from '../errors.js';
import type { Attempt } from '../node/attempts.js';
import type { CacheNode } from '../node/cache-node.js';
import type { WriteContext } from './contexts.js';

/** @param stamp of the write */
export function oweWrite(context: WriteContext, attempt: Attempt<boolean>, stamp: number, error: CacheError): void {
  const { ledger } = context;
  const { hash, key, sentOn } = attempt;
  const node = attempt.node as CacheNode;
  ledger.owe(hash, key, node.slot, stamp);
  if (sentOn !== undefined && faultOf(error) === 'link' && error.code !== 'ERR_TIMEOUT')
    ledger.abandon(node.slot, sentOn, [{ hash, key }]);
  context.owed(node);
}
