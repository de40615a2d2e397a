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
import { type DataTerms, dataTerms } from './data-terms.js';
import { checkKind } from './option-kinds.js';
import {
  ACCEPTED,
  type CacheOptionName,
  type CommanderOptions,
  HEEDED,
  type IoredisOptionName,
  isKnown,
  OF_CACHE,
  ONLY,
  RENAMED,
  type Renamed,
} from './option-names.js';

/** Options of `new Redis`. */
export interface RedisOptions extends Pick<CacheOptions, CacheOptionName>, Pick<IoredisOptions, IoredisOptionName> {
  /**
   * String keys that are cache and not data: all, those that match a pattern of Redis (`*`, `?`, `[a-z]`), or those that a
   * function picks. They may have copies, stand-ins and a fallback, and what an outage kept from being overwritten is
   * deleted afterwards. @default none
   */
  readonly cacheable?: CacheableOption | undefined;
  /**
   * How long commands on data wait for a node that was lost, or is not there yet, in ms from then on; afterwards they fail
   * at once. `enableOfflineQueue: false` is 0. @default 1_000
   */
  readonly offlineQueueMs?: number | undefined;
}

/** What the constructor was given, taken apart. */
export interface RedisSettings {
  /** In one object, for `duplicate`. */
  readonly given: RedisOptions;
  readonly cache: CacheOptions;
  /** What the commands' maker heeds, and what `options` shows. */
  readonly ioredis: CommanderOptions;
  readonly cacheable: Cacheable | undefined;
  readonly data: DataTerms;
}

/** Not a Redis Cluster: what is asked of all keys would be asked of one of its servers. */
const SERVERS = /^(rediss?|redis\+unix|rediss?\+sentinel):\/\//;
/** ioredis reads all options from a URL, too: a `db` or `keyPrefix` passed over would put the keys elsewhere. */
const WITHOUT_EFFECT: readonly string[] = ['family', 'allowUsernameInURI'];
/** ioredis queues without limit, and programs rely on it. What waits, the caller holds anyway. */
const MAX_QUEUED = 1_048_576;
const MAX_QUEUED_BYTES = 512 * 1024 * 1024;
const LONGEST_WAIT_MS = 60_000;
/** What Redis itself takes. */
const MAX_VALUE_BYTES = 512 * 1024 * 1024;
/** Far away, behind TLS, or busy with a script. */
const CONNECT_MS = 2_000;

/** @throws OptionError */
export function resolveRedisOptions(given: RedisOptions): RedisSettings {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (!isKnown(name)) throw new OptionError(name, 'is no option of a ring of Redis nodes');
    const only = ONLY.get(name);
    if (only !== undefined && value !== only) throw new OptionError(name, `must be ${String(only)}`);
    checkKind(name, value);
  }
  const { timeouts, bulkhead, health, rateLimit } = given;
  const { commandTimeout, connectTimeout, ...reach } = renamed(given);
  const cacheable = cacheableOf(given.cacheable);
  const data = dataTerms(given);
  if (cacheable === undefined)
    for (const name of ['replication', 'fallback', 'near'] as const)
      if (given[name] !== undefined && given[name] !== false && given[name] !== 1)
        throw new OptionError(name, 'is for cacheable keys: say which those are with cacheable');
  for (const [path, lane] of [
    ['bulkhead', bulkhead] as const,
    ['bulkhead.interactive', bulkhead?.interactive] as const,
  ])
    if (lane?.connections !== undefined && lane.connections !== 1)
      throw new OptionError(`${path}.connections`, 'must be 1: commands keep their order by sharing a connection');
  if (rateLimit !== false && rateLimit?.client !== undefined)
    throw new OptionError('rateLimit.client', 'must be left out: commands are limited by node');
  return {
    given,
    cacheable,
    data,
    // Every command is gathered with those of its turn anyway; ioredis's own gathering would let GET and SET overtake.
    ioredis: {
      ...picked<CommanderOptions>(given, [...RENAMED, ...HEEDED, ...ACCEPTED]),
      lazyConnect: true,
      enableAutoPipelining: false,
    },
    cache: {
      maxValueBytes: MAX_VALUE_BYTES,
      ...picked<CacheOptions>(given, OF_CACHE),
      nodes: nodesOf(given.nodes, reach),
      codec: 'bytes',
      bulkhead: {
        maxQueued: MAX_QUEUED,
        maxQueuedBytes: MAX_QUEUED_BYTES,
        maxQueueAgeMs: Math.max(LONGEST_WAIT_MS, data.deadlineMs),
        ...bulkhead,
      },
      handoff: { migrate: false },
      health: health === false ? false : { probe: answersPing, ...health },
      timeouts: {
        ...(commandTimeout === undefined ? {} : { attemptMs: commandTimeout, totalMs: commandTimeout }),
        connectMs: connectTimeout ?? CONNECT_MS,
        ...timeouts,
      },
    },
  };
}

