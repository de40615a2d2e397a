/**
 * From what our connection makes of a reply to what ioredis hands its commands: texts as Buffers, so that each command
 * decodes as it was asked to, and refusals as its own `ReplyError`.
 */

import { type Command, ReplyError } from 'ioredis';
import { refusalOf } from '../../driver/refusal.js';
import { CacheError, NodeError, type NodeErrorReason } from '../../errors.js';
import { later } from './later.js';

/** Untyped in ioredis. */
const Refused: new (message: string) => Error = ReplyError;
/** In the words of ioredis. Libraries look for them: what failed so, they try again, and anything else they give up. */
const CLOSED = 'Connection is closed.';
/** What another attempt, some time later, may mend. */
const PASSING: ReadonlySet<NodeErrorReason> = new Set<NodeErrorReason>([
  ...(['refused', 'unreachable', 'lost', 'stalled'] as const),
  ...(['loading', 'read-only', 'master-down', 'too-many-clients', 'busy'] as const),
]);
/** Of one outage there is one error for everything that fails by it. */
const closedBy = new WeakMap<NodeError, NodeError>();

/** A reply of any depth; the arrays are changed in place. */
export function asIoredis(reply: unknown): unknown {
  if (typeof reply === 'string') return Buffer.from(reply, 'latin1');
  if (Array.isArray(reply)) {
    for (let i = 0; i < reply.length; i++) reply[i] = asIoredis(reply[i]);
    return reply;
  }
  return reply instanceof Error ? asReplyError(reply) : reply;
}

/** The server's own words where it refused; those of ioredis where a node was away; any other error as it is. */
export function asReplyError(error: Error, command?: Pick<Command, 'name' | 'args'>): Error {
  const text = refusalOf(error);
  if (text === undefined) return withoutAnswer(error);
  return replyError(text, command);
}

/** A refusal in the server's words. */
export function replyError(text: string, command?: Pick<Command, 'name' | 'args'>): Error {
  const refused = new Refused(text);
  return command === undefined
    ? refused
    : Object.assign(refused, { command: { name: command.name, args: command.args } });
}

function withoutAnswer(error: Error): Error {
  if (error instanceof CacheError && error.code === 'ERR_CLOSED') return closedError();
  if (!(error instanceof NodeError) || !PASSING.has(error.reason)) return error;
  const { reason, node } = error;
  const told = closedBy.get(error) ?? new NodeError(reason, CLOSED, { node, cause: error });
  closedBy.set(error, told);
  return told;
}

export function closedError(): CacheError {
  return new CacheError('ERR_CLOSED', CLOSED);
}

/** As `fail`, for a call that is a promise. */
export function failing(error: Error, command: Pick<Command, 'name' | 'args'>): Promise<never> {
  return new Promise((_, reject) => fail(reject, error, command));
}

/** Fails a command, or a call that has none: at once with what a server said, otherwise `later`. */
export function fail(reject: (error: Error) => void, error: Error, command?: Pick<Command, 'name' | 'args'>): void {
  const told = asReplyError(error, command);
  if (told instanceof Refused) reject(told);
  else later(() => reject(told));
}

/** Settles the command as ioredis would have. */
export function settle(command: Command, reply: unknown): void {
  if (reply instanceof Error) fail(command.reject, reply, command);
  else command.resolve(asIoredis(reply));
}
