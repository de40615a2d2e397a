/**
 * Opens connections to a Redis server. ioredis does the look-up, TCP, TLS, AUTH and SELECT; then the socket is taken over
 * by `RedisConnection`. Each ioredis client serves for one connection only and never reconnects: reconnecting is the
 * node's business.
 */

import { CacheError, NodeError } from '../../errors.js';
import type { Capabilities, Connection, ConnectOptions, Driver } from '../driver.js';
import { closedDuringHandshake, openStream, whereIs } from './open-stream.js';
import { RedisConnection } from './redis-connection.js';
import type { RedisDriverOptions } from './redis-options.js';
import type { Reply } from './reply-collector.js';

const CAPABILITIES: Capabilities = {
  ttlResolutionMs: 1,
  maxTtlMs: Number.MAX_SAFE_INTEGER / 4096,
  compareAndSet: true,
  enumeration: true,
  raw: true,
  leases: 'hidden',
};

const DEFAULT_MAX_REPLY_BYTES = 64 * 1024 * 1024;

export function createRedisDriver(options: RedisDriverOptions): Driver {
  return {
    kind: 'redis',
    capabilities: CAPABILITIES,
    connect: ({ signal }: ConnectOptions) => connect(options, signal),
  };
}

async function connect(options: RedisDriverOptions, signal: AbortSignal): Promise<Connection> {
  const opened = await openStream(options, signal);
  const connection = new RedisConnection(opened, options.maxReplyBytes ?? DEFAULT_MAX_REPLY_BYTES);
  const hint = options.tls === undefined ? ' (TLS port?)' : '';
  const tooLate = `${whereIs(options)} accepted the connection but did not answer in time${hint}`;
  const abort = (): void => connection.destroy(new NodeError('unreachable', tooLate));
  signal.addEventListener('abort', abort, { once: true });
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
    signal.removeEventListener('abort', abort);
  }
}

/** Learns who we are to the server and which life of its data this is; refuses a server that cannot serve now. */
async function introduce(connection: RedisConnection): Promise<void> {
  const questions = [['CLIENT', 'ID'], ['INFO'], ['DBSIZE']].map((words) => connection.ask(words));
  // In order: a server that is full says so in answer to the first question, and closes.
  const [id, info, size] = (await Promise.allSettled(questions)).map(answerOf);
  if (!Buffer.isBuffer(info)) return;
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info.latin1Slice())?.[1];
  if (field('loading') === '1') throw new NodeError('loading', 'the server is loading its data');
  if (field('redis_mode') === 'cluster')
    throw new NodeError('cluster', 'this server is a node of a Redis Cluster: name it with redis+cluster://');
  const runId = field('run_id');
  if (runId === undefined) return;
  connection.incarnation = { id: runId, isEmpty: size === 0 };
  // Servers number connections from 1 in each life: without its life a number may come to be that of somebody else's.
  if (typeof id === 'number') connection.id = `${runId}.${id}`;
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
