/** From what a user writes for a node (a URL, or an object with one) to a node's identity and how to reach it. */

import { shown } from '../base/shown.js';
import type { Address, CredentialsSource, Driver, TlsOptions } from '../driver/driver.js';
import { OptionError } from '../errors.js';
import type { MemberRole } from '../failover/failover-settings.js';
import { type FleetSpec, fleetName, fleetOf, placesOf, type SentinelOptions } from './fleet-options.js';
import { type FleetUrl, parseFleetUrl } from './fleet-url.js';
import { type GroupPlace, gatherGroups, placeOf } from './node-groups.js';
import { addressOf, credentialsOf, databaseOf, parseUrl, type Scheme } from './node-url.js';
import { checkCredentials, checkTls, onlyKnown } from './reach-rules.js';

export interface NodeOptions {
  /**
   * `redis://`, `rediss://`, `redis+unix://`, `memcached://`, `memcacheds://`, `memcached+sasl://` or `memory://name`; for
   * several servers that are one node `redis+sentinel://a,b/master` or `redis+cluster://a,b`, encrypted with `rediss+`.
   */
  readonly url?: string | undefined;
  /**
   * What the ring places by. @default host:port of the URL, the path of a socket, the name of a memory node or of the master
   * behind sentinels, or the servers listed for a cluster
   */
  readonly name?: string | undefined;
  /** Share of the keys relative to the other nodes; above 0. @default 1 */
  readonly weight?: number | undefined;
  /** Virtual nodes that npm hashring was told for it; heeded by `placement: 'npm-hashring-vnodes'` alone. @default 40 × its share × nodes */
  readonly vnodes?: number | undefined;
  /** Failure domain: replicas go to distinct zones while there are enough. @default none */
  readonly zone?: string | undefined;
  /** User name and password, or a function asked at each connect. @default those of the URL */
  readonly credentials?: CredentialsSource | undefined;
  /** Settings of TLS; the URL's scheme decides whether TLS is used. */
  readonly tls?: TlsOptions | undefined;
  /** Number of the Redis database. @default the path of the URL, else 0 */
  readonly database?: number | undefined;
  /** How to reach the sentinels of a `redis+sentinel://` URL. */
  readonly sentinel?: SentinelOptions | undefined;
  /** Speaks to the node instead of the driver that the URL names; then `name` is needed and `url` is not. */
  readonly driver?: Driver | undefined;
  /** Makes it one of several nodes of which one at a time is asked: the ring places them as one node of this name. @default none */
  readonly group?: string | undefined;
  /** What it is in its group, which has one primary. */
  readonly role?: MemberRole | undefined;
  /** Of standbys the lower takes over first; 0 never does by itself. @default 100 */
  readonly priority?: number | undefined;
}

/** A node, checked and complete. */
export interface NodeSpec {
  readonly name: string;
  /** Whether the user gave the name: clients that know names hash it in place of the address. */
  readonly isNamed: boolean;
  readonly weight: number;
  readonly vnodes?: number | undefined;
  readonly zone: string | undefined;
  readonly scheme: Scheme;
  readonly address: Address;
  readonly credentials: CredentialsSource | undefined;
  /** Present exactly if the connection is encrypted. */
  readonly tls: TlsOptions | undefined;
  readonly database: number;
  readonly driver: Driver | undefined;
  /** Of a node that is several servers: then `address` is the first of those listed. */
  readonly fleet?: FleetSpec | undefined;
  /** Of a node that is one of a group, until the group is gathered. */
  readonly place: GroupPlace | undefined;
  /** Of a group: its nodes, the primary first. */
  readonly members: readonly NodeSpec[] | undefined;
  /** Equal for two specs that reach the same server in the same way: a node may be kept. */
  readonly identity: string;
}

const FIELDS: readonly (keyof NodeOptions)[] = [
  'url',
  'name',
  'weight',
  'vnodes',
  'zone',
  'credentials',
  'tls',
  'database',
  'sentinel',
  'driver',
  'group',
  'role',
  'priority',
];

/** Each is a digest, made when the ring is built. */
const MAX_VNODES = 100_000;

/** @throws OptionError naming the first of several nodes of the same name, or whatever else is wrong with the list. */
export function parseNodes(list: unknown, path = 'nodes'): NodeSpec[] {
  if (!Array.isArray(list) || list.length === 0) throw new OptionError(path, 'must be a list of at least one node');
  const specs = list.map((entry: unknown, i) => parseMember(entry, `${path}[${i}]`));
  const seen = new Map<string, number>();
  for (const [i, { name }] of specs.entries()) {
    const first = seen.get(name);
    if (first !== undefined)
      throw new OptionError(`${path}[${i}].name`, `'${name}' is already the name of ${path}[${first}]`);
    seen.set(name, i);
  }
  return gatherGroups(specs, path);
}

/** A node by itself. @throws OptionError */
export function parseNode(entry: unknown, path: string): NodeSpec {
  const spec = parseMember(entry, path);
  if (spec.place !== undefined)
    throw new OptionError(`${path}.group`, 'must be left out: groups are made by nodes and setNodes');
  return spec;
}

