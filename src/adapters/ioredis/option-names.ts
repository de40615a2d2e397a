/** The names of all options of `new Redis`, and what becomes of each. */

import type { RedisOptions as IoredisOptions } from 'ioredis';
import type { CacheOptions } from '../../options.js';

/** ioredis's own, without what decides the type of its answers. */
export type CommanderOptions = Omit<IoredisOptions, 'replyMapping'>;

/** Handed to the cache as they are. */
export const OF_CACHE = [
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
] as const satisfies readonly (keyof CacheOptions)[];

/** Handed to the cache in another form. */
const TRANSLATED = ['nodes', 'timeouts', 'bulkhead', 'health'] as const satisfies readonly (keyof CacheOptions)[];

/** Of ioredis, handed to the cache in its own words. */
export const RENAMED = [
  'host',
  'port',
  'path',
  'username',
  'password',
  'db',
  'tls',
  'commandTimeout',
  'connectTimeout',
] as const satisfies readonly (keyof IoredisOptions)[];

/** Of ioredis, and heeded as it heeds them: in making commands, or on connections of their own. */
export const HEEDED = [
  'keyPrefix',
  'showFriendlyErrorStack',
  'scripts',
  'lazyConnect',
  'blockingTimeout',
  'blockingTimeoutGrace',
  'connectionName',
  'enableOfflineQueue',
  'autoResubscribe',
  'maxRetriesPerRequest',
] as const satisfies readonly (keyof CommanderOptions)[];

/** Of ioredis, and about connections that are looked after otherwise here: accepted, so that an options object can stay. */
export const ACCEPTED = [
  'autoPipeliningIgnoredCommands',
  'autoResendUnfulfilledCommands',
  'clientInfoTag',
  'disableClientInfo',
  'disconnectTimeout',
  'enableAutoPipelining',
  'enableReadyCheck',
  'family',
  'keepAlive',
  'maxLoadingRetryTime',
  'noDelay',
  'protocol',
  'reconnectOnError',
  'retryStrategy',
  'socketTimeout',
] as const satisfies readonly (keyof CommanderOptions)[];

/** Of ioredis, with the value that means what is done here anyway. */
export const ONLY: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['stringNumbers', false],
  ['replyMapping', 'legacy'],
  ['readOnly', false],
] satisfies [keyof IoredisOptions, unknown][]);

export type Renamed = (typeof RENAMED)[number];
export type CacheOptionName = (typeof OF_CACHE | typeof TRANSLATED)[number];
export type IoredisOptionName =
  | Renamed
  | (typeof HEEDED | typeof ACCEPTED)[number]
  | 'stringNumbers'
  | 'replyMapping'
  | 'readOnly';

const KNOWN: ReadonlySet<string> = new Set([
  ...OF_CACHE,
  ...TRANSLATED,
  ...RENAMED,
  ...HEEDED,
  ...ACCEPTED,
  ...ONLY.keys(),
  'cacheable',
  'offlineQueueMs',
]);

export function isKnown(name: string): boolean {
  return KNOWN.has(name);
}
