/**
 * Opens connections that speak memcached's meta protocol (1.6 and later), on TCP, TLS or a unix socket, with the user name
 * and password of an auth file if one is asked for.
 *
 * The handshake learns which life of the data this is, the server's clock, its largest item, and whether we stand in its
 * list of connections under the name we know; a server that keeps any of it to itself is served without. One that does not
 * know `mn` is refused: it would execute the value behind an `ms` as commands.
 */

import { NodeError } from '../../errors.js';
import { askCredentials } from '../credentials.js';
import type { Connection, ConnectOptions, Credentials, Driver } from '../driver.js';
import { askRaw, linesOf } from './ask-raw.js';
import { ACCEPTED, authRequest } from './auth-file.js';
import { enumerateKeys } from './enumerate.js';
import { limitsOf, shakeHands } from './handshake.js';
import { whereIs } from './link-errors.js';
import { clockOf, FRAME_ALLOWANCE_BYTES, type MemcachedOptions } from './memcached-options.js';
import { MetaConnection } from './meta-connection.js';
import { connectionNames, largestItem, nodeFacts, statistics } from './node-facts.js';
import { openWire } from './open-wire.js';
import { maxTtlMs, ServerTime } from './server-time.js';

/** Beyond this the list of connections is too long to be asked for at every connect; the connection then has no `id`. */
const MOST_LISTED_CONNECTIONS = 4096;
const ENUMERATION_CONNECT_MS = 5_000;

export function createMetaDriver(options: MemcachedOptions): Driver {
  return {
    kind: 'memcached',
    capabilities: {
      ttlResolutionMs: 1000,
      maxTtlMs: maxTtlMs(clockOf(options)),
      compareAndSet: true,
      enumeration: true,
      raw: true,
      leases: 'placeholder',
    },
    connect: ({ signal }: ConnectOptions) => connect(options, signal),
  };
}

async function connect(options: MemcachedOptions, signal: AbortSignal): Promise<Connection> {
  const credentials = await askCredentials(options.credentials, whereIs(options.address), signal);
  const wire = await openWire(options, signal);
  const time = new ServerTime(clockOf(options));
  const connection = new MetaConnection(wire, {
    time,
    maxFrameBytes: FRAME_ALLOWANCE_BYTES,
    isVerbatim: options.isVerbatim === true,
    enumerate: (prefix, life) => walk(options, prefix, life),
  });
  await shakeHands(connection, wire.where, options, signal, () =>
    introduce(connection, options, time, credentials, wire.localName),
  );
  return connection;
}

async function introduce(
  connection: MetaConnection,
  options: MemcachedOptions,
  time: ServerTime,
  credentials: Credentials | undefined,
  localName: string | undefined,
): Promise<void> {
  if (credentials !== undefined && (await connection.open(authRequest(credentials))) !== ACCEPTED)
    throw new NodeError('auth', 'the server did not take the user name and password');
  // In one write: a server that is full says so and closes, and a second write would make the kernel forget what it said.
  const [stats, settings, greeting] = await askRaw(connection, ['stats'], ['stats', 'settings'], ['mn']);
  if (greeting !== 'MN') throw new NodeError('protocol', 'no meta protocol: memcached 1.6 or later is needed');
  const facts = nodeFacts(statistics(linesOf(stats)));
  connection.incarnation = facts.incarnation;
  if (facts.time !== undefined) time.learn(facts.time);
  const limits = limitsOf(largestItem(statistics(linesOf(settings))), options);
  connection.limit(limits.itemBytes, limits.frameBytes);
  connection.maxValueBytes = limits.valueBytes;
  if (localName === undefined || (facts.connections ?? 0) > MOST_LISTED_CONNECTIONS) return;
  const [conns] = await askRaw(connection, ['stats', 'conns']);
  if (connectionNames(linesOf(conns)).has(localName)) connection.id = localName;
}

async function* walk(options: MemcachedOptions, prefix: string, life: AbortSignal): AsyncGenerator<string[]> {
  const signal = AbortSignal.any([life, AbortSignal.timeout(ENUMERATION_CONNECT_MS)]);
  const credentials = await askCredentials(options.credentials, whereIs(options.address), signal);
  const wire = await openWire(options, signal, false);
  yield* enumerateKeys(wire, credentials, prefix, life);
}
