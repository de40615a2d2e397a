/**
 * From what our connection makes of a reply to what ioredis hands its commands: texts as Buffers, so that each command
 * decodes as it was asked to, and refusals as its own `ReplyError`.
 */

import { type Command, ReplyError } from 'ioredis';
import { refusalOf } from '../../driver/refusal.js';
import { CacheError } from '../../errors.js';

/** Untyped in ioredis. */
const Refused: new (message: string) => Error = ReplyError;

/** A reply of any depth; the arrays are changed in place. */
export function asIoredis(reply: unknown): unknown {
  if (typeof reply === 'string') return Buffer.from(reply, 'latin1');
  if (Array.isArray(reply)) {
    for (let i = 0; i < reply.length; i++) reply[i] = asIoredis(reply[i]);
    return reply;
  }
  return reply instanceof Error ? asReplyError(reply) : reply;
}

/** The server's own words where it refused; any other error as it is. */
export function asReplyError(error: Error, command?: Pick<Command, 'name' | 'args'>): Error {
  const text = refusalOf(error);
  if (text === undefined) return error instanceof CacheError && error.code === 'ERR_CLOSED' ? closedError() : error;
  const refused = new Refused(text);
  return command === undefined
    ? refused
    : Object.assign(refused, { command: { name: command.name, args: command.args } });
}

/** In the words of ioredis, which libraries look for. */
export function closedError(): CacheError {
  return new CacheError('ERR_CLOSED', 'Connection is closed.');
}

/** Settles the command as ioredis would have. */
export function settle(command: Command, reply: unknown): void {
  if (reply instanceof Error) command.reject(asReplyError(reply, command));
  else command.resolve(asIoredis(reply));
}
