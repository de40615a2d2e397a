/**
 * URLs of fleets: several Redis servers that are one node of the ring.
 *
 * `redis+sentinel://user:password@sentinel:26379,sentinel:26379/master-name/2` names sentinels, the master they watch, and
 * the number of its database; `redis+cluster://user:password@host:6379,host:6379` some of the servers of a cluster. With
 * `rediss+` connections are encrypted. The credentials are those of the servers that hold the data. As in any URL of a
 * node, what follows a question mark is ignored.
 */

import type { Address, CredentialsSource } from '../driver/driver.js';
import { OptionError } from '../errors.js';
import { credentialsOf } from './node-url.js';

export interface FleetUrl {
  readonly scheme: 'redis+sentinel' | 'redis+cluster';
  readonly isTls: boolean;
  /** Sentinels, or servers of the cluster, as written. */
  readonly hosts: readonly Address[];
  readonly credentials: CredentialsSource | undefined;
  /** What the sentinels call the master; `''` for a cluster. */
  readonly masterName: string;
  readonly database: number;
}

const PARTS = /^redis(s?)\+(sentinel|cluster):\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:[?#].*)?$/i;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i;
const DEFAULT_PORT = { sentinel: 26379, cluster: 6379 } as const;

/** `undefined` if the text begins with another scheme. @throws OptionError if it begins with one of these and goes on wrongly */
export function parseFleetUrl(text: unknown, path: string): FleetUrl | undefined {
  if (typeof text !== 'string' || !/^rediss?\+(sentinel|cluster):/i.test(text)) return undefined;
  const parts = PARTS.exec(text);
  if (parts === null)
    throw new OptionError(path, 'is not a URL of several servers, as in redis+cluster://a:6379,b:6379');
  const [, s = '', kindText = '', user, list = '', tail = ''] = parts;
  const kind = kindText.toLowerCase() === 'sentinel' ? 'sentinel' : 'cluster';
  const hosts = list.split(',').map((host) => parseHost(host, DEFAULT_PORT[kind], path));
  return {
    scheme: `redis+${kind}`,
    isTls: s !== '',
    hosts,
    credentials: user === undefined ? undefined : credentialsIn(user, path),
    ...(kind === 'sentinel' ? masterIn(tail, path) : wholeOf(tail, path)),
  };
}

function parseHost(text: string, defaultPort: number, path: string): Address {
  const [matched, v6, name, port] = HOST.exec(text) ?? [];
  const number = port === undefined ? defaultPort : Number(port);
  if (matched === undefined || number < 1 || number > 65_535)
    throw new OptionError(path, `must list hosts separated by commas, as in a:${defaultPort},b:${defaultPort}`);
  return { host: v6 ?? name ?? '', port: number };
}

/** A user part has the same grammar in every URL. */
function credentialsIn(user: string, path: string): CredentialsSource | undefined {
  let url: URL;
  try {
    url = new URL(`redis://${user}@host`);
  } catch {
    throw new OptionError(path, 'holds a user name or a password that is not percent-encoded');
  }
  return credentialsOf(url, path);
}

function masterIn(tail: string, path: string): Pick<FleetUrl, 'masterName' | 'database'> {
  const [name = '', number = '0', ...more] = tail.split('/');
  if (name === '' || more.length > 0)
    throw new OptionError(path, 'must name the master behind the sentinels, as in redis+sentinel://a,b/mymaster');
  const database = Number(number === '' ? '0' : number);
  if (!Number.isInteger(database) || database < 0)
    throw new OptionError(path, 'must end in the number of a database, as in redis+sentinel://a,b/mymaster/2');
  try {
    return { masterName: decodeURIComponent(name), database };
  } catch {
    throw new OptionError(path, 'holds a percent sign that begins no escape: write %25');
  }
}

function wholeOf(tail: string, path: string): Pick<FleetUrl, 'masterName' | 'database'> {
  if (tail !== '' && tail !== '0')
    throw new OptionError(path, 'must name no database: a Redis Cluster has number 0 alone');
  return { masterName: '', database: 0 };
}
