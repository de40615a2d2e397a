/** A connected, secured, authenticated socket to a Redis server, by ioredis, with every listener and timer of ioredis gone. */

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import { onAbort } from '../../base/abort.js';
import { nameLookup } from '../../base/name-lookup.js';
import { NodeError } from '../../errors.js';
import { askCredentials } from '../credentials.js';
import { guessSpeaker } from './foreign-speaker.js';
import { errorOfReply } from './redis-errors.js';
import type { RedisDriverOptions } from './redis-options.js';
import type { RedisStream } from './redis-stream.js';

const KEEP_ALIVE_MS = 10_000;

export async function openStream(options: RedisDriverOptions, signal: AbortSignal): Promise<RedisStream> {
  const credentials = await askCredentials(options.credentials, whereIs(options), signal);
  // Looked at behind the wait: an abort that came meanwhile is told to nobody who listens from here on.
  if (signal.aborted) throw new NodeError('unreachable', 'the connect deadline had passed before it began');
  const opening = new Opening(options);
  let stopListening = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stopListening = onAbort(signal, () => reject(new NodeError('unreachable', opening.whyUnreachable())));
  });
  aborted.catch(() => undefined);
  const settings: RedisOptions & { replyMapping: 'legacy' } = {
    ...PROFILE,
    Connector: opening.connectorClass(),
    db: options.database ?? 0,
  };
  if (credentials?.username !== undefined) settings.username = credentials.username;
  if (credentials !== undefined) settings.password = credentials.password;
  if (options.tls !== undefined) settings.tls = {};
  const redis = new Redis(settings);
  let refusal: Error | undefined;
  redis.on('error', (error: Error) => {
    refusal ??= error;
  });
  try {
    await Promise.race([redis.connect(), aborted]);
    if (refusal !== undefined) throw refusal;
    return opening.takeOver();
  } catch (error) {
    opening.abandon();
    redis.disconnect();
    throw error instanceof NodeError ? error : opening.explain(refusal ?? error);
  } finally {
    stopListening();
  }
}

/** DRIVERS.md gives the reason for each: no queue, no timer, no resending and no reconnecting of ioredis's own. */
const PROFILE: RedisOptions & { replyMapping: 'legacy' } = {
  lazyConnect: true,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  reconnectOnError: null,
  enableAutoPipelining: false,
  disableClientInfo: true,
  connectTimeout: 0,
  disconnectTimeout: 100,
  protocol: 2,
  replyMapping: 'legacy',
  keyPrefix: '',
  retryStrategy: () => null,
};

/** One attempt to connect: owns the raw socket, which ioredis does not keep under TLS. */
class Opening {
  readonly #options: RedisDriverOptions;
  #socket: Socket | undefined;
  #stream: Socket | undefined;
  /** The first bytes received. */
  #greeting: Buffer = Buffer.alloc(0);

  constructor(options: RedisDriverOptions) {
    this.#options = options;
  }

  connectorClass(): NonNullable<RedisOptions['Connector']> {
    const open = (): Socket => this.#open();
    const abandon = (): void => this.abandon();
    // ioredis accepts nothing but a descendant of its own connector.
    return class extends AbstractConnector {
      constructor() {
        super(0);
      }
      async connect(): Promise<Socket> {
        this.connecting = true;
        this.stream = open();
        this.stream.once('error', (error: Error) => {
          this.firstError = error;
        });
        return this.stream as Socket;
      }
      override disconnect(): void {
        this.connecting = false;
        abandon();
      }
    };
  }

  #open(): Socket {
    const { address, tls, lookup } = this.#options;
    this.#socket = connectTcp(
      address.path === undefined
        ? {
            host: address.host,
            port: address.port,
            noDelay: true,
            keepAlive: true,
            keepAliveInitialDelay: KEEP_ALIVE_MS,
            lookup: lookup ?? nameLookup.look,
          }
        : { path: address.path },
    );
    // The TCP socket's failure reaches us through the TLS socket; unheard here it would end the process.
    this.#socket.on('error', () => undefined);
    this.#stream =
      tls === undefined
        ? this.#socket
        : connectTls({
            socket: this.#socket,
            // SNI takes no IP address; the certificate is then checked against `host`.
            servername: tls.servername ?? (isIP(address.host) === 0 ? address.host : ''),
            host: address.host,
            rejectUnauthorized: tls.insecureSkipVerify !== true,
            minVersion: 'TLSv1.2',
            ...(tls.ca === undefined ? {} : { ca: tls.ca as string | Buffer }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
          });
    this.#stream.once('data', (chunk: Buffer) => {
      this.#greeting = chunk.subarray(0, 32);
    });
    return this.#stream;
  }

  /** Synchronous from "ready" to the new reader: no byte can arrive unread in between, since the server owes no reply. */
  takeOver(): RedisStream {
    const stream = this.#stream;
    const socket = this.#socket;
    if (stream === undefined || socket === undefined || stream.destroyed)
      throw new NodeError('lost', 'the server closed the connection during the handshake');
    for (const event of ['data', 'error', 'close', 'end', 'timeout', 'connect', 'secureConnect', 'drain'] as const)
      stream.removeAllListeners(event);
    if (this.#options.unref === true) socket.unref();
    return { stream, socket };
  }

  abandon(): void {
    this.#stream?.destroy();
    this.#socket?.destroy();
  }

  whyUnreachable(): string {
    const where = whereIs(this.#options);
    if (this.#socket === undefined || this.#socket.connecting) return `${where} did not accept a connection in time`;
    if (this.#options.tls !== undefined)
      return `${where} accepted the connection but did not finish the handshake in time (no TLS on this port?)`;
    return `${where} accepted the connection but did not answer in time`;
  }

  explain(cause: unknown): NodeError {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const text = cause instanceof Error ? cause.message : String(cause);
    const where = whereIs(this.#options);
    if (code === 'ECONNREFUSED')
      return new NodeError('refused', `nothing listens at ${where}`, { cause: plain(cause) });
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
      return new NodeError('unreachable', `the name of ${where} is not known (${code})`, { cause: plain(cause) });
    if (this.#greeting.length > 0 && !/^[-+:$*]/.test(this.#greeting.latin1Slice()))
      return new NodeError('protocol', `the replies make no sense: ${guessSpeaker(this.#greeting)}`);
    const reply = /^[A-Z]{2,}[A-Z]* /.test(text) ? errorOfReply(text) : undefined;
    if (reply instanceof NodeError && reply.reason !== 'rejected') return reply;
    if (reply !== undefined) return new NodeError('unreachable', `cannot connect to ${where}: ${reply.message}`);
    if (code !== '')
      return new NodeError('unreachable', `cannot connect to ${where}: ${code}`, { cause: plain(cause) });
    return closedDuringHandshake(this.#options);
  }
}

export function closedDuringHandshake(options: RedisDriverOptions, cause?: unknown): NodeError {
  const text = `${whereIs(options)} closed the connection during the handshake`;
  return new NodeError('lost', options.tls === undefined ? `${text} (TLS port?)` : text, { cause });
}

export function whereIs({ address: { path, host, port } }: RedisDriverOptions): string {
  return path ?? `${host}:${port}`;
}

/** ioredis attaches the command with its arguments, the password among them, to the errors of AUTH. */
function plain(cause: unknown): unknown {
  if (cause instanceof Error && 'command' in cause) return new Error(cause.message);
  return cause;
}
