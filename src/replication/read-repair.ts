/**
 * Read repair: a copy found on one owner and missed on another is put back there, off the caller's path, by the steps and
 * under the guards of `Copying`. Counters are not repaired: two copies would count apart (rule R11).
 *
 * A bare value found on one owner and missed on another may be an old one: its delete by another process has got to one of
 * them only, or its successor has not got to this one and is gone from the other. Put back, it would stay, and tell nobody
 * how old it is; the other process trusts what its owner had confirmed. So a bare value is copied from owner to owner only
 * after a while, in which a write gets to all owners or, where it failed, its debt is mostly paid. Meanwhile reads find the
 * value where it is.
 */

import pLimit from 'p-limit';
import type { Timer } from '../base/clock.js';
import type { Topology } from '../cluster/topology.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Claim } from './claims.js';
import type { ReadContext } from './contexts.js';
import type { Copying, CopyJob } from './copying.js';

/** Repairs under way at once, and waiting: more are dropped, since the next read asks again. */
const CONCURRENCY = 8;
const MAX_WAITING = 1_000;
/** How long bare values are held back, and how many at most. */
const HOLD_MS = 5_000;
const MAX_HELD = 10_000;

/** A repair of a bare value, held back. */
interface Held {
  readonly dueAt: number;
  readonly hash: number;
  readonly from: CacheNode;
  readonly missing: readonly CacheNode[];
}

export class ReadRepair {
  readonly #context: ReadContext;
  readonly #copying: Copying;
  readonly #topology: () => Topology;
  readonly #limit = pLimit(CONCURRENCY);
  readonly #pending = new Map<string, Promise<unknown>>();
  /** Bare values that wait. All for as long, so the first is due first. */
  readonly #held = new Map<string, Held>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(context: ReadContext, copying: Copying, topology: () => Topology) {
    this.#context = context;
    this.#copying = copying;
    this.#topology = topology;
  }

  request(key: string, hash: number, generation: number, from: CacheNode, missing: readonly CacheNode[]): void {
    if (this.#pending.size >= MAX_WAITING || this.#pending.has(key) || this.#isStopped) return;
    const { values, clock, attemptMs, disabledRules } = this.#context;
    // A former owner is asked within a budget, and not for long: there the copy is worth more than the doubt.
    const isHeld = !values.isEnveloped && !disabledRules.has('R9') && !disabledRules.has('R9-hold');
    if (!isHeld || !this.#topology().isOwner(from, key)) {
      this.#held.delete(key);
      this.#begin(key, hash, generation, from, missing);
      return;
    }
    if (this.#held.size >= MAX_HELD || this.#held.has(key)) return;
    this.#held.set(key, { dueAt: clock.now() + Math.max(HOLD_MS, attemptMs), hash, from, missing });
    this.#schedule();
  }

  /** Resolves when what has been asked for so far is done, but for what is held back; what is asked for meanwhile is not waited for. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending.values());
  }

  /** What is held back is dropped, and nothing more is begun. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#held.clear();
  }

  #begin(key: string, hash: number, generation: number, from: CacheNode, missing: readonly CacheNode[]): void {
    const repair = this.#limit(() => this.copy(key, hash, generation, from, missing));
    this.#pending.set(
      key,
      repair.finally(() => this.#pending.delete(key)),
    );
  }

  #schedule(): void {
    const [next] = this.#held.values();
    if (this.#timer !== undefined || next === undefined) return;
    const { clock } = this.#context;
    const release = (): void => {
      this.#timer = undefined;
      this.#release(clock.now());
      this.#schedule();
    };
    this.#timer = clock.setTimer(release, Math.max(1, next.dueAt - clock.now()));
  }

  #release(now: number): void {
    const topology = this.#topology();
    for (const [key, { dueAt, hash, from, missing }] of this.#held) {
      if (dueAt > now) break;
      this.#held.delete(key);
      // The ring may have changed: what is copied to a node that owns the key no more would be left there.
      const owners = missing.filter((node) => topology.isOwner(node, key));
      this.#begin(key, hash, this.#context.generations.snapshot(hash), from, owners);
    }
  }

  /**
   * Copies the entry that `from` holds to the nodes that miss it, with its remaining time to live. Answers the bytes of the
   * entry; 0 if none is missed, or there is none that counts; `undefined` if it must be tried again; `never` if one of the
   * nodes takes no copies, or the entry is a counter or none of ours: then it stays where it is.
   */
  async copy(
    key: string,
    hash: number,
    generation: number,
    from: CacheNode,
    missing: readonly CacheNode[],
  ): Promise<number | 'never' | undefined> {
    if (!from.isServing) return undefined;
    const { attemptMs: timeoutMs } = this.#context;
    const job: CopyJob = { key, hash, generation, timeoutMs, lane: 'background' };
    const answers = await Promise.all(missing.map((node) => this.#copying.claim(node, job)));
    const claims = answers.filter((answer): answer is Claim => typeof answer !== 'string');
    const isLater = answers.includes('held') || answers.includes('failed');
    const otherwise = isLater ? undefined : answers.includes('never') ? 'never' : 0;
    if (claims.length === 0) return otherwise;
    const source = await this.#copying.look(job, from);
    if (typeof source === 'string' || source.isCounter) {
      for (const each of claims) this.#copying.keep(each, job);
      if (source === 'unanswered' || source === 'overtaken') return undefined;
      return source === 'nothing' ? 0 : 'never';
    }
    const stored = await Promise.all(claims.map((each) => this.#copying.store(each, job, source)));
    if (stored.includes('lost')) return undefined;
    return otherwise === 0 ? source.bytes.length : otherwise;
  }
}
