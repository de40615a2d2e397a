/** `cache.breakers`: the breakers of the nodes in the ring, to be looked at and to be held by hand. */

import type { Topology } from '../cluster/topology.js';
import { OptionError } from '../errors.js';
import type { Breaker } from '../node/breaker.js';
import type { BreakerStats } from '../node/breaker-stats.js';

/** One node's breaker: its state, and the three ways to overrule it. */
export type NodeBreaker = Pick<
  Breaker,
  'name' | 'state' | 'retryAfterMs' | 'stats' | 'forceOpen' | 'forceClosed' | 'reset'
>;

export class BreakerView {
  readonly #topology: () => Topology;

  constructor(topology: () => Topology) {
    this.#topology = topology;
  }

  get(name: string): NodeBreaker | undefined {
    return this.#topology().nodes.find((node) => node.name === name)?.breaker;
  }

  /** Pairs of node name and breaker. */
  all(): [name: string, breaker: NodeBreaker][] {
    return this.#topology().nodes.map(({ name, breaker }) => [name, breaker]);
  }

  /** By node name: state, rates and durations over the window. */
  stats(): Record<string, BreakerStats> {
    return Object.fromEntries(this.all().map(([name, breaker]) => [name, breaker.stats()]));
  }

  /** Asks nothing of the node until `reset` or `forceClosed`. @throws OptionError for a name that is no node's */
  forceOpen(name: string): void {
    this.#named(name).forceOpen();
  }

  /** Asks the node whatever happens, until `reset` or `forceOpen`. @throws OptionError for a name that is no node's */
  forceClosed(name: string): void {
    this.#named(name).forceClosed();
  }

  /** Closed, nothing counted, and in nobody's hand. @throws OptionError for a name that is no node's */
  reset(name: string): void {
    this.#named(name).reset();
  }

  #named(name: string): NodeBreaker {
    const breaker = this.get(name);
    if (breaker === undefined) throw new OptionError('name', `'${String(name)}' is not the name of a node`);
    return breaker;
  }
}
