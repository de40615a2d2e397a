/**
 * Refill: a node that begins a new life of its data, after a restart for example, gets its copies back from the other
 * owners, so that the next node to fail costs no hits. Reads alone would not do it: they put back what they miss at a first
 * owner, and nobody asks a second owner while the first answers.
 *
 * Goes through the other nodes as a migration does, but four times slower, since every process of a fleet does it at once;
 * within the namespace only. Copies are only added. What cannot be brought for long, to a node that is full for example, is
 * given up.
 */

import type { Clock } from '../base/clock.js';
import type { CacheNode } from '../node/cache-node.js';
import { Migration } from './migration.js';
import type { Topology } from './topology.js';

/** Of the rate of a migration. */
const PACE = 1 / 4;
/** A second each. */
const PATIENCE = 30;

export interface RefillParts {
  readonly clock: Clock;
  readonly prefix: string;
  readonly keysPerSecond: number;
  readonly topology: () => Topology;
  /** Whether this key is a user's, and no mark of our own that belongs where it is. */
  readonly carries: (wireKey: string) => boolean;
  /** Copies one key as `Transfer.copy` does. */
  readonly copy: (from: CacheNode, to: CacheNode, wireKey: string) => Promise<number | 'never' | undefined>;
}

export class Refill {
  readonly #parts: RefillParts;
  readonly #running = new Map<CacheNode, Migration>();
  /** Nodes without data that own nothing at present. */
  readonly #waiting = new Set<CacheNode>();
  #isStopped = false;

  constructor(parts: RefillParts) {
    this.#parts = parts;
  }

  /** The node has lost its data; `isOut` if it owns nothing at present. */
  emptied(node: CacheNode, isOut: boolean): void {
    if (isOut) this.#waiting.add(node);
    else this.#begin(node);
  }

  /** The node owns nothing any more: what it lacks can wait. */
  left(node: CacheNode): void {
    if (this.#end(node)) this.#waiting.add(node);
  }

  /** The node owns its keys again. */
  returned(node: CacheNode): void {
    if (this.#waiting.delete(node) || this.#running.has(node)) this.#begin(node);
  }

  /** The node is gone for good. */
  forget(node: CacheNode): void {
    this.#end(node);
    this.#waiting.delete(node);
  }

  stop(): void {
    this.#isStopped = true;
    for (const node of [...this.#running.keys()]) this.#end(node);
  }

  #begin(node: CacheNode): void {
    const { clock, prefix, keysPerSecond, topology, carries, copy } = this.#parts;
    this.#end(node);
    if (this.#isStopped || prefix === '' || topology().replication === 1) return;
    const migration = new Migration({
      clock,
      prefix,
      keysPerSecond: keysPerSecond * PACE,
      graceMs: 0,
      patience: PATIENCE,
      hasMoved: (from, wireKey) => {
        const now = topology();
        const owners = now.owners(now.placement.hash(wireKey), wireKey);
        return owners.includes(node) && owners.includes(from) && carries(wireKey);
      },
      transfer: {
        copy: async (from, wireKey) => (node.isServing ? copy(from, node, wireKey) : undefined),
        // The source keeps its own.
        remove: async () => true,
      },
      onProgress: () => undefined,
    });
    this.#running.set(node, migration);
    const others = topology().nodes.filter((other) => other !== node);
    void migration.run(others).then(() => {
      if (this.#running.get(node) === migration) this.#running.delete(node);
    });
  }

  #end(node: CacheNode): boolean {
    this.#running.get(node)?.cancel();
    return this.#running.delete(node);
  }
}
