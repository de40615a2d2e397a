/**
 * Opens connections to a Redis server. ioredis does the look-up, TCP, TLS, AUTH and SELECT; then the socket is taken over
 * by `RedisConnection`. Each ioredis client serves for one connection only and never reconnects: reconnecting is the
 * node's business.
 */

import { CacheError, NodeError } from '../../errors.js';
import type { Capabilities, Connection, ConnectOptions, Driver } from '../driver.js';
import { openStream } from './open-stream.js';
import { RedisConnection } from './redis-connection.js';
import type { RedisDriverOptions } from './redis-options.js';
import type { Reply } from './reply-collector.js';

const CAPABILITIES: Capabilities = {
  ttlResolutionMs: 1,
  maxTtlMs: Number.MAX_SAFE_INTEGER / 4096,
  compareAndSet: true,
  enumeration: true,
  raw: true,
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
  const abort = (): void =>
    connection.destroy(new NodeError('unreachable', 'the server did not finish the handshake in time'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    await introduce(connection);
    return connection;
  } catch (error) {
    connection.destroy(
      error instanceof CacheError ? error : new NodeError('lost', 'the handshake failed', { cause: error }),
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Learns who we are to the server and which life of its data this is; refuses a server that cannot serve now. */
async function introduce(connection: RedisConnection): Promise<void> {
  const [id, info, size] = await Promise.all([
    orRefusal(connection.ask(['CLIENT', 'ID'])),
    orRefusal(connection.ask(['INFO'])),
    orRefusal(connection.ask(['DBSIZE'])),
  ]);
  for (const answer of [info, size]) {
    // A user whose rights leave these out (NOPERM) may still read and write; without rights at all (NOAUTH) nobody can.
    if (answer instanceof NodeError && !/NOPERM/.test(answer.message) && answer.reason !== 'rejected') throw answer;
  }
  if (typeof id === 'number') connection.id = String(id);
  if (!Buffer.isBuffer(info)) return;
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info.latin1Slice())?.[1];
  if (field('loading') === '1') throw new NodeError('loading', 'the server is loading its data');
  if (field('redis_mode') === 'cluster')
    throw new NodeError('cluster', 'this server is a node of a Redis Cluster: name it with redis+cluster://');
  const runId = field('run_id');
  if (runId !== undefined) connection.incarnation = { id: runId, isEmpty: size === 0 };
}

/** A refusal is an answer here; a lost connection is not. */
function orRefusal(reply: Promise<Reply>): Promise<Reply> {
  return reply.catch((error: unknown) => {
    if (
      error instanceof NodeError &&
      error.reason !== 'lost' &&
      error.reason !== 'protocol' &&
      error.reason !== 'unreachable'
    )
      return error;
    throw error;
  });
}
