/**
 * From nodes to a placement over them, and the nodes in the order in which the placement counts them: by name on the own
 * ring, as listed under the rule of another client, which may depend on that order.
 */

import { MigratingPlacement } from '../cluster/migrating/migrating-placement.js';
import type { Topology } from '../cluster/topology.js';
import { OptionError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import { type NodeSpec, parseNode } from '../options/node-options.js';
import type { Placement, RingMember } from '../ring/placement.js';
import { createPlacement, type PlacementKind } from '../ring/placements/create-placement.js';
import type { PlacementNode } from '../ring/placements/placement-node.js';
import { Ring } from '../ring/ring.js';
import type { RingChangeOptions } from '../ring-view.js';

export interface PlacedNodes {
  readonly placement: Placement;
  /** By node index of the placement. */
  readonly nodes: readonly CacheNode[];
}

/** What other clients hash of a node; `name` only where the user gave one, since some clients would hash it. */
type Label = Pick<PlacementNode, 'host' | 'port' | 'name' | 'vnodes'>;

export class Placer {
  readonly #kind: PlacementKind | undefined;
  readonly #labels = new WeakMap<CacheNode, Label>();
  /** Once a node was told its virtual nodes all have as many as they were told, or the usual ones: also when that node has left. */
  #hasVnodes = false;

  /** @param kind the rule of another client; `undefined` for the own ring */
  constructor(kind: PlacementKind | undefined) {
    this.#kind = kind;
  }

  /** Whether owners may depend on the order in which nodes are listed. */
  get heedsOrder(): boolean {
    return this.#kind !== undefined;
  }

  /** To be told of each node before it is placed. */
  learn(node: CacheNode, spec: NodeSpec): void {
    this.#labels.set(node, labelOf(spec));
    this.#hasVnodes ||= spec.vnodes !== undefined;
  }

  /** @throws OptionError where these nodes cannot be placed. */
  place(nodes: readonly CacheNode[]): PlacedNodes {
    const kind = this.#kind;
    if (kind !== undefined) {
      const labelled = nodes.map((node) => this.#labelled(node));
      return { placement: refusing(() => createPlacement(kind, labelled)), nodes };
    }
    const placement = refusing(() => Ring.build(nodes.map(memberOf)));
    const byName = new Map(nodes.map((node) => [node.name, node]));
    return { placement, nodes: placement.members.map(({ name }) => byName.get(name) as CacheNode) };
  }

  /** The placement that a change would make. @throws RangeError for names that are unknown, or known already; OptionError */
  after(
    { placement: now, nodes: all }: Topology,
    { add = [], remove = [], reweight = {} }: RingChangeOptions,
  ): Placement {
    const added = add.map(addition);
    // Of a migration the new place is meant, whose nodes come first.
    const isMigrating = now instanceof MigratingPlacement;
    const placement = isMigrating ? now.to.placement : now;
    const nodes = isMigrating ? all.slice(0, now.to.at.length) : all;
    if (placement instanceof Ring) return placement.with({ add: added.map(({ member }) => member), remove, reweight });
    const unknown = [...remove, ...Object.keys(reweight)].find((name) => nodes.every((node) => node.name !== name));
    if (unknown !== undefined) throw new RangeError(`${unknown} is no member of the ring`);
    const stay = nodes
      .filter(({ name }) => !remove.includes(name))
      .map((node) => ({ ...this.#labelled(node), weight: reweight[node.name] ?? node.weight }));
    const kind = this.#kind as PlacementKind;
    return createPlacement(kind, [...stay, ...added.map(({ member, label }) => ({ ...shareOf(member), ...label }))]);
  }

  #labelled(node: CacheNode): PlacementNode {
    const label = this.#labels.get(node) ?? { host: node.name, port: 0, name: node.name };
    return { ...(this.#hasVnodes ? { vnodes: 0 } : {}), ...shareOf(node), ...label };
  }
}

/** The placement of these nodes by the rule of another client, or on the own ring. @throws OptionError */
export function placementOf(kind: PlacementKind | undefined, specs: readonly NodeSpec[]): Placement {
  if (kind === undefined) return refusing(() => Ring.build(specs.map(memberOf)));
  return refusing(() =>
    createPlacement(
      kind,
      specs.map((spec) => ({ ...shareOf(spec), ...labelOf(spec) })),
    ),
  );
}

function refusing<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw error instanceof RangeError ? new OptionError('nodes', error.message) : error;
  }
}

/** A node without host and port (in this process, behind a socket) is known by its name. */
function labelOf({ name, address: { host, port, path }, isNamed, vnodes }: NodeSpec): Label {
  const own = vnodes === undefined ? {} : { vnodes };
  if (path !== undefined || port === 0) return { ...own, host: path ?? name, port: 0, name };
  return isNamed ? { ...own, host, port, name } : { ...own, host, port };
}

/** A node to be added: its URL, its `host:port`, or its name with weight and zone. */
function addition(entry: string | RingMember): { readonly member: RingMember; readonly label: Label } {
  const member = typeof entry === 'string' ? { name: entry } : entry;
  const { name } = member;
  if (name.includes('://')) {
    const spec = parseNode(name, 'add');
    return { member: { ...member, name: spec.name }, label: labelOf(spec) };
  }
  const colon = name.lastIndexOf(':');
  const port = Number(name.slice(colon + 1));
  const isAddress = colon > 0 && Number.isInteger(port) && port > 0;
  return { member, label: isAddress ? { host: name.slice(0, colon), port } : { host: name, port: 0, name } };
}

interface Placeable {
  readonly name: string;
  readonly weight?: number;
  readonly zone?: string | undefined;
}

function memberOf(node: Placeable): RingMember {
  return { name: node.name, ...shareOf(node) };
}

function shareOf({ weight = 1, zone }: Placeable): Omit<RingMember, 'name'> {
  return zone === undefined ? { weight } : { weight, zone };
}
