/**
 * Who belongs to the ring: nodes added, removed, reweighted, taken out and let back, by the operator or by their health.
 * Every list is checked and placed before anything changes; what stays keeps its connections, its debts and its health.
 */

import { shown } from '../base/shown.js';
import type { HealthMonitor } from '../cluster/health-monitor.js';
import type { ChangeKind, Rebalancer } from '../cluster/rebalancer.js';
import type { Topology } from '../cluster/topology.js';
import { OptionError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import { type NodeOptions, type NodeSpec, parseNode, parseNodes } from '../options/node-options.js';
import type { HandBack } from './hand-back.js';
import type { PlacedNodes, Placer } from './placer.js';
import { hasSameAccess } from './same-access.js';

export interface MembershipParts {
  readonly placer: Placer;
  readonly rebalancer: Rebalancer;
  /** `undefined` where health is switched off. */
  readonly monitor: HealthMonitor | undefined;
  readonly build: (spec: NodeSpec, slot: number) => CacheNode;
  readonly handBack: HandBack;
  /** Whether stand-ins take over from nodes that are ill; from nodes in maintenance they always do. */
  readonly remapsIll: boolean;
  /** Keys that move to the list of nodes from another place, with nodes of its own. */
  readonly migration: { readonly isUnderWay: boolean; isOld(node: CacheNode): boolean } | undefined;
}

interface Member {
  readonly node: CacheNode;
  readonly spec: NodeSpec;
  /** `back`: it was leaving and had not left yet, so it comes back with what it holds and what is known against it. */
  readonly origin: 'member' | 'back' | 'new';
}

/** The number of a node that is gone rests until so many others are gone: nothing late may be taken for its successor's. */
const RESTING_SLOTS = 16;

export class Membership {
  readonly #parts: MembershipParts;
  readonly #specs = new WeakMap<CacheNode, NodeSpec>();
  readonly #restingSlots: number[] = [];
  readonly #freeSlots: number[] = [];
  #slots: number;

  /** Servers that were in the ring and are not, or were not for a time: they may hold what they held then. */
  readonly #former = new Set<string>();

  /** @param first the nodes that `build` made of these, in the same order, numbered from 0 */
  constructor(parts: MembershipParts, specs: readonly NodeSpec[], first: readonly CacheNode[]) {
    this.#parts = parts;
    specs.forEach((spec, i) => {
      this.#specs.set(first[i] as CacheNode, spec);
    });
    this.#slots = specs.length;
  }

  get topology(): Topology {
    return this.#parts.rebalancer.current;
  }

  /** Resolves once the node owns its share; what it has to take over follows in a hand-off. @throws OptionError */
  async addNode(entry: string | NodeOptions): Promise<void> {
    const spec = parseNode(entry, 'node');
    if (this.topology.nodes.some(({ name }) => name === spec.name))
      throw new OptionError('node.name', `'${spec.name}' is already the name of a node`);
    this.#change([...this.#members(), this.#newcomer(spec)], `added ${spec.name}`, 'handoff');
  }

  /**
   * With `drain` (default) resolves once its keys were handed over, else at once. What cannot be enumerated (no namespace,
   * `handoff.migrate: false`, a node that does not tell its keys) is not waited for: it moves as it is read, for
   * `handoff.windowMs`. @throws OptionError
   */
  async removeNode(name: string, { drain = true }: { readonly drain?: boolean | undefined } = {}): Promise<void> {
    const node = this.#named(name);
    const rest = this.#members().filter((member) => member.node !== node);
    if (rest.length === 0) throw new OptionError('name', 'the last node cannot be removed');
    this.#change(rest, `removed ${name}`, drain && node.isConnected ? 'handoff' : 'cut');
    if (drain) await this.#parts.rebalancer.settled();
  }

  /** @throws OptionError */
  async reweight(name: string, weight: number): Promise<void> {
    const node = this.#named(name);
    if (typeof weight !== 'number' || !(weight > 0) || weight > 1000)
      throw new OptionError('weight', `must be a number above 0, at most 1000, got ${shown(weight)}`);
    if (node.weight === weight) return;
    const members = this.#members().map((member) =>
      member.node === node ? { ...member, spec: { ...member.spec, weight } } : member,
    );
    this.#change(members, `reweighted ${name}`, 'handoff');
  }

  /**
   * Makes the ring consist of these nodes: all or nothing, and nothing if it does already. A node whose credentials or TLS
   * settings changed is replaced by one that is reached by the new ones. @throws OptionError
   */
  async setNodes(list: readonly (string | NodeOptions)[]): Promise<void> {
    const specs = parseNodes(list);
    const now = this.topology.nodes.filter((node) => this.#parts.migration?.isOld(node) !== true);
    const members = specs.map((spec): Member => {
      const node = now.find((one) => this.#isMeant(one, spec));
      return node === undefined ? this.#newcomer(spec) : { node, spec, origin: 'member' };
    });
    const isSame =
      members.length === now.length &&
      members.every(({ node, spec, origin }) => origin === 'member' && node.weight === spec.weight) &&
      (!this.#parts.placer.heedsOrder || specs.every(({ name }, i) => now[i]?.name === name));
    if (!isSame) this.#change(members, 'set nodes', 'handoff');
  }

  /** Takes a node out of the ring while it is being worked on, with a hand-off, or lets it return by way of its probes. @throws OptionError */
  async maintenance(name: string, on: boolean): Promise<void> {
    const node = this.#named(name);
    const { monitor } = this.#parts;
    if (monitor === undefined) throw new OptionError('health', 'must not be false for maintenance');
    monitor.maintain(node, on);
    if (on) this.mask(`maintenance of ${name}`, 'handoff');
  }

  /** Brings the mask in line with what the monitor thinks. */
  mask(reason: string, kind: ChangeKind): void {
    const { rebalancer, handBack } = this.#parts;
    const mask = this.#maskOf(this.topology.nodes);
    if (isSameMask(mask, handBack.goal ?? this.topology.mask)) return;
    rebalancer.apply({ mask }, reason, kind);
    handBack.superseded();
  }

  /** Gives a node that may own again its keys back; then calls `done`. */
  readmit(node: CacheNode, done: () => void): void {
    const { handBack } = this.#parts;
    const { nodes, mask } = this.topology;
    if (mask?.[nodes.indexOf(node)] === 1) handBack.begin(node, this.#maskOf(nodes), done);
    else {
      // It was never walked past; but others may have to be now that it can be asked.
      this.mask(`readmitted ${node.name}`, 'handoff');
      done();
    }
  }

  /** Whether both names lead to the same server: a node was given another name. */
  isSameServer(a: CacheNode, b: CacheNode): boolean {
    const [one, other] = [this.#specs.get(a), this.#specs.get(b)];
    if (a === b || one === undefined || other === undefined) return a === b;
    return serversOf(one).some((server) => serversOf(other).includes(server));
  }

  /** The node has left: its number may be given to another, in time. */
  retire(node: CacheNode): void {
    this.#restingSlots.push(node.slot);
    const rested = this.#restingSlots.length > RESTING_SLOTS ? this.#restingSlots.shift() : undefined;
    if (rested !== undefined) this.#freeSlots.push(rested);
  }

  #maskOf(nodes: readonly CacheNode[]): Uint8Array {
    const { monitor, remapsIll } = this.#parts;
    return Uint8Array.from(nodes, (node) => {
      const isOut = remapsIll ? monitor?.isMasked(node) === true : monitor?.stateOf(node) === 'maintenance';
      return isOut ? 1 : 0;
    });
  }

  /** Nothing has changed if this throws. @throws OptionError */
  #change(members: readonly Member[], reason: string, kind: ChangeKind): void {
    const { monitor } = this.#parts;
    const placed = this.#placed(members);
    for (const { node, spec, origin } of members) {
      this.#specs.set(node, spec);
      if (origin === 'member') continue;
      node.open();
      monitor?.watch(node);
    }
    this.replace(placed, reason, kind);
  }

  /** Places the keys otherwise, over nodes that are all known. */
  replace(placed: PlacedNodes, reason: string, kind: ChangeKind): void {
    const { rebalancer, monitor, handBack } = this.#parts;
    for (const node of this.topology.nodes) {
      if (placed.nodes.includes(node)) continue;
      monitor?.forget(node);
      for (const { identity } of this.#serversOf(node)) this.#former.add(identity);
    }
    rebalancer.apply({ ...placed, mask: this.#maskOf(placed.nodes) }, reason, kind);
    handBack.superseded();
  }

  #placed(members: readonly Member[]): PlacedNodes {
    const weights = members.map(({ node }) => node.weight);
    for (const { node, spec } of members) node.weight = spec.weight;
    try {
      if (this.#parts.migration?.isUnderWay === true)
        throw new OptionError('migration', 'must be promoted, or left out, before the nodes can be changed');
      return this.#parts.placer.place(members.map(({ node }) => node));
    } catch (error) {
      members.forEach(({ node, origin }, i) => {
        node.weight = weights[i] as number;
        if (origin === 'new') this.#freeSlots.push(node.slot);
      });
      throw error;
    }
  }

  #members(): Member[] {
    return this.topology.nodes.map((node) => {
      const spec = this.#specs.get(node);
      if (spec === undefined) throw new TypeError(`node ${node.name} has no specification`);
      return { node, spec, origin: 'member' };
    });
  }

  /** Not watched, and perhaps not connected, yet. */
  #newcomer(spec: NodeSpec): Member {
    const node = this.#parts.rebalancer.leaving.find((one) => this.#isMeant(one, spec));
    if (node !== undefined) return { spec, node, origin: 'back' };
    const built = this.#parts.build(spec, this.#freeSlots.pop() ?? this.#slots++);
    built.hasBeenHere = (spec.members ?? [spec]).some(({ identity }) => this.#former.has(identity));
    return { spec, node: built, origin: 'new' };
  }

  #serversOf(node: CacheNode): readonly NodeSpec[] {
    const spec = this.#specs.get(node);
    return spec === undefined ? [] : (spec.members ?? [spec]);
  }

  /** Whether the node is the one specified, but perhaps for its weight. */
  #isMeant(node: CacheNode, meant: NodeSpec): boolean {
    const spec = this.#specs.get(node);
    if (spec === undefined || node.name !== meant.name || !hasSameAccess(spec, meant)) return false;
    return spec.identity === meant.identity && spec.zone === meant.zone && spec.driver === meant.driver;
  }

  #named(name: string): CacheNode {
    const node = this.topology.nodes.find((other) => other.name === name);
    if (node === undefined) throw new OptionError('name', `no node is called '${String(name)}'`);
    return node;
  }
}

/** Of a group any may be the one that is asked. */
function serversOf({ driver, identity, members }: NodeSpec): unknown[] {
  return members?.flatMap(serversOf) ?? [driver ?? identity];
}

function isSameMask(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.every((mark, i) => mark === (b?.[i] ?? 0));
}