function parseMember(entry: unknown, path: string): NodeSpec {
  if (typeof entry !== 'string' && (typeof entry !== 'object' || entry === null || Array.isArray(entry)))
    throw new OptionError(path, 'must be a URL or an object with a url');
  const options: NodeOptions = typeof entry === 'string' ? { url: entry } : entry;
  onlyKnown(options, FIELDS, path);
  const { weight = 1, vnodes, zone, driver, name: given } = options;
  if (typeof weight !== 'number' || !(weight > 0) || weight > 1000)
    throw new OptionError(`${path}.weight`, `must be a number above 0, at most 1000, got ${shown(weight)}`);
  if (vnodes !== undefined && !(Number.isInteger(vnodes) && vnodes >= 1 && vnodes <= MAX_VNODES))
    throw new OptionError(`${path}.vnodes`, `must be an integer from 1 to ${MAX_VNODES}, got ${shown(vnodes)}`);
  if (zone !== undefined && (typeof zone !== 'string' || zone === ''))
    throw new OptionError(`${path}.zone`, 'must be a non-empty string');
  if (given !== undefined && (typeof given !== 'string' || given === '' || !given.isWellFormed()))
    throw new OptionError(`${path}.name`, 'must be a non-empty, well-formed string');
  const common = {
    isNamed: given !== undefined,
    weight,
    vnodes,
    zone,
    place: placeOf(options, path),
    members: undefined,
  };
  return driver === undefined
    ? { ...common, ...byUrl(options, path) }
    : { ...common, ...byDriver(options, driver, path) };
}

type Reach = Omit<NodeSpec, 'isNamed' | 'weight' | 'vnodes' | 'zone' | 'place' | 'members'>;

function byUrl(options: NodeOptions, path: string): Reach {
  const fleet = parseFleetUrl(options.url, `${path}.url`);
  if (fleet !== undefined) return byFleet(options, fleet, path);
  if (options.sentinel !== undefined)
    throw new OptionError(`${path}.sentinel`, 'needs a URL that begins with redis+sentinel://');
  const { rule, url } = parseUrl(options.url, `${path}.url`);
  const { database, tls } = options;
  const address = addressOf(rule, url, `${path}.url`);
  const place = address.path ?? (rule.scheme === 'memory' ? address.host : `${address.host}:${address.port}`);
  if (database !== undefined && rule.scheme !== 'redis')
    throw new OptionError(`${path}.database`, 'must be left out: only Redis has databases');
  checkDatabase(database, path);
  if (tls !== undefined) checkTls(tls, rule.isTls === true, `${path}.tls`);
  if (options.credentials !== undefined) checkCredentials(options.credentials, `${path}.credentials`);
  const number = database ?? databaseOf(rule, url, `${path}.url`);
  return {
    name: options.name ?? place,
    scheme: rule.scheme,
    address,
    credentials: options.credentials ?? credentialsOf(url, `${path}.url`),
    tls: rule.isTls === true ? (tls ?? {}) : undefined,
    database: number,
    driver: undefined,
    identity: `${rule.scheme} ${rule.isTls === true} ${place} ${number}`,
  };
}

function byFleet(options: NodeOptions, url: FleetUrl, path: string): Reach {
  const { database, credentials } = options;
  const { scheme, hosts, masterName, isTls } = url;
  if (database !== undefined && scheme === 'redis+cluster')
    throw new OptionError(`${path}.database`, 'must be left out: a Redis Cluster has number 0 alone');
  checkDatabase(database, path);
  if (options.group !== undefined)
    throw new OptionError(`${path}.group`, 'must be left out: what is several servers fails over by itself');
  if (options.tls !== undefined) checkTls(options.tls, isTls, `${path}.tls`);
  if (credentials !== undefined) checkCredentials(credentials, `${path}.credentials`);
  const tls = isTls ? (options.tls ?? {}) : undefined;
  const number = database ?? url.database;
  return {
    name: options.name ?? fleetName(url),
    scheme,
    address: hosts[0] as Address,
    credentials: credentials ?? url.credentials,
    tls,
    database: number,
    driver: undefined,
    fleet: fleetOf(url, tls, options.sentinel, path),
    identity: `${scheme} ${isTls} ${placesOf(hosts)} ${masterName} ${number}`,
  };
}

function checkDatabase(database: number | undefined, path: string): void {
  if (database !== undefined && (!Number.isInteger(database) || database < 0))
    throw new OptionError(`${path}.database`, `must be an integer of at least 0, got ${shown(database)}`);
}

function byDriver(options: NodeOptions, driver: Driver, path: string): Reach {
  if (options.name === undefined)
    throw new OptionError(`${path}.name`, 'is needed for a node with a driver of its own');
  for (const field of ['url', 'credentials', 'tls', 'database', 'sentinel'] as const)
    if (options[field] !== undefined)
      throw new OptionError(`${path}.${field}`, 'must be left out for a node with a driver of its own');
  const isDriver =
    typeof driver === 'object' &&
    driver !== null &&
    typeof driver.connect === 'function' &&
    typeof driver.capabilities === 'object' &&
    driver.capabilities !== null;
  if (!isDriver) throw new OptionError(`${path}.driver`, 'must be a Driver with capabilities and connect');
  return {
    name: options.name,
    scheme: 'driver',
    address: { host: '', port: 0 },
    credentials: undefined,
    tls: undefined,
    database: 0,
    driver,
    identity: `driver ${options.name}`,
  };
}
