/** The nodes of a foreign placement, and the ways in which clients write them down. */

import type { RingMember } from '../placement.js';
import { MAX_NODES } from '../virtual-nodes.js';

export interface PlacementNode {
  /** As the client's configuration has it: its very letters are hashed. */
  readonly host: string;
  readonly port: number;
  /** @default 1 */
  readonly weight?: number;
  /** What owners are called here; a label of its own only in clients that know names (each kind says so). @default host:port */
  readonly name?: string;
  readonly zone?: string;
  /** The address a host name resolved to. Only spymemcached puts it into its labels. */
  readonly ip?: string;
  /** npm-hashring-vnodes alone: digests of this node. */
  readonly vnodes?: number;
}

/** The port that memcached clients leave out of labels. */
export const MEMCACHED_PORT = 11211;

export function hostPort({ host, port }: PlacementNode): string {
  return `${host}:${port}`;
}

/** Bare host on port 11211, host:port on any other. */
export function hostUnlessDefaultPort(node: PlacementNode): string {
  return node.port === MEMCACHED_PORT ? node.host : hostPort(node);
}

export function nameOf(node: PlacementNode): string {
  return node.name ?? hostPort(node);
}

export function weightOf(node: PlacementNode): number {
  return node.weight ?? 1;
}

export function totalWeight(nodes: readonly PlacementNode[]): number {
  return nodes.reduce((sum, node) => sum + weightOf(node), 0);
}

/**
 * In list order, which is part of many placements.
 *
 * @throws RangeError for a name that is there twice, a weight that is not above 0 or more than 65,536 nodes.
 */
export function membersOf(nodes: readonly PlacementNode[]): readonly RingMember[] {
  if (nodes.length > MAX_NODES) throw new RangeError(`a placement holds at most ${MAX_NODES} nodes`);
  const seen = new Set<string>();
  const members = nodes.map((node) => {
    const name = nameOf(node);
    const weight = weightOf(node);
    if (name === '') throw new RangeError('every node of a placement needs a name');
    if (seen.has(name)) throw new RangeError(`two nodes of the placement are called ${name}`);
    if (!Number.isFinite(weight) || weight <= 0) {
      throw new RangeError(`weight of ${name} must be a number above 0, got ${weight}`);
    }
    seen.add(name);
    return Object.freeze(node.zone === undefined ? { name, weight } : { name, weight, zone: node.zone });
  });
  return Object.freeze(members);
}