/** Writes no key: keys are counted and listed here as the user's. */
async function answersPing({ raw }: ProbeTarget): Promise<boolean> {
  return (await raw('PING')) === 'PONG';
}

/** Programs pass null for what they have not. */
function renamed(given: RedisOptions): Pick<RedisOptions, Renamed> {
  return Object.fromEntries(RENAMED.map((name) => [name, given[name] ?? undefined]));
}

function nodesOf(
  nodes: RedisOptions['nodes'],
  { host = '127.0.0.1', port = 6379, path, username, password, db, tls }: Pick<RedisOptions, Renamed>,
): NodeOptions[] {
  const scheme = tls === undefined ? 'redis' : 'rediss';
  const bare = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const list = nodes ?? [path === undefined ? `${scheme}://${bare}:${port}` : `redis+unix://${path}`];
  if (!Array.isArray(list)) throw new OptionError('nodes', 'must be a list of at least one node');
  return list.map((entry: unknown, i) => {
    const node: NodeOptions = typeof entry === 'string' ? { url: entry } : (entry as NodeOptions);
    if (typeof node !== 'object' || node === null) throw new OptionError(`nodes[${i}]`, 'must be a URL or an object');
    if (node.group !== undefined)
      throw new OptionError(`nodes[${i}].group`, 'must be left out: data stays on its node');
    if (node.driver === undefined && !SERVERS.test(String(node.url)))
      throw new OptionError(`nodes[${i}].url`, 'must be that of a Redis server, or of one behind sentinels');
    const [place = '', settings] = String(node.url ?? '').split('?', 2);
    if ([...new URLSearchParams(settings).keys()].some((name) => !WITHOUT_EFFECT.includes(name)))
      throw new OptionError(`nodes[${i}].url`, 'must set nothing behind a question mark: options go beside the nodes');
    return {
      ...node,
      ...(password === undefined || node.credentials !== undefined || hasCredentials(node.url)
        ? {}
        : { credentials: { username: username === '' ? undefined : username, password } }),
      ...(db === undefined || node.database !== undefined || /[^/]\/\d+$/.test(place) ? {} : { database: Number(db) }),
      ...(tls === undefined || node.tls !== undefined || node.url?.startsWith('rediss') !== true
        ? {}
        : { tls: tlsOf(tls) }),
    };
  });
}

function tlsOf(tls: NonNullable<IoredisOptions['tls']>): TlsOptions {
  const { ca, cert, key, servername, rejectUnauthorized } = tls;
  for (const name of Object.keys(tls))
    if (!TLS.has(name)) throw new OptionError(`tls.${name}`, `is not taken; those that are: ${[...TLS].join(', ')}`);
  const all = { ca, cert, key, servername };
  for (const [name, value] of Object.entries(all))
    if (value !== undefined && typeof value !== 'string' && !Buffer.isBuffer(value))
      throw new OptionError(`tls.${name}`, 'must be a string or a Buffer');
  return { ...(all as TlsOptions), insecureSkipVerify: rejectUnauthorized === false };
}

const TLS: ReadonlySet<string> = new Set(['ca', 'cert', 'key', 'servername', 'rejectUnauthorized']);

function hasCredentials(url: string | undefined): boolean {
  return url !== undefined && /^[a-z+]+:\/\/[^/]*@/.test(url);
}

function picked<T extends object>(from: T, names: readonly (keyof T)[]): Partial<T> {
  const found: Partial<T> = {};
  for (const name of names) if (from[name] !== undefined) found[name] = from[name];
  return found;
}
