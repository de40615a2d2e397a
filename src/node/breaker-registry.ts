/** A view over all breakers of a client: by name, as statistics, and with one callback for the changes of all. */

import type { Breaker } from './breaker.js';
import type { BreakerReason, BreakerState } from './breaker-state.js';
import type { BreakerStats } from './breaker-stats.js';

export interface BreakerChange {
  readonly name: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: BreakerReason;
}

interface Entry {
  readonly breaker: Breaker;
  /** Gives `onChange` back as it was. */
  readonly detach: () => void;
}

export class BreakerRegistry {
  /** Told of every change of every breaker here, after the breaker's own `onChange`. What it throws is dropped. */
  onChange: ((change: BreakerChange) => void) | undefined = undefined;
  readonly #entries = new Map<string, Entry>();

  /** Adds a breaker whose owner has set its `onChange` already: that one is called first. Replaces one of the same name. */
  add(name: string, breaker: Breaker): void {
    this.delete(name);
    const own = breaker.onChange;
    const chained = (from: BreakerState, to: BreakerState, reason: BreakerReason): void => {
      try {
        own?.(from, to, reason);
      } finally {
        this.onChange?.({ name, from, to, reason });
      }
    };
    breaker.onChange = chained;
    const detach = () => {
      if (breaker.onChange === chained) breaker.onChange = own;
    };
    this.#entries.set(name, { breaker, detach });
  }

  /** Forgets it and listens no more; the breaker goes on. */
  delete(name: string): boolean {
    this.#entries.get(name)?.detach();
    return this.#entries.delete(name);
  }

  get(name: string): Breaker | undefined {
    return this.#entries.get(name)?.breaker;
  }

  /** Pairs of name and breaker, in the order added. */
  all(): [name: string, breaker: Breaker][] {
    return [...this.#entries].map(([name, entry]) => [name, entry.breaker]);
  }

  stats(): Record<string, BreakerStats> {
    return Object.fromEntries(this.all().map(([name, breaker]) => [name, breaker.stats()]));
  }
}
