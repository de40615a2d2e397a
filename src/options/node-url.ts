/** What the URL of a node says: protocol, address, database and credentials. Nothing else is ever read from it. */

import type { Address, CredentialsSource } from '../driver/driver.js';
import { OptionError } from '../errors.js';

export type Scheme =
  | 'redis'
  | 'redis+sentinel'
  | 'redis+cluster'
  | 'memcached'
  | 'memcached+sasl'
  | 'memory'
  | 'driver';

export interface SchemeRule {
  readonly scheme: Scheme;
  readonly port: number;
  readonly isTls?: boolean;
  readonly isSocket?: boolean;
}

const SCHEMES: ReadonlyMap<string, SchemeRule> = new Map<string, SchemeRule>([
  ['redis:', { scheme: 'redis', port: 6379 }],
  ['rediss:', { scheme: 'redis', port: 6379, isTls: true }],
  ['redis+unix:', { scheme: 'redis', port: 0, isSocket: true }],
  ['memcached:', { scheme: 'memcached', port: 11211 }],
  ['memcacheds:', { scheme: 'memcached', port: 11211, isTls: true }],
  ['memcached+sasl:', { scheme: 'memcached+sasl', port: 11211 }],
  ['memory:', { scheme: 'memory', port: 0 }],
]);

/** Of several servers, parsed in fleet-url: what is legal there is no URL to `new URL`. */
const FLEET_SCHEMES = ['redis+sentinel:', 'rediss+sentinel:', 'redis+cluster:', 'rediss+cluster:'];

/** A URL never sets an option: what follows a question mark is ignored, so that no link can switch off a check. */
export function parseUrl(text: unknown, path: string): { rule: SchemeRule; url: URL } {
  if (typeof text !== 'string') throw new OptionError(path, 'must be a URL');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new OptionError(path, 'is not a URL');
  }
  const rule = SCHEMES.get(url.protocol);
  if (rule === undefined)
    throw new OptionError(
      path,
      `must begin with one of ${[...SCHEMES.keys(), ...FLEET_SCHEMES].map((scheme) => `${scheme}//`).join(', ')}`,
    );
  return { rule, url };
}

export function addressOf(rule: SchemeRule, url: URL, path: string): Address {
  if (rule.isSocket === true) return { host: '', port: 0, path: decoded(url.pathname, path) };
  if (url.hostname === '')
    throw new OptionError(path, rule.scheme === 'memory' ? 'must name the node, as in memory://a' : 'must name a host');
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? rule.port : Number(url.port) };
}

export function databaseOf(rule: SchemeRule, url: URL, path: string): number {
  if (rule.scheme !== 'redis' || rule.isSocket === true || url.pathname === '' || url.pathname === '/') return 0;
  const database = Number(url.pathname.slice(1));
  if (!Number.isInteger(database) || database < 0)
    throw new OptionError(path, 'must end in the number of a database, as in redis://host/2');
  return database;
}

export function credentialsOf(url: URL, path: string): CredentialsSource | undefined {
  if (url.password === '' && url.username === '') return undefined;
  const username = decoded(url.username, path);
  return { password: decoded(url.password, path), ...(username === '' ? {} : { username }) };
}

function decoded(part: string, path: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new OptionError(path, 'holds a percent sign that begins no escape: write %25');
  }
}
