/**
 * Guards made on demand, one a name: a rate limiter a tenant, a bulkhead a resource. Bounded: past `maxNames` the one
 * not asked for longest is dropped, whose state a later `get` of that name starts anew.
 */

import { integer, resolveOptions } from './option-rules.js';

export interface GuardRegistryOptions {
  /** @default 10_000 */
  readonly maxNames?: number | undefined;
}

export class GuardRegistry<G extends { stats(): S }, S = ReturnType<G['stats']>> {
  readonly #create: (name: string) => G;
  readonly #maxNames: number;
  /** In order of last use, since `get` puts what it finds at the end. */
  readonly #guards = new Map<string, G>();

  constructor(create: (name: string) => G, options: GuardRegistryOptions = {}) {
    this.#create = create;
    this.#maxNames = resolveOptions('registry', options, { maxNames: 10_000 }, { maxNames: integer(1) }).maxNames;
  }

  /** The guard of that name, made if there is none. */
  get(name: string): G {
    const known = this.#guards.get(name);
    if (known !== undefined) {
      this.#guards.delete(name);
      this.#guards.set(name, known);
      return known;
    }
    const made = this.#create(name);
    this.#guards.set(name, made);
    if (this.#guards.size > this.#maxNames) this.#dropOldest();
    return made;
  }

  has(name: string): boolean {
    return this.#guards.has(name);
  }

  delete(name: string): boolean {
    return this.#guards.delete(name);
  }

  /** Pairs of name and guard, longest unused first. */
  all(): [name: string, guard: G][] {
    return [...this.#guards];
  }

  stats(): Record<string, S> {
    return Object.fromEntries(this.all().map(([name, guard]) => [name, guard.stats()]));
  }

  #dropOldest(): void {
    for (const name of this.#guards.keys()) {
      this.#guards.delete(name);
      return;
    }
  }
}
