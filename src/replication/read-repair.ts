/**
 * Read repair: a copy found on one owner and missed on another is put back there, off the caller's path, by the steps and
 * under the guards of `Copying`. Counters are not repaired: two copies would count apart (rule R11).
 */

import pLimit from 'p-limit';
import type { CacheNode } from '../node/cache-node.js';
import type { Claim } from './claims.js';
import type { ReadContext } from './contexts.js';
import type { Copying, CopyJob } from './copying.js';

/** Repairs under way at once, and waiting: more are dropped, since the next read asks again. */
const CONCURRENCY = 8;
const MAX_WAITING = 1_000;

export class ReadRepair {
  readonly #context: ReadContext;
  readonly #copying: Copying;
  readonly #limit = pLimit(CONCURRENCY);
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(context: ReadContext, copying: Copying) {
    this.#context = context;
    this.#copying = copying;
  }

  request(key: string, hash: number, generation: number, from: CacheNode, missing: readonly CacheNode[]): void {
    if (this.#pending.size >= MAX_WAITING || this.#pending.has(key)) return;
    const repair = this.#limit(() => this.copy(key, hash, generation, from, missing));
    this.#pending.set(
      key,
      repair.finally(() => this.#pending.delete(key)),
    );
  }

  /** Resolves when what has been asked for so far is done; what is asked for meanwhile is not waited for. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending.values());
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
