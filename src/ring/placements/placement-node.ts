/** The nodes of a foreign placement, and the ways in which clients write them down. */

import { shown } from '../../base/shown.js';
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
 * To be called before any label is made: out of a configuration file a node may come without a host or with a port that is
 * text, and would be placed by what that reads like.
 *
 * @throws RangeError for whatever cannot be a node, or more than 65,536 of them.
 */
export function checkNodes(nodes: readonly PlacementNode[]): void {
  if (!Array.isArray(nodes)) throw new RangeError(`nodes of a placement must be a list, got ${typeof nodes}`);
  if (nodes.length > MAX_NODES) throw new RangeError(`a placement holds at most ${MAX_NODES} nodes`);
  nodes.forEach((node, i) => {
    const refuse = (field: string, must: string, got: unknown): never => {
      throw new RangeError(`${field} of node ${i} of the placement must be ${must}, got ${shown(got)}`);
    };
    if (typeof node !== 'object' || node === null)
      throw new RangeError(`node ${i} of the placement must be an object, got ${shown(node)}`);
    const { host, port, name, weight = 1, vnodes = 0 } = node;
    if (typeof host !== 'string' || host === '') refuse('host', 'a non-empty string', host);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse('port', 'a whole number from 0 to 65,535', port);
    if (name !== undefined && typeof name !== 'string') refuse('name', 'a string', name);
    if (!Number.isFinite(weight) || weight <= 0) refuse('weight', 'a number above 0', weight);
    if (!Number.isInteger(vnodes) || vnodes < 0) refuse('vnodes', 'a whole number', vnodes);
  });
}

/**
 * In list order, which is part of many placements.
 *
 * @throws RangeError for a name that is empty or there twice.
 */
export function membersOf(nodes: readonly PlacementNode[]): readonly RingMember[] {
  const seen = new Set<string>();
  const members = nodes.map((node) => {
    const name = nameOf(node);
    const weight = weightOf(node);
    if (name === '') throw new RangeError('every node of a placement needs a name');
    if (seen.has(name)) throw new RangeError(`two nodes of the placement are called ${name}`);
    seen.add(name);
    return Object.freeze(node.zone === undefined ? { name, weight } : { name, weight, zone: node.zone });
  });
  return Object.freeze(members);
}
