/**
 * Nodes that have left the ring: closed when no call that began before can need them any more, so that what is under way
 * ends on the ring on which it began.
 */

import type { Clock, Timer } from '../base/clock.js';
import { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';

export interface DepartureParts {
  readonly clock: Clock;
  /** How long a call may take: until then a node may still be asked. */
  readonly graceMs: number;
  readonly closed: (node: CacheNode) => void;
}

/** A node that still owes answers is given so many times the grace. */
const MAX_GRACES = 10;

export class Departures {
  readonly #parts: DepartureParts;
  readonly #leaving = new Map<CacheNode, Timer>();

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  add(node: CacheNode): void {
    if (!this.#leaving.has(node)) this.#wait(node, 1);
  }

  /** Closes all of them now. */
  stop(): void {
    for (const node of [...this.#leaving.keys()]) this.#close(node);
  }

  #wait(node: CacheNode, graces: number): void {
    const { clock, graceMs } = this.#parts;
    const look = (): void => {
      if (node.isIdle || graces >= MAX_GRACES) this.#close(node);
      else this.#wait(node, graces + 1);
    };
    this.#leaving.set(node, clock.setTimer(look, graceMs));
  }

  #close(node: CacheNode): void {
    this.#leaving.get(node)?.cancel();
    this.#leaving.delete(node);
    node.close(new CacheError('ERR_CLOSED', `node ${node.name} was removed`, { node: node.name }));
    this.#parts.closed(node);
  }
}
