/**
 * The cache that the demo drives, with what the demo knows of its nodes: who was killed, who left, what each has answered.
 */

import { createCache } from 'ringfence';

/** How long the demo waits for a node or a hand-off before it goes on. */
const LIMIT_MS = 6_000;
const POLL_MS = 20;

/** Quicker than the defaults, which suit networks: whoever watches need not wait. */
const HURRIED = {
  health: { intervalMs: 200, ejectionMs: 500, warmingMs: 100 },
  handoff: { keysPerSecond: 1_000_000 },
};

export class RingUnderTest {
  cache;
  /** Names of nodes that were killed and are not back. */
  dead = new Set();
  /** How far the hand-off under way has come, if there is one and it tells. */
  handoffShare = undefined;
  #isHandingOff = false;
  /** Last look at each node that there ever was, in order of appearance. */
  #views = new Map();

  constructor(nodes, { replication, namespace }) {
    this.cache = createCache({ nodes, replication, namespace, ...HURRIED });
    this.cache.on('handoffStarted', () => {
      this.#isHandingOff = true;
    });
    this.cache.on('handoffProgress', ({ share }) => {
      this.handoffShare = share;
    });
    this.cache.on('handoffFinished', () => {
      this.#isHandingOff = false;
      this.handoffShare = undefined;
    });
  }

  /** @throws Error naming a node that cannot be reached */
  async ready() {
    await this.cache.ready();
    const away = this.cache.nodes().find((node) => !node.isConnected);
    if (away !== undefined) throw new Error(`${away.name} cannot be reached: ${away.lastError ?? 'no answer'}`);
  }

  /** Resolves when the node owns its share and has been handed it; `false` if that takes too long. */
  async add(node) {
    await this.cache.addNode(node);
    return this.#until(() => !this.#isHandingOff);
  }

  /** Resolves when the node has handed its share over; `false` if that takes too long. */
  async remove(name) {
    this.nodes();
    const removing = this.cache.removeNode(name, { drain: true });
    removing.catch(() => {});
    await this.#until(() => !this.cache.nodes().some((node) => node.name === name));
    return this.#until(() => !this.#isHandingOff);
  }

  /** Resolves when the node is out of the ring; `false` if that takes too long. */
  untilEjected(name) {
    return this.#until(() => this.#viewOf(name)?.state === 'ejected');
  }

  /** Resolves when the node owns its share again and has been handed it; `false` if that takes too long. */
  async untilHealthy(name) {
    await this.#until(() => this.#viewOf(name)?.isConnected === true);
    this.dead.delete(name);
    return this.#until(() => this.#viewOf(name)?.state === 'healthy' && !this.#isHandingOff);
  }

  /** Every node that there ever was, with all it has answered. */
  nodes() {
    const present = new Set();
    for (const { name, state, hits, misses } of this.cache.nodes()) {
      present.add(name);
      const view = this.#views.get(name) ?? { hits: new RunningCount(), misses: new RunningCount() };
      view.hits.show(hits);
      view.misses.show(misses);
      this.#views.set(name, { ...view, state: this.dead.has(name) && state !== 'ejected' ? 'killed' : state });
    }
    return [...this.#views].map(([name, { state, hits, misses }]) => ({
      name,
      state: present.has(name) ? state : 'removed',
      hits: hits.total,
      misses: misses.total,
    }));
  }

  /** Removes the demo's keys from the nodes, as far as they answer. */
  async clear() {
    await this.cache.clear().catch(() => {});
  }

  #viewOf(name) {
    return this.cache.nodes().find((node) => node.name === name);
  }

  async #until(holds) {
    const deadline = performance.now() + LIMIT_MS;
    while (!holds()) {
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return true;
  }
}

/** A count that goes on where its counter begins anew, as that of a node does which left and joined again. */
class RunningCount {
  #shown = 0;
  #before = 0;

  show(count) {
    if (count < this.#shown) this.#before += this.#shown;
    this.#shown = count;
  }

  get total() {
    return this.#before + this.#shown;
  }
}
