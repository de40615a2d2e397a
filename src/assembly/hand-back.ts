/**
 * Hand-back: gives a node that has returned its keys back in steps, each a hand-off from the stand-ins, so that it is not
 * asked for everything while it is still cold.
 *
 * One node at a time. Whatever else changes meanwhile gives the node all that is left of its keys at once: two changes
 * that both go in steps would take back what they had handed over.
 */

import type { Clock, Timer } from '../base/clock.js';
import type { Rebalancer } from '../cluster/rebalancer.js';
import type { CacheNode } from '../node/cache-node.js';
import { HASH_SPACE } from '../ring/arcs.js';
import type { NodeMask } from '../ring/placement.js';

export interface HandBackParts {
  readonly clock: Clock;
  readonly rebalancer: () => Rebalancer;
  readonly steps: number;
  /** Between two steps. */
  readonly pauseMs: number;
}

interface Returning {
  readonly node: CacheNode;
  /** Nodes walked past when it is over. */
  readonly mask: NodeMask;
  readonly done: () => void;
}

export class HandBack {
  readonly #parts: HandBackParts;
  #returning: Returning | undefined;
  #timer: Timer | undefined;

  constructor(parts: HandBackParts) {
    this.#parts = parts;
  }

  /** The mask that the steps lead to, while they are under way. */
  get goal(): NodeMask | undefined {
    return this.#returning?.mask;
  }

  /** `mask`: nodes that stay out. Calls `done` when `node` owns everything again, unless it has to leave before. */
  begin(node: CacheNode, mask: NodeMask, done: () => void): void {
    const earlier = this.#take();
    this.#returning = { node, mask, done };
    this.#step(this.#returning, 1, 'handoff');
    earlier?.done();
  }

  /** A change was made that gave every node that may own all its keys. */
  superseded(): void {
    const { nodes, mask } = this.#parts.rebalancer().current;
    const returning = this.#take();
    const index = returning === undefined ? -1 : nodes.indexOf(returning.node);
    if (index >= 0 && mask?.[index] !== 1) returning?.done();
  }

  stop(): void {
    this.#take();
  }

  #step(returning: Returning, step: number, kind: 'handoff' | 'step'): void {
    const { clock, rebalancer, steps, pauseMs } = this.#parts;
    const { node, mask, done } = returning;
    const isLast = step >= steps;
    const stillOut = Uint8Array.from(mask, (mark, i) => (rebalancer().current.nodes[i] === node ? 1 : mark));
    const part = isLast ? {} : { handedBack: Math.floor((HASH_SPACE / steps) * step), warmingMask: stillOut };
    rebalancer().apply({ mask, ...part }, `readmitted ${node.name}`, kind);
    // A listener may have made a change that superseded this one.
    if (this.#returning !== returning) return;
    if (isLast) {
      this.#take();
      done();
    } else this.#timer = clock.setTimer(() => this.#step(returning, step + 1, 'step'), pauseMs);
  }

  #take(): Returning | undefined {
    const returning = this.#returning;
    this.#returning = undefined;
    this.#timer?.cancel();
    return returning;
  }
}
