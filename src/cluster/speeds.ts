/**
 * How long the nodes take, one against the others: looked at once an interval for all, since a look at every node for every
 * node is a core's work at a thousand of them.
 */

/** As much of a node as is looked at. */
interface Timed {
  readonly breaker: { stats(): { readonly meanMs: number | undefined } };
}

export class Speeds {
  readonly #nodes: () => Iterable<Timed>;
  readonly #maxAgeMs: number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #meanOf: ReadonlyMap<Timed, number> = new Map();
  #sorted: readonly number[] = [];

  constructor(nodes: () => Iterable<Timed>, maxAgeMs: number) {
    this.#nodes = nodes;
    this.#maxAgeMs = maxAgeMs;
  }

  /** The upper median of what the other nodes took on average at the last look; `undefined` if nothing is known of any. */
  medianOfOthers(node: Timed, now: number): number | undefined {
    if (now - this.#lookedAt >= this.#maxAgeMs) this.#look(now);
    const sorted = this.#sorted;
    const own = this.#meanOf.get(node);
    if (own === undefined) return sorted[Math.floor(sorted.length / 2)];
    const middle = Math.floor((sorted.length - 1) / 2);
    // One of its own value is left out: of equal ones it does not matter which.
    return sorted.length === 1 ? undefined : sorted[own <= (sorted[middle] as number) ? middle + 1 : middle];
  }

  #look(now: number): void {
    this.#lookedAt = now;
    const means = new Map<Timed, number>();
    for (const node of this.#nodes()) {
      const { meanMs } = node.breaker.stats();
      if (meanMs !== undefined) means.set(node, meanMs);
    }
    this.#meanOf = means;
    this.#sorted = [...means.values()].sort((a, b) => a - b);
  }
}
