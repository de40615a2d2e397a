/** From what a user writes for a node (a URL, or an object with one) to a node's identity and how to reach it. */

import type { Address, CredentialsSource, Driver, TlsOptions } from '../driver/driver.js';
import { OptionError } from '../errors.js';

export interface NodeOptions {
  /** `redis://`, `rediss://`, `redis+unix://`, `memcached://`, `memcacheds://`, `memcached+sasl://` or `memory://name`. */
  readonly url?: string | undefined;
  /** What the ring places by. @default host:port of the URL, the path of a socket, or the name of a memory node */
  readonly name?: string | undefined;
  /** Share of the keys relative to the other nodes; above 0. @default 1 */
  readonly weight?: number | undefined;
  /** Failure domain: replicas go to distinct zones while there are enough. @default none */
  readonly zone?: string | undefined;
  /** User name and password, or a function asked at each connect. @default those of the URL */
  readonly credentials?: CredentialsSource | undefined;
  /** Settings of TLS; the URL's scheme decides whether TLS is used. */
  readonly tls?: TlsOptions | undefined;
  /** Number of the Redis database. @default the path of the URL, else 0 */
  readonly database?: number | undefined;
  /** Speaks to the node instead of the driver that the URL names; then `name` is needed and `url` is not. */
  readonly driver?: Driver | undefined;
}

export type Scheme = 'redis' | 'memcached' | 'memcached+sasl' | 'memory' | 'driver';

/** A node, checked and complete. */
export interface NodeSpec {
  readonly name: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly scheme: Scheme;
  readonly address: Address;
  readonly credentials: CredentialsSource | undefined;
  /** Present exactly if the connection is encrypted. */
  readonly tls: TlsOptions | undefined;
  readonly database: number;
  readonly driver: Driver | undefined;
  /** Equal for two specs that reach the same server in the same way: a node may be kept. */
  readonly identity: string;
}

const FIELDS: readonly (keyof NodeOptions)[] = [
  'url',
  'name',
  'weight',
  'zone',
  'credentials',
  'tls',
  'database',
  'driver',
];
const TLS_FIELDS: readonly (keyof TlsOptions)[] = ['ca', 'cert', 'key', 'servername', 'insecureSkipVerify'];

interface SchemeRule {
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

/** @throws OptionError naming the first of several nodes of the same name, or whatever else is wrong with the list. */
export function parseNodes(list: unknown, path = 'nodes'): NodeSpec[] {
  if (!Array.isArray(list) || list.length === 0) throw new OptionError(path, 'must be a list of at least one node');
  const specs = list.map((entry: unknown, i) => parseNode(entry, `${path}[${i}]`));
  const seen = new Map<string, number>();
  for (const [i, { name }] of specs.entries()) {
    const first = seen.get(name);
    if (first !== undefined)
      throw new OptionError(`${path}[${i}].name`, `'${name}' is already the name of ${path}[${first}]`);
    seen.set(name, i);
  }
  return specs;
}

export function parseNode(entry: unknown, path: string): NodeSpec {
  if (typeof entry !== 'string' && (typeof entry !== 'object' || entry === null || Array.isArray(entry)))
    throw new OptionError(path, 'must be a URL or an object with a url');
  const options: NodeOptions = typeof entry === 'string' ? { url: entry } : entry;
  onlyKnown(options, FIELDS, path);
  const { weight = 1, zone, tls, database, driver } = options;
  if (typeof weight !== 'number' || !(weight > 0) || weight > 1000)
    throw new OptionError(`${path}.weight`, `must be a number above 0, at most 1000, got ${String(weight)}`);
  if (zone !== undefined && (typeof zone !== 'string' || zone === ''))
    throw new OptionError(`${path}.zone`, 'must be a non-empty string');
  if (database !== undefined && (!Number.isInteger(database) || database < 0))
    throw new OptionError(`${path}.database`, `must be an integer of at least 0, got ${String(database)}`);
  if (tls !== undefined) {
    if (typeof tls !== 'object' || tls === null) throw new OptionError(`${path}.tls`, 'must be an object');
    onlyKnown(tls, TLS_FIELDS, `${path}.tls`);
  }
  const given = options.name;
  if (given !== undefined && (typeof given !== 'string' || given === '' || !given.isWellFormed()))
    throw new OptionError(`${path}.name`, 'must be a non-empty, well-formed string');
  if (driver !== undefined) {
    if (given === undefined) throw new OptionError(`${path}.name`, 'is needed for a node with a driver of its own');
    const address = { host: '', port: 0 };
    return {
      name: given,
      weight,
      zone,
      scheme: 'driver',
      address,
      credentials: undefined,
      tls: undefined,
      database: 0,
      driver,
      identity: `driver ${given}`,
    };
  }
  const { rule, url } = parseUrl(options.url, `${path}.url`);
  const address = addressOf(rule, url, `${path}.url`);
  const name = given ?? address.path ?? (rule.scheme === 'memory' ? address.host : `${address.host}:${address.port}`);
  const number = database ?? databaseOf(rule, url, `${path}.url`);
  return {
    name,
    weight,
    zone,
    scheme: rule.scheme,
    address,
    credentials: options.credentials ?? credentialsOf(url),
    tls: rule.isTls === true ? (tls ?? {}) : undefined,
    database: number,
    driver: undefined,
    identity: `${rule.scheme} ${rule.isTls === true} ${address.path ?? `${address.host}:${address.port}`} ${number}`,
  };
}

function onlyKnown(options: object, known: readonly string[], path: string): void {
  for (const field of Object.keys(options))
    if (!known.includes(field))
      throw new OptionError(`${path}.${field}`, `is not an option; the options are ${known.join(', ')}`);
}

/** A URL never sets an option: what follows a question mark is ignored, so that no link can switch off a check. */
function parseUrl(text: unknown, path: string): { rule: SchemeRule; url: URL } {
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
      `must begin with one of ${[...SCHEMES.keys()].map((scheme) => `${scheme}//`).join(', ')}`,
    );
  return { rule, url };
}

function addressOf(rule: SchemeRule, url: URL, path: string): Address {
  if (rule.isSocket === true) return { host: '', port: 0, path: decodeURIComponent(url.pathname) };
  if (url.hostname === '')
    throw new OptionError(path, rule.scheme === 'memory' ? 'must name the node, as in memory://a' : 'must name a host');
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? rule.port : Number(url.port) };
}

function databaseOf(rule: SchemeRule, url: URL, path: string): number {
  if (rule.scheme !== 'redis' || rule.isSocket === true || url.pathname === '' || url.pathname === '/') return 0;
  const database = Number(url.pathname.slice(1));
  if (!Number.isInteger(database) || database < 0)
    throw new OptionError(path, 'must end in the number of a database, as in redis://host/2');
  return database;
}

function credentialsOf(url: URL): CredentialsSource | undefined {
  if (url.password === '' && url.username === '') return undefined;
  const username = decodeURIComponent(url.username);
  return { password: decodeURIComponent(url.password), ...(username === '' ? {} : { username }) };
}
