/**
 * Writes whose outcome depends on what is stored: add, replace, compareAndSet, increment, decrement.
 *
 * The first owner alone decides; the other owners then follow it (a value) or forget (a counter, which must never be
 * copied). Nothing is ever resent. `false` means that the condition did not hold and nothing else; whoever cannot be told
 * gets `ERR_UNAVAILABLE` (nothing was sent) or `ERR_INDETERMINATE` (it may have happened).
 *
 * The condition must not build on a copy that does not count (rule R8): a distrusted copy is deleted first, on the same
 * ordered connection; while an abandoned connection may still write the key, nobody can tell.
 */

import type { Topology } from '../cluster/topology.js';
import type { StoreMode, Words } from '../driver/driver.js';
import { CacheError, faultOf, NodeError } from '../errors.js';
import type { AttemptOrigin } from '../node/attempts.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import type { WriteContext } from './contexts.js';
import { deleteFormerCopies } from './former-copies.js';
import { toldLife } from './life.js';
import { type Failure, type Outcome, promised } from './promised-attempt.js';
import { lifeOn } from './stand-in.js';

/** Submits one operation to a node. */
type Submit<T> = (node: CacheNode, origin: AttemptOrigin<T>, lane: Lane) => void;

export interface ConditionalCall {
  readonly topology: Topology;
  readonly key: string;
  readonly totalMs: number;
  readonly lane: Lane;
  /** What the first owner holds was found or put there under a claim just now: it counts, whatever is known against the node. */
  readonly isVerified: boolean;
}

function isDone(result: unknown): boolean {
  return result !== false && result !== undefined;
}

/** Never sent: the last write of the key decides what the owner holds. */
const OVERTAKEN: Failure = {
  error: new CacheError('ERR_INDETERMINATE', 'a newer write was issued'),
  sentOn: undefined,
};

export class ConditionalWrite {
  readonly #context: WriteContext;
  readonly #call: ConditionalCall;
  readonly #place: number;
  readonly #hash: number;
  readonly #owners: readonly CacheNode[];
  readonly #stamp: number;
  readonly #deadline: number;
  /** Another write of the key was issued before this one was decided. */
  #isOvertaken = false;
  #decidedAt = 0;

  constructor(context: WriteContext, call: ConditionalCall, stamp: number) {
    this.#context = context;
    this.#call = call;
    this.#place = call.topology.placement.hash(call.key);
    this.#hash = context.ledgerHash(call.key, this.#place);
    this.#owners = call.topology.owners(this.#place, call.key);
    this.#stamp = stamp;
    this.#deadline = context.clock.now() + call.totalMs;
  }

  /** Where the condition is decided. */
  get primary(): CacheNode {
    return this.#owners[0] as CacheNode;
  }

