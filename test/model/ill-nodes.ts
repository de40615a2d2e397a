/** The memory nodes of a world, and what is done to them. */

import type { Driver } from '../../src/driver/driver.js';
import { createMemoryDriver } from '../../src/driver/memory/memory-driver.js';
import { MemoryNode } from '../../src/driver/memory/memory-node.js';
import type { MemorySnapshot } from '../../src/driver/memory/memory-store.js';
import type { NodeOptions } from '../../src/options/node-options.js';
import type { FakeClock } from '../../src/testing/fake-clock.js';
import type { Random } from '../../src/testing/seeded-random.js';
import type { FaultName } from './schedule.js';

export class IllNodes {
  readonly names = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
  readonly #random: Random;
  readonly #nodes = new Map<string, MemoryNode>();
  readonly #drivers = new Map<string, Driver>();
  readonly #saved = new Map<string, MemorySnapshot>();
  readonly #killed = new Set<string>();

  constructor(clock: FakeClock, random: Random) {
    this.#random = random;
    for (const name of this.names) {
      const store = new MemoryNode({ name, clock });
      this.#nodes.set(name, store);
      this.#drivers.set(name, createMemoryDriver({ name, store, clock }));
    }
  }

  optionsOf(name: string): NodeOptions {
    return { name, driver: this.#drivers.get(name) };
  }

  isKilled(name: string): boolean {
    return this.#killed.has(name);
  }

  get openConnections(): string[] {
    return [...this.#nodes.values()]
      .filter((node) => node.openConnections > 0)
      .map((node) => `${node.openConnections} connections to ${node.name}`);
  }

  /** Every node takes a few milliseconds for each batch. */
  limp(): void {
    for (const node of this.#nodes.values()) this.#limp(node);
  }

  heal(): void {
    for (const node of this.#nodes.values()) this.#heal(node);
  }

  befall(name: string, fault: FaultName, dice: number): void {
    const node = this.#nodes.get(name) as MemoryNode;
    const faults: Readonly<Record<FaultName, () => void>> = {
      hang: () => node.hang(),
      awake: () => node.resume(),
      awakeLate: () => node.resume({ keepAbandoned: true }),
      runAbandoned: () => node.runAbandoned(),
      cut: () => this.#cut(node),
      kill: () => this.#kill(node),
      restartKeep: () => this.#restart(node, 'keep'),
      restartEmpty: () => this.#restart(node, 'empty'),
      save: () => void this.#saved.set(name, node.snapshot()),
      restartOld: () => this.#restart(node, this.#saved.get(name) ?? 'empty'),
      refuse: () => node.refuse(),
      slow: () => this.#limp(node, 90 * dice),
      full: () => node.failWith('full', ['store']),
      loading: () => node.failWith('loading'),
      dropReplies: () => this.#dropReplies(node),
      heal: () => this.#heal(node),
    };
    faults[fault]();
  }

  #cut(node: MemoryNode): void {
    if (this.#killed.has(node.name)) return;
    node.kill();
    node.accept();
  }

  #kill(node: MemoryNode): void {
    this.#killed.add(node.name);
    node.kill();
  }

  #dropReplies(node: MemoryNode): void {
    node.dropReplies = true;
  }

  #restart(node: MemoryNode, data: 'keep' | 'empty' | MemorySnapshot): void {
    this.#killed.delete(node.name);
    node.restart({ data });
  }

  #heal(node: MemoryNode): void {
    // A connection that lost a reply never answers again.
    if (this.#killed.has(node.name) || node.dropReplies) this.#restart(node, 'keep');
    node.heal();
    this.#limp(node);
  }

  #limp(node: MemoryNode, longestMs = 6): void {
    node.latencyMs = () => Math.floor(this.#random() * longestMs);
  }
}
