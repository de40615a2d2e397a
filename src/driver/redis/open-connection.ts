/**
 * Opens connections to one Redis server. ioredis does the look-up, TCP, TLS, AUTH and SELECT; then the socket is taken over
 * by `RedisConnection`. Each ioredis client serves for one connection only and never reconnects: reconnecting is the
 * node's business.
 */

import { onAbort } from '../../base/abort.js';
import { CacheError, NodeError } from '../../errors.js';
import type { KeyLayout } from './key-layout.js';
import { closedDuringHandshake, openStream, whereIs } from './open-stream.js';
import { RedisConnection } from './redis-connection.js';
import type { RedisDriverOptions } from './redis-options.js';
import type { Reply } from './reply-collector.js';

const DEFAULT_MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** What a server tells of itself; `undefined` where it will not. */
export interface ServerFacts {
  /** Its present life: another after each start. */
  readonly runId: string | undefined;
  /** Its history of writes: another after each promotion. */
  readonly historyId: string | undefined;
  readonly role: string | undefined;
  readonly isClustered: boolean;
  readonly isEmpty: boolean;
}

/** `introduce` is part of the handshake: if it rejects, so does this, and no socket is left behind. */
export async function openConnection(
  options: RedisDriverOptions,
  signal: AbortSignal,
  introduce: (connection: RedisConnection) => Promise<void>,
  layout?: KeyLayout,
): Promise<RedisConnection> {
  const opened = await openStream(options, signal);
  const connection = new RedisConnection(opened, options.maxReplyBytes ?? DEFAULT_MAX_REPLY_BYTES, layout);
  const hint = options.tls === undefined ? ' (TLS port?)' : '';
  const tooLate = `${whereIs(options)} accepted the connection but did not answer in time${hint}`;
  const abort = (): void => connection.destroy(new NodeError('unreachable', tooLate));
  const stopListening = onAbort(signal, abort);
  try {
    if (signal.aborted) abort();
    await introduce(connection);
    return connection;
  } catch (cause) {
    const isExplained = cause instanceof CacheError && !(cause instanceof NodeError && cause.reason === 'lost');
    const error = isExplained ? cause : closedDuringHandshake(options, cause);
    connection.destroy(error);
    throw error;
  } finally {
    stopListening();
  }
}

/** Learns who we are to the server and what it is; rejects if it is loading its data. */
export async function learnFacts(connection: RedisConnection): Promise<ServerFacts> {
  const questions = [['CLIENT', 'ID'], ['INFO'], ['DBSIZE']].map((words) => connection.ask(words));
  // In order: a server that is full says so in answer to the first question, and closes.
  const [id, info, size] = (await Promise.allSettled(questions)).map(answerOf);
  const text = Buffer.isBuffer(info) ? info.latin1Slice() : '';
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  if (field('loading') === '1') throw new NodeError('loading', 'the server is loading its data');
  const runId = field('run_id');
  connection.life = runId;
  // Servers number connections from 1 in each life: without its life a number may come to be that of somebody else's.
  if (typeof id === 'number' && runId !== undefined) connection.id = `${runId}.${id}`;
  return {
    runId,
    historyId: field('master_replid'),
    role: field('role'),
    isClustered: field('redis_mode') === 'cluster',
    isEmpty: size === 0,
  };
}

/**
 * A user whose rights leave a question out (NOPERM), or a server that does not know it, may still serve; everything else
 * that is no answer ends the handshake.
 */
function answerOf(reply: PromiseSettledResult<Reply>): Reply {
  if (reply.status === 'fulfilled') return reply.value;
  const error: unknown = reply.reason;
  if (error instanceof NodeError && (error.reason === 'rejected' || /NOPERM/.test(error.message))) return error;
  throw error;
}
