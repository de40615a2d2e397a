/** Where the list of nodes comes from at run time: the options and their check. */

import { type ConfigEndpoint, configSource } from '../cluster/discovery/config-source.js';
import { type DnsOptions, dnsSource } from '../cluster/discovery/dns-source.js';
import { fileSource } from '../cluster/discovery/file-source.js';
import type { DiscoverySource } from '../cluster/discovery/source.js';
import { OptionError } from '../errors.js';
import { integer, number, type OptionRule, resolveOptions } from '../node/option-rules.js';

/** Exactly one of `file`, `dns`, `config` and `source`. `nodes` is the list until the first good answer. */
export interface DiscoveryOptions {
  /** Path of a file that lists nodes as JSON or one URL a line; watched for change. */
  readonly file?: string | undefined;
  /** A name looked up again and again. */
  readonly dns?: DnsOptions | undefined;
  /** A Memcached configuration endpoint (`config get cluster`). */
  readonly config?: ConfigEndpoint | undefined;
  /** A source of one's own. */
  readonly source?: DiscoverySource | undefined;
  /** How often it is asked. @default 30_000 */
  readonly intervalMs?: number | undefined;
}

export interface DiscoverySettings {
  readonly source: DiscoverySource;
  readonly intervalMs: number;
}

const text: OptionRule = { says: 'a path', holds: (value) => typeof value === 'string' && value !== '' };
const object: OptionRule = { says: 'an object', holds: (value) => typeof value === 'object' && value !== null };
const host: OptionRule = { says: 'a name', holds: (value) => typeof value === 'string' && value !== '' };
const port = integer(1, 65_535);
const source: OptionRule = {
  says: 'an object with a name and read()',
  holds: (value) => typeof value === 'object' && value !== null && 'read' in value && typeof value.read === 'function',
};

/** @throws OptionError naming the option below `discovery`. */
export function resolveDiscovery(options: DiscoveryOptions): DiscoverySettings {
  const given = resolveOptions<DiscoveryOptions>(
    'discovery',
    options,
    { intervalMs: 30_000 },
    {
      file: text,
      dns: object,
      config: object,
      source,
      intervalMs: number(10),
    },
  );
  const sources = [
    given.file === undefined ? undefined : fileSource(given.file),
    given.dns === undefined ? undefined : dnsSource(resolveDns(given.dns)),
    given.config === undefined ? undefined : configSource(resolveConfig(given.config)),
    given.source,
  ].filter((one) => one !== undefined);
  const [only] = sources;
  if (only === undefined || sources.length > 1)
    throw new OptionError('discovery', `must name exactly one of file, dns, config and source, got ${sources.length}`);
  return { source: only, intervalMs: given.intervalMs ?? 30_000 };
}

function resolveDns(options: DnsOptions): DnsOptions {
  return resolveOptions<DnsOptions>('discovery.dns', withHost('dns', options), options, { host, port, scheme: host });
}

function resolveConfig(options: ConfigEndpoint): ConfigEndpoint {
  const rules = { host, port, timeoutMs: number(1, 2 ** 31 - 1) };
  return resolveOptions<ConfigEndpoint>('discovery.config', withHost('config', options), options, rules);
}

function withHost<T extends { readonly host: string }>(name: string, options: T): T {
  if (options.host === undefined) throw new OptionError(`discovery.${name}.host`, `must be ${host.says}`);
  return options;
}
