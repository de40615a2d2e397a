/** Reads and writes without end: every call is settled, and what is read is judged. */

import { onTestFinished } from 'vitest';
import type { WatchedCache } from '../staleness/support/watched-cache.js';

/** A busy machine has so many calls under way, and no more. */
const MAX_PENDING = 200;

export class Traffic {
  readonly #watched: WatchedCache;
  readonly #keys: readonly string[];
  readonly #pending = new Set<Promise<unknown>>();
  readonly #failures: unknown[] = [];
  readonly #running: Promise<void>;
  #isOn = true;
  issued = 0;

  /** A third of the calls are writes, a tenth of those deletes. */
  constructor(watched: WatchedCache, keys: readonly string[]) {
    this.#watched = watched;
    this.#keys = keys;
    this.#running = this.#run();
    onTestFinished(async () => {
      await this.stop();
    });
  }

  /** Ends it; resolves with what calls threw, once all are settled. */
  async stop(): Promise<readonly unknown[]> {
    this.#isOn = false;
    await this.#running;
    await Promise.all(this.#pending);
    return this.#failures;
  }

  async #run(): Promise<void> {
    for (let turn = 0; this.#isOn; turn++) {
      for (let i = 0; i < 8; i++) {
        const key = this.#keys[(turn * 8 + i * 7) % this.#keys.length] as string;
        const kind = (turn + i) % 30;
        if (kind === 0) this.#note(this.#watched.delete(key));
        else this.#note(kind < 10 ? this.#watched.set(key) : this.#watched.read([key]));
      }
      // Not as fast as can be: other things run on this machine, and what it cannot keep up with is no outage.
      do await new Promise((resolve) => setTimeout(resolve, 1));
      while (this.#isOn && this.#pending.size > MAX_PENDING);
    }
  }

  #note(call: Promise<unknown>): void {
    this.issued++;
    const noted: Promise<unknown> = call
      .catch((error) => this.#failures.push(error))
      .finally(() => this.#pending.delete(noted));
    this.#pending.add(noted);
  }
}
