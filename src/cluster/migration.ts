/**
 * Migration: carries what a hand-off left behind. It enumerates the former owners, copies every key that has moved to its
 * new owners and deletes it from the old one, within a rate, and tells how far it is.
 *
 * Nothing is deleted until every read that may have missed at a new owner before the copy was there has ended: it asks the
 * former owner next.
 *
 * It needs a namespace, since nothing outside it may be touched, and a driver that can enumerate. What could not be
 * carried over is tried again, pass by pass. A former owner that stays away is given up: what it still held stays an arc
 * debt.
 */

import type { Clock, Timer } from '../base/clock.js';
import type { CacheNode } from '../node/cache-node.js';

export interface MigrationProgress {
  readonly keys: number;
  readonly bytes: number;
  /** Of the former owners, how many have been gone through, 0 to 1. */
  readonly share: number;
  /** Estimated from the pace so far; undefined before there is one. */
  readonly leftMs: number | undefined;
}

/** Moves one key. */
export interface Transfer {
  /**
   * Bytes copied, 0 if there is nothing that its owners need, `undefined` if it must be tried again later, `never` if its
   * owners take no copies: then it stays where it is.
   */
  copy(from: CacheNode, wireKey: string): Promise<number | 'never' | undefined>;
  /** Deletes it from a former owner; whether that is done. */
  remove(from: CacheNode, wireKey: string): Promise<boolean>;
}

/** Keys that have been copied and not been deleted yet. */
interface Copied {
  readonly wireKeys: readonly string[];
  readonly at: number;
}

export interface MigrationParts {
  readonly clock: Clock;
  readonly prefix: string;
  readonly keysPerSecond: number;
  /** How long a call may take: what began before the change, or before a key was copied, has ended then. */
  readonly graceMs: number;
  /** Whether this node owns the key no more. */
  readonly hasMoved: (from: CacheNode, wireKey: string) => boolean;
  /** Passes in a row that bring nothing, after which it gives up. @default none: whoever began it ends it */
  readonly patience?: number;
  readonly transfer: Transfer;
  readonly onProgress: (progress: MigrationProgress) => void;
}

/** Keys under way at once, for each former owner. */
const CONCURRENCY = 64;
/** Between two passes. */
const AGAIN_MS = 1_000;

export class Migration {
  readonly #parts: MigrationParts;
  readonly #startedAt: number;
  readonly #sleepers = new Map<() => void, Timer>();
  /** Former owners that keep what cannot be carried over. */
  readonly #keepers = new Set<CacheNode>();
  #keys = 0;
  #bytes = 0;
  /** Keys asked for so far are paid for until then. */
  #freeAt = 0;
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
    for (const [wake, timer] of this.#sleepers) {
      timer.cancel();
      wake();
    }
    this.#sleepers.clear();
  }

  get keys(): number {
    return this.#keys;
  }

  /** Resolves with the nodes of which nothing that has moved is left, once there is nothing more to try; never rejects. */
  async run(nodes: readonly CacheNode[]): Promise<Set<CacheNode>> {
    const clean = new Set<CacheNode>();
    await this.#sleep(this.#parts.graceMs);
    const tell = (): void => this.#tell(clean.size / Math.max(1, nodes.length));
    const { patience = Number.POSITIVE_INFINITY } = this.#parts;
    let fruitless = 0;
    for (let away = new Set<CacheNode>(); !this.#isCancelled; ) {
      const rest = nodes.filter((node) => !clean.has(node));
      const before = this.#bytes;
      await Promise.all(
        rest.map(async (node) => {
          if (await this.#empty(node, tell).catch(() => false)) clean.add(node);
          tell();
        }),
      );
      const left = rest.filter((node) => !clean.has(node) && !this.#keepers.has(node) && canEnumerate(node));
      // A lost connection is soon replaced: only who is away twice is given up.
      if (left.every((node) => away.has(node) && !node.isConnected)) break;
      fruitless = this.#bytes > before ? 0 : fruitless + 1;
      if (fruitless >= patience) break;
      away = new Set(left.filter((node) => !node.isConnected));
      await this.#sleep(AGAIN_MS);
    }
    return clean;
  }

  async #empty(node: CacheNode, tell: () => void): Promise<boolean> {
    const { clock, prefix, graceMs, hasMoved, transfer } = this.#parts;
    if (!node.isConnected || !canEnumerate(node)) return false;
    let isComplete = true;
    let keeps = false;
    const copied: Copied[] = [];
    for await (const wireKeys of node.keys(prefix)) {
      const moved = wireKeys.filter((wireKey) => hasMoved(node, wireKey));
      for (let from = 0; from < moved.length; from += CONCURRENCY) {
        const chunk = moved.slice(from, from + CONCURRENCY);
        await this.#pace(chunk.length);
        if (this.#isCancelled) return false;
        const bytes = await Promise.all(chunk.map((wireKey) => transfer.copy(node, wireKey)));
        const done = chunk.filter((_, i) => typeof bytes[i] === 'number');
        if (bytes.includes(undefined)) isComplete = false;
        if (bytes.includes('never')) keeps = true;
        for (const each of bytes) this.#bytes += typeof each === 'number' ? each : 0;
        copied.push({ wireKeys: done, at: clock.now() });
        if (!(await this.#remove(node, copied, clock.now() - graceMs))) isComplete = false;
      }
      if (wireKeys.length > 0) tell();
    }
    const last = copied.at(-1);
    if (last !== undefined) {
      await this.#sleep(last.at + graceMs - clock.now());
      if (!(await this.#remove(node, copied, last.at))) isComplete = false;
    }
    if (isComplete && keeps) this.#keepers.add(node);
    return isComplete && !keeps && !this.#isCancelled;
  }

  /** Deletes what was copied up to `until`; whether all of it is gone. */
  async #remove(node: CacheNode, copied: Copied[], until: number): Promise<boolean> {
    let isComplete = true;
    while (copied[0] !== undefined && copied[0].at <= until) {
      if (this.#isCancelled) return false;
      const { wireKeys } = copied.shift() as Copied;
      const removed = await Promise.all(wireKeys.map((wireKey) => this.#parts.transfer.remove(node, wireKey)));
      const count = removed.filter(Boolean).length;
      this.#keys += count;
      if (count < wireKeys.length) isComplete = false;
    }
    return isComplete;
  }

  /** Waits while paused, and until so many more keys are within the rate; time spent waiting is not saved up. */
  async #pace(keys: number): Promise<void> {
    const { clock, keysPerSecond } = this.#parts;
    while (!this.#isCancelled) {
      if (this.#paused !== undefined) await this.#paused;
      else if (this.#freeAt > clock.now()) await this.#sleep(this.#freeAt - clock.now());
      else break;
    }
    this.#freeAt = Math.max(this.#freeAt, clock.now()) + (keys * 1_000) / keysPerSecond;
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#isCancelled || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#parts.clock.setTimer(() => {
        this.#sleepers.delete(resolve);
        resolve();
      }, ms);
      this.#sleepers.set(resolve, timer);
    });
  }

  #tell(share: number): void {
    if (this.#isCancelled) return;
    const elapsedMs = this.#parts.clock.now() - this.#startedAt;
    const leftMs = share > 0 ? (elapsedMs / share) * (1 - share) : undefined;
    this.#parts.onProgress({ keys: this.#keys, bytes: this.#bytes, share, leftMs });
  }
}

function canEnumerate(node: CacheNode): boolean {
  return node.driver.capabilities.enumeration;
}