  /** @throws CacheError if the first owner cannot answer, or refuses the value. */
  async store(mode: Exclude<StoreMode, 'set'>, bytes: Buffer, ttlMs: number, token?: string): Promise<boolean> {
    const limit = this.primary.connection?.maxValueBytes;
    if (limit !== undefined && bytes.length > limit)
      throw new CacheError(
        'ERR_VALUE_TOO_LARGE',
        `a value of ${bytes.length} bytes exceeds the ${limit} that node ${this.primary.name} takes`,
        { node: this.primary.name, key: this.#call.key },
      );
    const life = (node: CacheNode): number =>
      toldLife(node, bytes, this.#context.values.isEnveloped, this.#lifeOn(node, ttlMs));
    const stored = await this.#decide<boolean>((node, origin, lane) =>
      node.store(origin, lane, mode, bytes, life(node), token),
    );
    if (stored) await this.#follow((node, origin, lane) => node.store(origin, lane, 'set', bytes, life(node)));
    return stored;
  }

  /** @throws CacheError if the first owner cannot answer, or the entry is no counter. */
  async count(delta: number, initial: number | undefined, ttlMs: number): Promise<number | undefined> {
    const value = await this.#decide<number | undefined>((node, origin, lane) =>
      node.count(origin, lane, delta, initial, this.#lifeOn(node, ttlMs)),
    );
    if (value !== undefined) await this.#follow((node, origin, lane) => node.delete(origin, lane));
    return value;
  }

  /**
   * Sends a command of the node's own protocol; whether by its reply it `took` effect. For keys of one owner: nobody follows.
   *
   * @throws CacheError if the owner cannot answer, or refuses.
   */
  async command(words: Words, took: (reply: unknown) => boolean): Promise<boolean> {
    const send: Submit<unknown> = (node, origin, lane) => node.raw(origin, lane, words, { isOfOneKey: true });
    return took(await this.#decide(send, took));
  }

  async #decide<T>(submit: Submit<T>, took: (result: T) => boolean = isDone): Promise<T> {
    const { ledger, generations } = this.#context;
    const { key } = this.#call;
    const node = this.primary;
    this.#context.forget(key, this.#hash, 'condition');
    const generation = generations.snapshot(this.#hash);
    const isExempt = ledger.isQuiet || this.#call.isVerified || this.#context.disabledRules.has('R8');
    const distrust = isExempt ? 'no' : ledger.isDistrusted(node.slot, this.#hash, key, this.#place);
    if (distrust === 'connection')
      throw new CacheError(
        'ERR_INDETERMINATE',
        `an abandoned connection may still write the key on node ${node.name}`,
        { node: node.name, key },
      );
    const payment = distrust === 'no' ? undefined : ledger.paymentFor(node.slot, this.#hash, key);
    // Same key, same node: the two keep their order without waiting for each other.
    const cleared =
      distrust === 'no' ? undefined : this.#ask<boolean>(node, (to, origin, lane) => to.delete(origin, lane));
    const outcome = await this.#ask(node, submit);
    const clearing = await cleared;
    if (outcome.failure !== undefined) throw this.#undecided(node, outcome.failure);
    if (clearing?.failure !== undefined) throw this.#undecided(node, clearing.failure);
    if (payment !== undefined) ledger.paid(payment);
    if (took(outcome.result)) {
      this.#isOvertaken = !generations.isCurrent(this.#hash, generation);
      this.#context.forget(key, this.#hash, 'condition');
      this.#decidedAt = generations.snapshot(this.#hash);
      this.#issue();
      ledger.confirm(this.#hash, key, this.#stamp, node.slot);
    }
    return outcome.result;
  }

  /** It happened, or may have: older copies do not count, nor do those of nodes that hold the key without owning it now. */
  #issue(): void {
    const { ledger, owed, values, attemptMs } = this.#context;
    const { key, topology, lane } = this.#call;
    ledger.issue(this.#hash, key, this.#stamp, this.#owners);
    for (const node of topology.bystanders(this.#place, key, this.#owners)) {
      ledger.owe(this.#hash, key, node.slot, this.#stamp);
      owed(node);
    }
    if (values.isEnveloped || topology.previous === undefined) return;
    const former = topology.formerOwners(this.#place, key, this.#owners);
    deleteFormerCopies(this.#context, key, this.#hash, former, lane, attemptMs);
  }

  /** The other owners store what the first one did, or are owed it: a newer write that reached them first must stand. */
  async #follow(submit: Submit<boolean>): Promise<void> {
    const { ledger, generations } = this.#context;
    const { key } = this.#call;
    // Steps have passed since the decision, and a caller may have written in one of them.
    const isOvertaken = this.#isOvertaken || !generations.isCurrent(this.#hash, this.#decidedAt);
    await Promise.all(
      this.#owners.slice(1).map(async (node) => {
        if (isOvertaken) {
          this.#owe(node, OVERTAKEN);
          return;
        }
        const outcome = await this.#ask(node, submit);
        if (outcome.failure === undefined) ledger.confirm(this.#hash, key, this.#stamp, node.slot);
        else this.#owe(node, outcome.failure);
      }),
    );
  }

  #lifeOn(node: CacheNode, ttlMs: number): number {
    return lifeOn(this.#context, this.#call.topology, node, this.#place, this.#call.key, ttlMs);
  }

  #ask<T>(node: CacheNode, submit: Submit<T>): Promise<Outcome<T>> {
    const { clock } = this.#context;
    const { key, lane } = this.#call;
    const timeoutMs = Math.max(1, Math.min(node.attemptMs[lane], this.#deadline - clock.now()));
    return promised<T>(
      { key, hash: this.#hash, timeoutMs },
      (origin) => submit(node, origin, lane),
      (end) => {
        if (end.failure !== undefined) this.#owe(node, end.failure);
      },
    );
  }

  #undecided(node: CacheNode, failure: Failure): CacheError {
    const { error, sentOn } = failure;
    const { key } = this.#call;
    if (error.code === 'ERR_VALUE_TOO_LARGE') return error;
    if (error instanceof NodeError && faultOf(error) === 'caller') return error;
    if (sentOn === undefined || faultOf(error) === 'node')
      return new CacheError('ERR_UNAVAILABLE', `the owner of the key cannot answer: ${error.message}`, {
        node: node.name,
        key,
        cause: error,
      });
    // It may have happened: what was there before no longer counts.
    this.#context.forget(key, this.#hash, 'condition');
    this.#issue();
    this.#owe(node, failure);
    for (const replica of this.#owners.slice(1)) this.#owe(replica, { error, sentOn: undefined });
    return new CacheError('ERR_INDETERMINATE', `it is not known whether the write took place: ${error.message}`, {
      node: node.name,
      key,
      cause: error,
    });
  }

  #owe(node: CacheNode, { error, sentOn }: Failure): void {
    const { ledger } = this.#context;
    const { key } = this.#call;
    ledger.owe(this.#hash, key, node.slot, this.#stamp);
    if (sentOn !== undefined && faultOf(error) === 'link' && error.code !== 'ERR_TIMEOUT')
      ledger.abandon(node.slot, sentOn, [{ hash: this.#hash, key }]);
    this.#context.owed(node);
  }
}
