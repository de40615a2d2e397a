/**
 * What `new Redis` takes: the nodes, the options of the cache that concern commands, and those of ioredis.
 *
 * An option of ioredis that has its like here is translated; one about connections, which are looked after otherwise here,
 * is accepted and has no effect, so that an options object can stay as it is; one that would change answers is refused.
 */

import type { RedisOptions as IoredisOptions } from 'ioredis';
import type { TlsOptions } from '../../driver/driver.js';
import { OptionError } from '../../errors.js';
import type { ProbeTarget } from '../../options/health.js';
import type { NodeOptions } from '../../options/node-options.js';
import type { CacheOptions } from '../../options.js';
import { type Cacheable, type CacheableOption, cacheableOf } from './cacheable-keys.js';

type OfCache =
  | 'nodes'
  | 'placement'
  | 'replication'
  | 'maxValueBytes'
  | 'timeouts'
  | 'read'
  | 'write'
  | 'bulkhead'
  | 'breaker'
  | 'rateLimit'
  | 'retry'
  | 'fallback'
  | 'near'
  | 'onUnavailable'
  | 'maxClockSkewMs'
  | 'health'
  | 'ledger'
  | 'unref'
  | 'clock'
  | 'random';

/** Options of `new Redis`. */
export interface RedisOptions extends Pick<CacheOptions, OfCache>, Omit<IoredisOptions, OfCache> {
  /**
   * String keys that are cache and not data: all, those that match a pattern of Redis (`*`, `?`, `[a-z]`), or those that a
   * function picks. They may have copies, stand-ins and a fallback, and what an outage kept from being overwritten is
   * deleted afterwards. @default none
   */
  readonly cacheable?: CacheableOption | undefined;
}

/** ioredis's own, without what decides the type of its answers. */
export type CommanderOptions = Omit<IoredisOptions, 'replyMapping'>;

/** What the constructor was given, taken apart. */
export interface RedisSettings {
  /** In one object, for `duplicate`. */
  readonly given: RedisOptions;
  readonly cache: CacheOptions;
  /** What the commands' maker heeds. */
  readonly ioredis: CommanderOptions;
  readonly cacheable: Cacheable | undefined;
}

const OF_CACHE: readonly OfCache[] = [
  'placement',
  'replication',
  'maxValueBytes',
  'read',
  'write',
  'breaker',
  'rateLimit',
  'retry',
  'fallback',
  'near',
  'onUnavailable',
  'maxClockSkewMs',
  'ledger',
  'unref',
  'clock',
  'random',
];
const TRANSLATED = ['nodes', 'cacheable', 'timeouts', 'bulkhead', 'health', 'host', 'port', 'path', 'username'];
const TRANSLATED_TOO = ['password', 'db', 'tls', 'commandTimeout', 'connectTimeout'];
/** ioredis itself heeds these, as the command's maker; `blockingTimeout` and what follows are for connections of their own. */
const HEEDED: readonly (keyof CommanderOptions)[] = [
  'keyPrefix',
  'showFriendlyErrorStack',
  'scripts',
  'lazyConnect',
  'blockingTimeout',
  'blockingTimeoutGrace',
  'connectionName',
  'autoResubscribe',
  'maxRetriesPerRequest',
];
const WITHOUT_EFFECT: readonly (keyof CommanderOptions)[] = [
  'autoPipeliningIgnoredCommands',
  'autoResendUnfulfilledCommands',
  'clientInfoTag',
  'disableClientInfo',
  'enableAutoPipelining',
  'enableOfflineQueue',
  'enableReadyCheck',
  'family',
  'keepAlive',
  'maxLoadingRetryTime',
  'noDelay',
  'reconnectOnError',
  'retryStrategy',
  'socketTimeout',
];
/** Not a Redis Cluster: what is asked of all keys would be asked of one of its servers. */
const SERVERS = /^(rediss?|redis\+unix|rediss?\+sentinel):\/\//;
/** ioredis queues without limit, and programs rely on it: a pipeline of a hundred thousand commands is none too many. */
const MAX_QUEUED = 262_144;
/** Accepted with the value that means what is done here anyway. */
const ONLY: Readonly<Record<string, unknown>> = { stringNumbers: false, replyMapping: 'legacy', readOnly: false };
const KNOWN = new Set<string>([
  ...OF_CACHE,
  ...TRANSLATED,
  ...TRANSLATED_TOO,
  ...HEEDED,
  ...WITHOUT_EFFECT,
  ...Object.keys(ONLY),
  'protocol',
]);

