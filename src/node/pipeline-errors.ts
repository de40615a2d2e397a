/** Why an operation did not get its answer by way of one connection. */

import { type CacheError, NodeError, TimeoutError } from '../errors.js';
import { type BulkheadFill, BulkheadFullError } from './guard-errors.js';
import type { Lane } from './lane.js';

interface Place {
  readonly node: { readonly name: string };
  readonly lane: Lane;
}

export function timeoutError({ node, lane }: Place, timeoutMs: number, sent: boolean): TimeoutError {
  const what = sent ? 'did not answer' : `had no room on lane ${lane}`;
  return new TimeoutError(`node ${node.name} ${what} within ${timeoutMs} ms`, timeoutMs, sent, { node: node.name });
}

/** `cause` is what the last connection, or attempt to connect, ended with. */
export function unreachableError({ node: { name } }: Place, cause: CacheError | undefined): CacheError {
  if (cause?.code === 'ERR_CLOSED') return cause;
  const reason = cause instanceof NodeError ? cause.reason : 'lost';
  const why = cause?.message ?? 'not connected';
  return new NodeError(reason, `node ${name} cannot be reached: ${why}`, { node: name, cause });
}

export function stalledError({ node: { name }, lane }: Place, owed: number, stallMs: number): NodeError {
  const what = `owed ${owed} replies on lane ${lane} and sent nothing for ${stallMs} ms`;
  return new NodeError('stalled', `node ${name} ${what}`, { node: name });
}

export function fullError({ node, lane }: Place, reason: 'full' | 'age', fill: BulkheadFill): BulkheadFullError {
  return new BulkheadFullError(reason, fill, { node: node.name, lane });
}
