/** When the cache stops being able to answer, and when it is again: told once each. */

import type { CacheError } from '../errors.js';
import type { EventBus } from '../events.js';

/** Tells once when the owners of some key stop answering, and once when they answer again. */
export class Degradation {
  readonly #events: EventBus;
  readonly #clock: { now(): number };
  #since = 0;
  isDegraded = false;

  constructor(events: EventBus, clock: { now(): number }) {
    this.#events = events;
    this.#clock = clock;
  }

  degraded(error: CacheError): void {
    if (this.isDegraded) return;
    this.isDegraded = true;
    this.#since = this.#clock.now();
    this.#events.emit('degraded', { reason: error.message });
  }

  recovered(): void {
    this.isDegraded = false;
    this.#events.emit('recovered', { afterMs: this.#clock.now() - this.#since });
  }
}
