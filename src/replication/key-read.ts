/**
 * One key read from its owners: the preferred one first, the next on failure, and on a miss too where copies exist, all
 * within one deadline.
 *
 * Every answer is judged before it counts: bytes that are no value of ours are a miss (decoding happens out here, beyond
 * every guard, so a corrupt value never counts against a node), and so is a copy that the ledger cannot show to be at
 * least as new as the last write of this process.
 */

import { secondHash } from '../base/string-hash.js';
import type { Topology } from '../cluster/topology.js';
import { CORRUPT } from '../codec/transcoder.js';
import { clientIdAt, stampAt } from '../envelope.js';
import { CacheError } from '../errors.js';
import type { GetAttempt, GetSink } from '../node/attempts.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import { OwnerWalk } from '../routing/owner-walk.js';
import type { ReadContext } from './contexts.js';

/** What the ledger takes for a copy without a stamp. */
const NO_STAMP = -1;

export class KeyRead implements GetSink {
  readonly #context: ReadContext;
  readonly #topology: Topology;
  readonly #key: string;
  readonly #place: number;
  readonly #hash: number;
  readonly #totalMs: number;
  readonly #lane: Lane;
  /** Whether failure is an error even where the cache answers it by a miss. */
  readonly #isStrict: boolean;
  readonly #generation: number;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: CacheError) => void;
  #walk: OwnerWalk | undefined = undefined;
  #missedAt: CacheNode[] | undefined = undefined;
  #startedAt = 0;
  #attempts = 0;

  constructor(
    context: ReadContext,
    topology: Topology,
    key: string,
    totalMs: number,
    lane: Lane,
    isStrict: boolean,
    resolve: (value: unknown) => void,
    reject: (error: CacheError) => void,
  ) {
    this.#context = context;
    this.#topology = topology;
    this.#key = key;
    this.#totalMs = totalMs;
    this.#lane = lane;
    this.#isStrict = isStrict;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#place = topology.placement.hash(key);
    this.#hash = context.ledgerHash(key, this.#place);
    this.#generation = context.generations.snapshot(this.#hash);
  }

  begin(): void {
    if (this.#context.preference === 'primary') {
      const first = this.#topology.primary(this.#place, this.#key);
      if (first.isServing && this.#mayAsk(first)) {
        this.#ask(first, Math.min(this.#context.attemptMs, this.#totalMs));
        return;
      }
    }
    this.#startedAt = Math.floor(this.#context.clock.now());
    this.#walkOn(undefined);
  }

  hit(attempt: GetAttempt, bytes: Buffer, start: number, end: number): void {
    const context = this.#context;
    const { values, ledger } = context;
    const node = attempt.node as CacheNode;
    const verdict = values.check(bytes, start, end, secondHash(this.#key), node.keepsTime ? 0 : context.calendar.now());
    if (verdict !== 'ok' && verdict !== 'digits') {
      context.rejected(node, this.#hash, verdict);
      this.missed(attempt);
      return;
    }
    if (!ledger.isQuiet) {
      const isStamped = verdict === 'ok' && values.isEnveloped;
      const stamp = isStamped ? stampAt(bytes, start) : NO_STAMP;
      const client = isStamped ? clientIdAt(bytes, start) : 0;
      if (!ledger.trusts(node.slot, this.#hash, this.#key, stamp, client, this.#place)) {
        context.counters.distrusted++;
        this.missed(attempt);
        return;
      }
    }
    const kept = values.keep(bytes, start, end);
    const value = kept === CORRUPT ? CORRUPT : values.restore(this.#key, kept);
    if (kept === CORRUPT || value === CORRUPT) {
      context.rejected(node, this.#hash, 'corrupt');
      this.missed(attempt);
      return;
    }
    node.hits++;
    context.fill(this.#key, this.#hash, this.#generation, kept);
    if (this.#missedAt !== undefined) context.repair(this.#key, this.#hash, this.#generation, node, this.#missedAt);
    this.#resolve(value);
  }

  missed(attempt: GetAttempt): void {
    const node = attempt.node as CacheNode;
    node.misses++;
    if (this.#topology.replication === 1 || !this.#context.asksNextOnMiss) {
      this.#resolve(undefined);
      return;
    }
    this.#missedAt ??= [];
    this.#missedAt.push(node);
    this.#startedAt ||= attempt.startedAt;
    this.#walkOn(undefined, node);
  }

  failed(attempt: GetAttempt, error: CacheError): void {
    this.#startedAt ||= attempt.startedAt || Math.floor(this.#context.clock.now());
    this.#walkOn(error, attempt.node as CacheNode);
  }

  /** Raw copies say nothing of their age: a node that may hold an older one is not worth asking. */
  #mayAsk(node: CacheNode): boolean {
    const { ledger, values } = this.#context;
    return ledger.isQuiet || values.isEnveloped || ledger.isDistrusted(node.slot, this.#hash, this.#key) === 'no';
  }

  #ask(node: CacheNode, timeoutMs: number): void {
    this.#attempts++;
    node.get(this.#key, this.#hash, timeoutMs, this.#lane, this);
  }

  #walkOn(error: CacheError | undefined, asked?: CacheNode): void {
    const context = this.#context;
    let walk = this.#walk;
    if (walk === undefined) {
      const owners = this.#topology.owners(this.#place, this.#key);
      walk = this.#walk = new OwnerWalk(owners, context.preference, context.counters.walks++);
      for (const owner of owners) if (!this.#mayAsk(owner)) walk.leaveOut(owner);
    }
    if (asked !== undefined) walk.leaveOut(asked);
    const leftMs = this.#startedAt + this.#totalMs - context.clock.now();
    const node = leftMs > 0 ? walk.next() : undefined;
    if (node !== undefined) {
      this.#ask(node, Math.min(context.attemptMs, leftMs));
      return;
    }
    // One owner that answers "nothing trustworthy here" settles it; failures of the others do not make it less true.
    if (this.#missedAt !== undefined || error === undefined) this.#resolve(undefined);
    else if (leftMs > 0 && context.retries.mayRetry(error, this.#attempts)) {
      this.#walk = undefined;
      context.retries.later(this.#attempts, leftMs, () => this.#walkOn(error));
    } else this.#giveUp(error);
  }

  #giveUp(error: CacheError): void {
    const context = this.#context;
    const remembered = context.fallbackValue(this.#key, error);
    if (remembered !== undefined) this.#resolve(remembered.value);
    else if (context.degrades && !this.#isStrict) this.#resolve(undefined);
    else {
      const code = error.code === 'ERR_TIMEOUT' ? 'ERR_TIMEOUT' : 'ERR_UNAVAILABLE';
      this.#reject(
        new CacheError(code, `no owner of the key answered: ${error.message}`, {
          node: error.node,
          key: this.#key,
          cause: error,
        }),
      );
    }
  }
}
