/**
 * Names looked up again and again: A and AAAA records give one node an address on the given port, SRV records one node a
 * target with its port and, as its weight, the record's as a multiple of the smallest: services that weigh their targets by
 * their number change all weights at once, which must move nothing. Nodes are named by address, so a list in another order
 * moves nothing either.
 */

import { Resolver } from 'node:dns/promises';
import type { DiscoverySource, FoundNode } from './source.js';

export interface DnsOptions {
  /** Name with A or AAAA records, or with SRV records, as `_redis._tcp.example.com`. */
  readonly host: string;
  /** Looked up as SRV if left out. */
  readonly port?: number | undefined;
  /** Scheme of the nodes. @default 'redis' */
  readonly scheme?: string | undefined;
}

/** The largest weight of a node. */
const MOST = 1_000;

/** What is asked of a resolver; tests bring their own. */
export interface DnsResolver {
  resolve4(host: string): Promise<string[]>;
  resolve6(host: string): Promise<string[]>;
  resolveSrv(host: string): Promise<{ name: string; port: number; weight: number }[]>;
}

export function dnsSource(
  { host, port, scheme = 'redis' }: DnsOptions,
  resolver: DnsResolver = new Resolver(),
): DiscoverySource {
  return {
    name: `DNS ${host}`,
    read: () => (port === undefined ? targets(resolver, host, scheme) : addresses(resolver, host, port, scheme)),
  };
}

async function targets(resolver: DnsResolver, host: string, scheme: string): Promise<FoundNode[]> {
  const records = await resolver.resolveSrv(host);
  const weights = records.map(({ weight }) => Math.max(1, weight));
  const least = Math.min(...weights);
  return records
    .map(({ name, port }, i) => ({
      url: `${scheme}://${name}:${port}`,
      weight: Math.min(MOST, (weights[i] as number) / least),
    }))
    .sort(byUrl);
}

/** One family may be missing; both missing is an error. */
async function addresses(resolver: DnsResolver, host: string, port: number, scheme: string): Promise<FoundNode[]> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (four.status === 'rejected' && six.status === 'rejected') throw four.reason;
  const found = [
    ...(four.status === 'fulfilled' ? four.value : []),
    ...(six.status === 'fulfilled' ? six.value.map((address) => `[${address}]`) : []),
  ];
  return found.map((address) => ({ url: `${scheme}://${address}:${port}` })).sort(byUrl);
}

function byUrl(a: { url: string }, b: { url: string }): number {
  return a.url < b.url ? -1 : 1;
}
