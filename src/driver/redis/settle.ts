/** What a whole reply means to the operation that asked. A reply of an unforeseen shape fails the operation, never throws. */

import { CacheError, faultOf, NodeError } from '../../errors.js';
import { type CountOperation, type InspectOperation, NO_EXPIRY, type Operation } from '../driver.js';
import { refusalOf } from '../refusal.js';
import type { Reply } from './reply-collector.js';

export function settle(operation: Operation, reply: Reply): void {
  if (reply instanceof CacheError) {
    if (operation.kind === 'raw' && operation.takesRefusals === true && isOfCommand(reply)) operation.done(reply);
    else operation.fail(reply);
    return;
  }
  switch (operation.kind) {
    case 'store':
      operation.done(reply === 'OK' || reply === 1);
      break;
    case 'delete':
      // The key counts one, the companions of a lease two.
      operation.done(typeof reply === 'number' && (reply & 1) === 1);
      break;
    case 'lease':
      if (Buffer.isBuffer(reply)) operation.done({ token: reply.latin1Slice() });
      else operation.done(reply === 0 ? 'present' : 'held');
      break;
    case 'touch':
      operation.done(reply === 1);
      break;
    case 'count':
      settleCount(operation, reply);
      break;
    case 'inspect':
      settleInspection(operation, reply);
      break;
    case 'raw':
      operation.done(reply);
      break;
    case 'get':
      operation.fail(new NodeError('protocol', 'a get was answered by something else than a value'));
      break;
  }
}

/** Rights that this command lacks say nothing of the node, which has let us in. */
function isOfCommand(error: CacheError): boolean {
  return faultOf(error) === 'caller' || refusalOf(error)?.startsWith('NOPERM') === true;
}

function settleCount(operation: CountOperation, reply: Reply): void {
  const value = Buffer.isBuffer(reply) ? Number(reply.latin1Slice()) : Number.NaN;
  if (reply === null) operation.done(undefined);
  else if (Number.isSafeInteger(value) && value >= 0) operation.done(value);
  else operation.fail(new NodeError('protocol', 'a count was answered by something else than a number'));
}

function settleInspection(operation: InspectOperation, reply: Reply): void {
  if (reply === null) {
    operation.miss();
    return;
  }
  if (Array.isArray(reply)) {
    const [bytes, ttlMs, token] = reply;
    if (Buffer.isBuffer(bytes) && typeof ttlMs === 'number' && Buffer.isBuffer(token)) {
      // PTTL tells -1 for none and may tell 0 in the last millisecond, which must not read as "none".
      operation.found({ bytes, ttlMs: ttlMs < 0 ? NO_EXPIRY : Math.max(1, ttlMs), token: token.latin1Slice() });
      return;
    }
  }
  operation.fail(new NodeError('protocol', 'an inspection was answered in an unknown shape'));
}
