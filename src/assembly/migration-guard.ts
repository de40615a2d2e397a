/** MigrationGuard: looks at hit rate and error rate window by window, and asks for keys to be given back when they leave their bounds. */

import type { Clock, Timer } from '../base/clock.js';
import { BoundsWatch, type Rates, type Totals } from '../cluster/migrating/bounds-watch.js';
import type { Topology } from '../cluster/topology.js';
import type { BoundsSettings } from '../options/migration.js';
import type { ReadWatch } from '../replication/read-watch.js';

export interface MigrationGuardParts {
  readonly clock: Clock;
  readonly bounds: BoundsSettings;
  readonly watch: ReadWatch;
  readonly topology: () => Topology;
  /** Whether keys are cut over. */
  readonly isCutting: () => boolean;
  readonly left: (reason: string) => void;
}

export class MigrationGuard {
  readonly #parts: MigrationGuardParts;
  readonly #bounds: BoundsWatch;
  #timer: Timer | undefined;

  constructor(parts: MigrationGuardParts) {
    this.#parts = parts;
    this.#bounds = new BoundsWatch(parts.bounds);
  }

  get before(): Rates {
    return this.#bounds.before;
  }

  get now(): Rates {
    return this.#bounds.now;
  }

  start(): void {
    const { clock, bounds } = this.#parts;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(() => {
      this.start();
      this.look();
    }, bounds.windowMs);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Ends the window under way: to be called before the first keys are cut over, too. */
  look(): void {
    const { isCutting, left } = this.#parts;
    const totals = totalsOf(this.#parts);
    if (!isCutting()) {
      this.#bounds.measureBefore(totals);
      return;
    }
    const reason = this.#bounds.measure(totals);
    if (reason !== undefined) left(reason);
  }
}

function totalsOf({ watch, topology }: MigrationGuardParts): Totals {
  const { nodes } = topology();
  return {
    hits: watch.hits,
    misses: watch.misses,
    attempts: nodes.reduce((sum, { issued }) => sum + issued, 0),
    failures: nodes.reduce((sum, { failures }) => sum + failures, 0),
  };
}
