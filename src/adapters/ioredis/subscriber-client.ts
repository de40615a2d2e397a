/** A client of ioredis for the subscriptions on one node: one connection, opened once, never again by itself. */

import type { ConnectionOptions } from 'node:tls';
import { Redis as IoRedis, type RedisOptions as IoredisOptions } from 'ioredis';
import { askCredentials } from '../../driver/credentials.js';
import type { Credentials, TlsOptions } from '../../driver/driver.js';
import { NodeError } from '../../errors.js';
import type { NodeSpec } from '../../options/node-options.js';

/** ioredis offers other shapes of answers for RESP3; the type of its options asks to be told which. */
type Legacy = IoredisOptions & { replyMapping: 'legacy' };
type Reach = Omit<IoredisOptions, 'replyMapping'>;

const KEEP_ALIVE_MS = 10_000;

/**
 * Resolves when it is ready; otherwise nothing is left of it.
 *
 * @param attempt which of several servers of the node is tried, in turn
 * @throws NodeError
 */
export async function openSubscriber(
  spec: NodeSpec,
  connectionName: string | undefined,
  attempt: number,
  signal: AbortSignal,
): Promise<IoRedis> {
  if (spec.scheme === 'driver') throw unreachable(spec, 'a driver of its own knows nothing of subscriptions');
  const credentials = await askCredentials(spec.credentials, spec.name, signal);
  const sentinels = await sentinelsOf(spec, signal);
  if (signal.aborted) throw unreachable(spec, 'it was given up');
  const settings: Legacy = {
    ...PROFILE,
    ...placeOf(spec, attempt),
    ...sentinels,
    ...loginOf(credentials),
    ...(spec.tls === undefined ? {} : { tls: tlsOf(spec.tls) }),
    ...(connectionName === undefined ? {} : { connectionName }),
    db: spec.database,
  };
  const client = new IoRedis(settings);
  let failure: unknown;
  client.on('error', (error: Error) => {
    failure ??= error;
  });
  let giveUp = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(unreachable(spec, 'did not answer in time'));
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    await Promise.race([client.connect(), aborted]);
    return client;
  } catch (error) {
    client.disconnect();
    throw error instanceof NodeError ? error : unreachable(spec, textOf(failure ?? error));
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Reconnecting and subscribing again are `Subscriber`'s. */
const PROFILE: Legacy = {
  replyMapping: 'legacy',
  lazyConnect: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  reconnectOnError: null,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  maxRetriesPerRequest: 0,
  disableClientInfo: true,
  connectTimeout: 0,
  disconnectTimeout: 100,
  keepAlive: KEEP_ALIVE_MS,
};

/** Of a cluster any server will do: what is published on one is told to all. */
function placeOf({ address, fleet, scheme }: NodeSpec, attempt: number): Reach {
  if (scheme === 'redis+sentinel') return {};
  const { host, port, path } = fleet?.hosts[attempt % fleet.hosts.length] ?? address;
  return path === undefined ? { host, port } : { path };
}

async function sentinelsOf({ scheme, fleet, name }: NodeSpec, signal: AbortSignal): Promise<Reach> {
  if (scheme !== 'redis+sentinel' || fleet === undefined) return {};
  const { hosts, masterName, sentinel } = fleet;
  const login = await askCredentials(sentinel.credentials, `the sentinels of ${name}`, signal);
  return {
    sentinels: hosts.map(({ host, port }) => ({ host, port })),
    name: masterName,
    ...(login === undefined ? {} : { sentinelPassword: login.password }),
    ...(login?.username === undefined ? {} : { sentinelUsername: login.username }),
    ...(sentinel.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tlsOf(sentinel.tls) }),
  };
}

function loginOf(credentials: Credentials | undefined): Reach {
  if (credentials === undefined) return {};
  const { username, password } = credentials;
  return username === undefined ? { password } : { username, password };
}

function tlsOf({ ca, cert, key, servername, insecureSkipVerify }: TlsOptions): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: insecureSkipVerify !== true,
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/** Only the text: ioredis attaches commands with their arguments to errors, the password among them. */
function unreachable({ name }: NodeSpec, why: string): NodeError {
  return new NodeError('unreachable', `subscribing on ${name}: ${why}`, { node: name });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
