/**
 * Migration: carries what a hand-off left behind. It enumerates the former owners, hands every key that has moved to
 * `transfer`, which copies it to its new owners and deletes it from the old one, within a rate, and tells how far it is.
 *
 * It needs a namespace, since nothing outside it may be touched, and a driver that can enumerate. A former owner that dies
 * under way is given up: what it still held stays an arc debt.
 */

import pLimit from 'p-limit';
import type { Clock } from '../base/clock.js';
import type { CacheNode } from '../node/cache-node.js';

export interface MigrationProgress {
  readonly keys: number;
  readonly bytes: number;
  /** Of the former owners, how many have been gone through, 0 to 1. */
  readonly share: number;
  /** Estimated from the pace so far; undefined before there is one. */
  readonly leftMs: number | undefined;
}

/** What became of one key: bytes copied (0 if it had only to be deleted), or `undefined` if it must be tried again later. */
export type Transfer = (from: CacheNode, wireKey: string) => Promise<number | undefined>;

export interface MigrationParts {
  readonly clock: Clock;
  readonly prefix: string;
  readonly keysPerSecond: number;
  /** Whether this node owns the key no more. */
  readonly hasMoved: (from: CacheNode, wireKey: string) => boolean;
  readonly transfer: Transfer;
  readonly onProgress: (progress: MigrationProgress) => void;
}

const CONCURRENCY = 64;
const PACE_MS = 20;

export class Migration {
  readonly #parts: MigrationParts;
  readonly #startedAt: number;
  #keys = 0;
  #bytes = 0;
  #nodesDone = 0;
  #isCancelled = false;
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;

  constructor(parts: MigrationParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  pause(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
    this.#paused = undefined;
    this.#resume = undefined;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.resume();
  }

  get keys(): number {
    return this.#keys;
  }

  /** Resolves with the nodes of which nothing that has moved is left; never rejects. */
  async run(nodes: readonly CacheNode[]): Promise<Set<CacheNode>> {
    const clean = new Set<CacheNode>();
    await Promise.all(
      nodes.map(async (node) => {
        if (await this.#empty(node).catch(() => false)) clean.add(node);
        this.#nodesDone++;
        this.#tell(nodes.length);
      }),
    );
    return clean;
  }

  async #empty(node: CacheNode): Promise<boolean> {
    const { connection } = node;
    if (connection === undefined || !node.driver.capabilities.enumeration) return false;
    const limit = pLimit(CONCURRENCY);
    let isComplete = true;
    for await (const wireKeys of connection.keys(this.#parts.prefix)) {
      const moved = wireKeys.filter((wireKey) => this.#parts.hasMoved(node, wireKey));
      for (let from = 0; from < moved.length; from += CONCURRENCY) {
        await this.#pace();
        if (this.#isCancelled) return false;
        const results = await Promise.all(
          moved.slice(from, from + CONCURRENCY).map((wireKey) => limit(() => this.#parts.transfer(node, wireKey))),
        );
        for (const bytes of results) {
          if (bytes === undefined) isComplete = false;
          else {
            this.#keys++;
            this.#bytes += bytes;
          }
        }
      }
      this.#tell(undefined);
    }
    return isComplete;
  }

  /** Waits while paused, and while ahead of the rate. */
  async #pace(): Promise<void> {
    await this.#paused;
    const { clock, keysPerSecond } = this.#parts;
    while (!this.#isCancelled && this.#keys > ((clock.now() - this.#startedAt) / 1_000) * keysPerSecond + CONCURRENCY)
      await new Promise<void>((resolve) => clock.setTimer(resolve, PACE_MS));
  }

  #tell(nodes: number | undefined): void {
    const share = nodes === undefined || nodes === 0 ? 0 : this.#nodesDone / nodes;
    const elapsedMs = this.#parts.clock.now() - this.#startedAt;
    const leftMs = share > 0 ? (elapsedMs / share) * (1 - share) : undefined;
    this.#parts.onProgress({ keys: this.#keys, bytes: this.#bytes, share, leftMs });
  }
}
