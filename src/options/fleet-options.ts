/** What a user may say of a node that is several Redis servers, beside what its URL says. */

import type { Address, CredentialsSource, TlsOptions } from '../driver/driver.js';
import { OptionError } from '../errors.js';
import type { FleetUrl } from './fleet-url.js';
import { checkCredentials, checkTls, onlyKnown } from './reach-rules.js';

/** How to reach the sentinels, which need not let in whom the master lets in. */
export interface SentinelOptions {
  /** @default none: those of the URL are the master's */
  readonly credentials?: CredentialsSource | undefined;
  /** Settings of TLS towards the sentinels; `false`: they speak none. @default as towards the master */
  readonly tls?: TlsOptions | false | undefined;
}

/** The servers behind a node that is several. */
export interface FleetSpec {
  /** Sentinels, or servers of the cluster. */
  readonly hosts: readonly Address[];
  readonly masterName: string;
  readonly sentinel: { readonly credentials: CredentialsSource | undefined; readonly tls: TlsOptions | undefined };
}

const SENTINEL_FIELDS: readonly (keyof SentinelOptions)[] = ['credentials', 'tls'];

/** `tls` is how the servers that hold the data are reached. @throws OptionError */
export function fleetOf(
  url: FleetUrl,
  tls: TlsOptions | undefined,
  sentinel: SentinelOptions | undefined,
  path: string,
): FleetSpec {
  if (sentinel !== undefined) checkSentinel(sentinel, url, `${path}.sentinel`);
  const own = sentinel?.tls;
  return {
    hosts: url.hosts,
    masterName: url.masterName,
    sentinel: { credentials: sentinel?.credentials, tls: own === false ? undefined : (own ?? tls) },
  };
}

function checkSentinel(sentinel: SentinelOptions, url: FleetUrl, path: string): void {
  if (url.scheme !== 'redis+sentinel') throw new OptionError(path, 'needs a URL that begins with redis+sentinel://');
  if (typeof sentinel !== 'object' || sentinel === null) throw new OptionError(path, 'must be an object');
  onlyKnown(sentinel, SENTINEL_FIELDS, path);
  if (sentinel.credentials !== undefined) checkCredentials(sentinel.credentials, `${path}.credentials`);
  if (sentinel.tls !== undefined && sentinel.tls !== false) checkTls(sentinel.tls, true, `${path}.tls`);
}

/**
 * What the ring places by unless told otherwise. Sentinels come and go: the master keeps its name. The servers of a cluster
 * are listed in one order, however they were written.
 */
export function fleetName({ scheme, hosts, masterName }: FleetUrl): string {
  return scheme === 'redis+sentinel' ? masterName : placesOf(hosts);
}

export function placesOf(hosts: readonly Address[]): string {
  return hosts
    .map(({ host, port }) => `${host}:${port}`)
    .sort()
    .join(',');
}