/** @throws OptionError */
export function resolveRedisOptions(given: RedisOptions): RedisSettings {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!KNOWN.has(name)) throw new OptionError(name, 'is no option of a ring of Redis nodes');
    if (name in ONLY && value !== ONLY[name]) throw new OptionError(name, `must be ${String(ONLY[name])}`);
  }
  const { commandTimeout, connectTimeout, timeouts, bulkhead, health, rateLimit } = given;
  const cacheable = cacheableOf(given.cacheable);
  if (cacheable === undefined)
    for (const name of ['replication', 'fallback', 'near'] as const)
      if (given[name] !== undefined && given[name] !== false && given[name] !== 1)
        throw new OptionError(name, 'is for cacheable keys: say which those are with cacheable');
  if (bulkhead?.connections !== undefined && bulkhead.connections !== 1)
    throw new OptionError('bulkhead.connections', 'must be 1: commands keep their order by sharing a connection');
  if (rateLimit !== false && rateLimit?.client !== undefined)
    throw new OptionError('rateLimit.client', 'must be left out: commands are limited by node');
  return {
    given,
    cacheable,
    ioredis: { ...picked<CommanderOptions>(given, [...HEEDED, ...WITHOUT_EFFECT]), lazyConnect: true },
    cache: {
      ...picked<CacheOptions>(given, OF_CACHE),
      nodes: nodesOf(given),
      codec: 'bytes',
      bulkhead: { maxQueued: MAX_QUEUED, ...bulkhead },
      handoff: { migrate: false },
      health: health === false ? false : { probe: answersPing, ...health },
      timeouts: {
        ...(commandTimeout === undefined ? {} : { attemptMs: commandTimeout, totalMs: commandTimeout }),
        ...(connectTimeout === undefined ? {} : { connectMs: connectTimeout }),
        ...timeouts,
      },
    },
  };
}

/** Writes no key: keys are counted and listed here as the user's. */
async function answersPing({ raw }: ProbeTarget): Promise<boolean> {
  return (await raw('PING')) === 'PONG';
}

function nodesOf({
  nodes,
  host = '127.0.0.1',
  port = 6379,
  path,
  username,
  password,
  db,
  tls,
}: RedisOptions): NodeOptions[] {
  const scheme = tls === undefined ? 'redis' : 'rediss';
  const list = nodes ?? [path === undefined ? `${scheme}://${host}:${port}` : `redis+unix://${path}`];
  if (!Array.isArray(list)) throw new OptionError('nodes', 'must be a list of at least one node');
  return list.map((entry: unknown, i) => {
    const node: NodeOptions = typeof entry === 'string' ? { url: entry } : (entry as NodeOptions);
    if (typeof node !== 'object' || node === null) throw new OptionError(`nodes[${i}]`, 'must be a URL or an object');
    if (node.group !== undefined)
      throw new OptionError(`nodes[${i}].group`, 'must be left out: data stays on its node');
    if (node.driver === undefined && !SERVERS.test(String(node.url)))
      throw new OptionError(`nodes[${i}].url`, 'must be that of a Redis server, or of one behind sentinels');
    return {
      ...node,
      ...(password === undefined || node.credentials !== undefined || hasCredentials(node.url)
        ? {}
        : { credentials: { username: username === '' ? undefined : username, password } }),
      ...(db === undefined || node.database !== undefined || /[^/]\/\d+$/.test(String(node.url))
        ? {}
        : { database: Number(db) }),
      ...(tls === undefined || node.tls !== undefined || node.url?.startsWith('rediss:') !== true
        ? {}
        : { tls: tlsOf(tls) }),
    };
  });
}

function tlsOf({ ca, cert, key, servername, rejectUnauthorized }: NonNullable<IoredisOptions['tls']>): TlsOptions {
  const all = { ca, cert, key, servername };
  for (const [name, value] of Object.entries(all))
    if (value !== undefined && typeof value !== 'string' && !Buffer.isBuffer(value))
      throw new OptionError(`tls.${name}`, 'must be a string or a Buffer');
  return { ...(all as TlsOptions), insecureSkipVerify: rejectUnauthorized === false };
}

function hasCredentials(url: string | undefined): boolean {
  return url !== undefined && /^[a-z+]+:\/\/[^/]*@/.test(url);
}

function picked<T extends object>(from: T, names: readonly (keyof T)[]): Partial<T> {
  const found: Partial<T> = {};
  for (const name of names) if (from[name] !== undefined) found[name] = from[name];
  return found;
}
