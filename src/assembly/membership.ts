/**
 * Who belongs to the ring: nodes added, removed, reweighted, taken out and let back, by the operator or by their health.
 * Every list is checked whole before anything changes; what stays keeps its connections, its debts and its health.
 */

import type { HealthMonitor } from '../cluster/health-monitor.js';
import type { ChangeKind, Rebalancer } from '../cluster/rebalancer.js';
import type { Topology } from '../cluster/topology.js';
import { OptionError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import { type NodeOptions, type NodeSpec, parseNode, parseNodes } from '../options/node-options.js';
import type { Placer } from './placer.js';

export interface MembershipParts {
  readonly placer: Placer;
  readonly rebalancer: Rebalancer;
  /** `undefined` where health is switched off. */
  readonly monitor: HealthMonitor | undefined;
  readonly build: (spec: NodeSpec, slot: number) => CacheNode;
  /** A hand-off back to a returned node goes in so many steps, so far apart. */
  readonly warmingSteps: number;
  readonly warmingMs: number;
  readonly setTimer: (task: () => void, ms: number) => void;
}

export class Membership {
  readonly #parts: MembershipParts;
  readonly #specs = new Map<string, NodeSpec>();
  readonly #freeSlots: number[] = [];
  #slots: number;

  constructor(parts: MembershipParts, specs: readonly NodeSpec[]) {
    this.#parts = parts;
    for (const spec of specs) this.#specs.set(spec.name, spec);
    this.#slots = specs.length;
  }

  get topology(): Topology {
    return this.#parts.rebalancer.current;
  }

  /** Resolves once the node owns its share; what it has to take over follows in a hand-off. @throws OptionError */
  async addNode(entry: string | NodeOptions): Promise<void> {
    const spec = parseNode(entry, 'node');
    if (this.#specs.has(spec.name)) throw new OptionError('node.name', `'${spec.name}' is already the name of a node`);
    this.#change([...this.topology.nodes, this.#admit(spec)], `added ${spec.name}`, 'handoff');
  }

  /** With `drain` (default) resolves once its keys were handed over, else at once. @throws OptionError */
  async removeNode(name: string, { drain = true }: { readonly drain?: boolean | undefined } = {}): Promise<void> {
    const node = this.#named(name);
    if (this.topology.nodes.length === 1) throw new OptionError('name', 'the last node cannot be removed');
    this.#specs.delete(name);
    this.#parts.monitor?.forget(node);
    const rest = this.topology.nodes.filter((other) => other !== node);
    this.#change(rest, `removed ${name}`, drain && node.isConnected ? 'handoff' : 'cut');
    if (drain) await this.#parts.rebalancer.settled();
  }

  /** @throws OptionError */
  async reweight(name: string, weight: number): Promise<void> {
    const node = this.#named(name);
    if (typeof weight !== 'number' || !(weight > 0) || weight > 1000)
      throw new OptionError('weight', `must be a number above 0, at most 1000, got ${String(weight)}`);
    if (node.weight === weight) return;
    node.weight = weight;
    this.#respecify(name, weight);
    this.#change(this.topology.nodes, `reweighted ${name}`, 'handoff');
  }

  /** Makes the ring consist of these nodes: all or nothing, and nothing if it does already. @throws OptionError */
  async setNodes(list: readonly (string | NodeOptions)[]): Promise<void> {
    const specs = parseNodes(list);
    const stay = new Map<string, CacheNode>();
    for (const node of this.topology.nodes) {
      const spec = specs.find(({ name }) => name === node.name);
      if (spec !== undefined && spec.identity === this.#specs.get(node.name)?.identity && spec.zone === node.zone)
        stay.set(node.name, node);
    }
    const gone = this.topology.nodes.filter(({ name }) => !stay.has(name));
    const { nodes: now } = this.topology;
    const isSame =
      gone.length === 0 &&
      specs.every(({ name, weight }) => stay.get(name)?.weight === weight) &&
      (!this.#parts.placer.heedsOrder || specs.every(({ name }, i) => now[i]?.name === name));
    if (isSame) return;
    for (const { name } of gone) this.#specs.delete(name);
    for (const node of gone) this.#parts.monitor?.forget(node);
    const nodes = specs.map((spec) => {
      const node = stay.get(spec.name);
      if (node === undefined) return this.#admit(spec);
      if (node.weight !== spec.weight) this.#respecify(spec.name, spec.weight);
      node.weight = spec.weight;
      return node;
    });
    this.#change(nodes, 'set nodes', 'handoff');
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
    this.#parts.rebalancer.apply({ mask: this.#maskOf(this.topology.nodes) }, reason, kind);
  }

  /** Gives a returned node its keys back, step by step, each a hand-off from the stand-ins; then calls `done`. */
  handBack(node: CacheNode, done: () => void): void {
    const { rebalancer, warmingSteps, warmingMs, setTimer } = this.#parts;
    const step = (number: number): void => {
      const { nodes } = this.topology;
      // Ejected again, or removed, on the way: whoever did that has said what holds now.
      if (!nodes.includes(node) || this.#parts.monitor?.isMasked(node) === true) return;
      const mask = this.#maskOf(nodes);
      const warmingMask = this.#maskOf(nodes, node);
      const isLast = number >= warmingSteps;
      const part = isLast ? {} : { handedBack: Math.floor((2 ** 32 / warmingSteps) * number), warmingMask };
      rebalancer.apply({ mask, ...part }, `readmitted ${node.name}`, number === 1 ? 'handoff' : 'step');
      if (isLast) done();
      else setTimer(() => step(number + 1), warmingMs);
    };
    step(1);
  }

  /** The number of a node that is gone may be given to another. */
  retire(node: CacheNode): void {
    this.#freeSlots.push(node.slot);
  }

  #maskOf(nodes: readonly CacheNode[], alsoMasked?: CacheNode): Uint8Array {
    return Uint8Array.from(nodes, (node) =>
      node === alsoMasked || this.#parts.monitor?.isMasked(node) === true ? 1 : 0,
    );
  }

  #change(nodes: readonly CacheNode[], reason: string, kind: ChangeKind): void {
    const placed = this.#parts.placer.place(nodes);
    this.#parts.rebalancer.apply({ ...placed, mask: this.#maskOf(placed.nodes) }, reason, kind);
  }

  #admit(spec: NodeSpec): CacheNode {
    this.#specs.set(spec.name, spec);
    const node = this.#parts.build(spec, this.#freeSlots.pop() ?? this.#slots++);
    node.open();
    this.#parts.monitor?.watch(node);
    return node;
  }

  #respecify(name: string, weight: number): void {
    const spec = this.#specs.get(name);
    if (spec !== undefined) this.#specs.set(name, { ...spec, weight });
  }

  #named(name: string): CacheNode {
    const node = this.topology.nodes.find((other) => other.name === name);
    if (node === undefined) throw new OptionError('name', `no node is called '${String(name)}'`);
    return node;
  }
}
