/**
 * Discovery: asks a source for the list of nodes, now and then and when it has news, and hands over each good answer. A
 * source that fails, answers nothing, or not for half a minute, changes nothing: the last good list stands, and that is told once until it
 * answers again.
 */

import type { Clock, Timer } from '../../base/clock.js';
import type { DiscoverySource, FoundNode } from './source.js';

export interface DiscoveryParts {
  readonly clock: Clock;
  readonly source: DiscoverySource;
  readonly intervalMs: number;
  /** Takes the list; rejects if it is no legal one. */
  readonly apply: (nodes: readonly FoundNode[]) => Promise<void>;
  readonly failed: (source: string, reason: string) => void;
}

/** News often comes in a burst: a file is written in pieces. */
const SETTLE_MS = 50;
/** Longest wait for an answer. */
const PATIENCE_MS = 30_000;

function ignore(): void {}

export class Discovery {
  readonly #parts: DiscoveryParts;
  #timer: Timer | undefined;
  #limit: Timer | undefined;
  /** How to stop watching: what the source answered, or promises. */
  #watched: Promise<unknown> | undefined;
  #isReading = false;
  /** News that came while it was reading may not be in what it reads. */
  #hasNews = false;
  #hasFailed = false;
  #isStopped = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  start(): void {
    try {
      const unwatch: unknown = this.#parts.source.watch?.(() => {
        if (this.#isReading) this.#hasNews = true;
        else this.#schedule(SETTLE_MS);
      });
      this.#watched = Promise.resolve(unwatch);
      this.#watched.catch(ignore);
    } catch {
      // What cannot be watched is still polled.
    }
    void this.look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#limit?.cancel();
    // A source of the caller's own may throw here, reject, or have answered no function: closing goes on.
    this.#watched?.then((unwatch) => (typeof unwatch === 'function' ? unwatch() : undefined)).catch(ignore);
  }

  /** Asks now; never rejects. */
  async look(): Promise<void> {
    if (this.#isReading || this.#isStopped) return;
    this.#isReading = true;
    this.#hasNews = false;
    const { source, apply, failed, intervalMs } = this.#parts;
    try {
      const nodes = await this.#read();
      if (nodes.length === 0) throw new Error('the list is empty');
      if (!this.#isStopped) await apply(nodes);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed && !this.#isStopped)
        failed(source.name, error instanceof Error ? error.message : String(error));
      this.#hasFailed = true;
    } finally {
      this.#isReading = false;
    }
    this.#schedule(this.#hasNews ? SETTLE_MS : intervalMs);
  }

  #read(): Promise<readonly FoundNode[]> {
    const { clock, source } = this.#parts;
    return new Promise((resolve, reject) => {
      const limit = clock.setTimer(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
      this.#limit = limit;
      Promise.resolve()
        .then(() => source.read())
        .then(resolve, reject)
        .finally(() => limit.cancel());
    });
  }

  #schedule(ms: number): void {
    this.#timer?.cancel();
    if (!this.#isStopped) this.#timer = this.#parts.clock.setTimer(() => void this.look(), ms);
  }
}
