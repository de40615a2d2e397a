/**
 * The servers of a memjs client: `[user:pass@]host[:port],…`, or what the environment says. The order is part of the placement.
 *
 * Passwords may hold `:` and `@`, and hosts may be IPv6 addresses in brackets, both of which memjs cuts short.
 */

import type { Credentials } from '../../driver/driver.js';
import { OptionError } from '../../errors.js';

export interface Server {
  readonly host: string;
  readonly port: number;
}

export interface ListedServer extends Server {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const DEFAULT_LIST = 'localhost:11211';
const DEFAULT_PORT = 11211;
const HOST_AND_PORT = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/;

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws OptionError for a list that names no server at one of its places */
export function serverList(list: string | undefined, env: Environment): ListedServer[] {
  if (list !== undefined && list !== null && typeof list !== 'string')
    throw new OptionError('servers', `must be a string such as 'host:11211,host:11212', got ${typeof list}`);
  const text = list || env.MEMCACHIER_SERVERS || env.MEMCACHE_SERVERS || DEFAULT_LIST;
  return text.split(',').map((entry, i) => serverOf(entry.trim(), i));
}

/** What a server is told: what stands in its own entry, else the options, else the environment; both parts or nothing. */
export function credentialsOf(
  { username, password }: ListedServer,
  given: { readonly username?: string | undefined; readonly password?: string | undefined },
  env: Environment,
): Credentials | undefined {
  const user = username || given.username || env.MEMCACHIER_USERNAME || env.MEMCACHE_USERNAME;
  const secret = password || given.password || env.MEMCACHIER_PASSWORD || env.MEMCACHE_PASSWORD;
  return user && secret ? { username: user, password: secret } : undefined;
}

/** By which results and errors name it; a server that is listed twice is told apart by a number. */
export function nameOf({ host, port }: Server, times = 1): string {
  return times === 1 ? `${host}:${port}` : `${host}:${port}#${times}`;
}

export function isNamed(name: string, server: Server): boolean {
  return name.replace(/#\d+$/, '') === nameOf(server);
}

function serverOf(entry: string, index: number): ListedServer {
  const at = entry.lastIndexOf('@');
  const user = at < 0 ? '' : entry.slice(0, at);
  const [, host, port] = HOST_AND_PORT.exec(entry.slice(at + 1)) ?? [];
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  // The entry may hold a password: it is not repeated.
  if (host === undefined || number < 1 || number > 65_535)
    throw new OptionError('servers', `entry ${index + 1} is not [user:pass@]host[:port]`);
  const colon = user.indexOf(':');
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: number,
    username: (colon < 0 ? user : user.slice(0, colon)) || undefined,
    password: colon < 0 ? undefined : user.slice(colon + 1) || undefined,
  };
}
