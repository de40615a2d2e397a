/** The options of memjs 1.3 and what they become here. Unknown ones are errors: a misspelt one would pass in silence. */

import { systemClock } from '../../base/clock.js';
import { OptionError } from '../../errors.js';
import { callback, integer, number, type OptionRule, resolveOptions } from '../../node/option-rules.js';
import type { CacheOptions } from '../../options.js';
import { noopSerializer, type Serializer } from './serializer.js';

/** Decided here: another value would lose flags, misplace keys or store what other clients cannot read. */
const FIXED = [
  'nodes',
  'discovery',
  'codec',
  'namespace',
  'replication',
  'compression',
  'onUnavailable',
  'fallback',
  'near',
  'migration',
] as const satisfies readonly (keyof CacheOptions)[];

/** Settings of the core that the façade leaves to the user. */
export type CoreOptions = Omit<CacheOptions, (typeof FIXED)[number]>;

export interface Logger {
  log(...words: unknown[]): unknown;
}

export interface ClientOptions {
  /** Attempts of a call, the first included; counts, `add`, `replace`, `append` and `prepend` have one. @default 2 */
  readonly retries?: number | undefined;
  /** Pause before the next attempt, in seconds. @default a short one that grows */
  readonly retry_delay?: number | undefined;
  /** Time to live of what is stored without one, in seconds; 0 for ever, above 30 days a date in seconds since 1970. @default 0 */
  readonly expires?: number | undefined;
  /** Told of every failed call. @default console */
  readonly logger?: Logger | undefined;
  /** Whether the next server in the list stands in for one that is out. @default false: its keys fail */
  readonly failover?: boolean | undefined;
  /** Longest time in seconds after which a server that is out is tried again. @default 60 */
  readonly failoverTime?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** One attempt, in seconds. @default 0.5 */
  readonly timeout?: number | undefined;
  /** Connecting, in seconds. @default twice `timeout` */
  readonly conntimeout?: number | undefined;
  /** Taken and ignored: connections are always kept alive. */
  readonly keepAlive?: boolean | undefined;
  readonly keepAliveDelay?: number | undefined;
  readonly serializer?: Serializer | undefined;
  /** `binary` for servers before memcached 1.6. @default 'binary' with credentials, else 'meta' */
  readonly protocol?: 'meta' | 'binary' | undefined;
  /** Settings of ringfence itself, such as `bulkhead`, `breaker` and `health`. @default what the options above ask for */
  readonly cache?: CoreOptions | undefined;
}

export interface ClientSettings {
  readonly expires: number;
  readonly logger: Logger;
  readonly serializer: Serializer;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly protocol: 'meta' | 'binary' | undefined;
  readonly core: CoreOptions;
}

const yesOrNo: OptionRule = { says: 'true or false', holds: (value) => typeof value === 'boolean' };
const text: OptionRule = { says: 'a string', holds: (value) => typeof value === 'string' };
const seconds = number(0, 2_000_000);
const having = (...names: string[]): OptionRule => ({
  says: `an object with ${names.join(' and ')}`,
  holds: (value) =>
    typeof value === 'object' && value !== null && names.every((name) => callback.holds(Reflect.get(value, name))),
});

const RULES: { readonly [K in keyof Required<ClientOptions>]: OptionRule } = {
  retries: integer(0, 100),
  retry_delay: seconds,
  expires: number(0, 2 ** 32 - 1),
  logger: having('log'),
  failover: yesOrNo,
  failoverTime: seconds,
  username: text,
  password: text,
  timeout: seconds,
  conntimeout: seconds,
  keepAlive: yesOrNo,
  keepAliveDelay: number(0),
  serializer: having('serialize', 'deserialize'),
  protocol: { says: "'meta' or 'binary'", holds: (value) => value === 'meta' || value === 'binary' },
  cache: { says: 'an object', holds: (value) => typeof value === 'object' && value !== null && !Array.isArray(value) },
};

const DEFAULT_PAUSE_S = 0.2;
/** memjs queues without limit, and programs fill a cache by one loop of un-awaited calls. Bytes are bounded besides. */
export const MOST_WAITING = 262_144;

/** @throws OptionError naming what is wrong; the caller's object is not changed */
export function resolveClientOptions(given: ClientOptions | null | undefined): ClientSettings {
  if (given !== undefined && given !== null && (typeof given !== 'object' || Array.isArray(given)))
    throw new OptionError('options', 'must be an object');
  const known = Object.fromEntries(
    Object.entries(given ?? {}).filter(([, value]) => value !== undefined && value !== null),
  );
  const options: ClientOptions = resolveOptions<ClientOptions>('', known, {}, RULES);
  const {
    expires = 0,
    logger = console,
    serializer = noopSerializer,
    username,
    password,
    protocol,
    cache = {},
  } = options;
  for (const name of FIXED)
    if (Object.hasOwn(cache, name)) throw new OptionError(`cache.${name}`, 'cannot be chosen for this client');
  if (cache.placement !== undefined && cache.placement !== 'npm-memjs')
    throw new OptionError('cache.placement', "must be 'npm-memjs', or undefined for the own ring");
  return { expires, logger, serializer, username, password, protocol, core: coreOf(options, cache) };
}

function coreOf(options: ClientOptions, cache: CoreOptions): CoreOptions {
  const { retries = 2, retry_delay, timeout = 0.5, failover = false, failoverTime } = options;
  const attempts = Math.max(1, retries);
  const attemptMs = Math.max(1, timeout * 1000);
  const connectMs = Math.max(1, (options.conntimeout ?? 2 * timeout) * 1000);
  const pauseMs = (retry_delay ?? DEFAULT_PAUSE_S) * 1000;
  // A first attempt may have to wait for the connection.
  const totalMs = connectMs + attempts * attemptMs + (attempts - 1) * pauseMs;
  return {
    clock: systemClock,
    placement: 'npm-memjs',
    retry: retryOf(attempts, retry_delay === undefined ? undefined : Math.max(1, pauseMs)),
    health: failover ? healthOf(failoverTime) : false,
    ...cache,
    bulkhead: { maxQueued: MOST_WAITING, ...cache.bulkhead },
    timeouts: { connectMs, attemptMs, totalMs, ...cache.timeouts },
  };
}

function retryOf(attempts: number, pauseMs: number | undefined): CacheOptions['retry'] {
  if (attempts === 1) return false;
  return pauseMs === undefined
    ? { attempts }
    : { attempts, backoff: 'fixed', jitter: 'none', baseMs: pauseMs, maxMs: pauseMs };
}

function healthOf(failoverTime: number | undefined): CacheOptions['health'] {
  if (failoverTime === undefined) return { maxEjectionMs: 60_000 };
  return { ejectionMs: Math.min(5_000, failoverTime * 1000), maxEjectionMs: failoverTime * 1000 };
}
