/**
 * One key set or deleted on all its owners.
 *
 * From the moment it is issued no older copy counts here: the ledger's floor rises before anything is sent. Each owner
 * then either confirms, which makes its copy count again, or is owed an invalidation. A late answer still confirms; a
 * connection that died with the write on it is owed separately, because a stopped server may execute it yet.
 */

import type { Topology } from '../cluster/topology.js';
import { CacheError, faultOf } from '../errors.js';
import type { Attempt, AttemptOrigin, AttemptSink } from '../node/attempts.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import type { WriteContext } from './contexts.js';
import { confirmationsNeeded, type WritePolicy } from './write-policy.js';

export interface WriteCall {
  readonly topology: Topology;
  readonly key: string;
  readonly totalMs: number;
  readonly lane: Lane;
  readonly policy: WritePolicy;
  /** Whether a write that too few owners confirmed is an error even where the cache answers it by `false`. */
  readonly isStrict: boolean;
}

export class KeyWrite implements AttemptSink<boolean> {
  readonly #context: WriteContext;
  readonly #call: WriteCall;
  readonly #place: number;
  readonly #hash: number;
  readonly #stamp: number;
  /** The bytes to store; `undefined` deletes. */
  readonly #bytes: Buffer | undefined;
  readonly #ttlMs: number;
  readonly #resolve: (done: boolean) => void;
  readonly #reject: (error: CacheError) => void;
  #generation = 0;
  #startedAt = 0;
  #attempts = 1;
  #needed = 0;
  #open = 0;
  #confirmed = 0;
  #isSettled = false;
  #error: CacheError | undefined = undefined;

  constructor(
    context: WriteContext,
    call: WriteCall,
    stamp: number,
    bytes: Buffer | undefined,
    ttlMs: number,
    resolve: (done: boolean) => void,
    reject: (error: CacheError) => void,
  ) {
    this.#context = context;
    this.#call = call;
    this.#stamp = stamp;
    this.#bytes = bytes;
    this.#ttlMs = ttlMs;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#place = call.topology.placement.hash(call.key);
    this.#hash = context.ledgerHash(call.key, this.#place);
  }

  begin(): void {
    const { key, topology, policy } = this.#call;
    const context = this.#context;
    context.forget(key, this.#hash);
    this.#generation = context.generations.snapshot(this.#hash);
    const owners = topology.owners(this.#place, key);
    context.ledger.issue(this.#hash, key, this.#stamp, owners);
    this.#needed = confirmationsNeeded(policy, owners.length);
    this.#open = owners.length;
    for (const owner of owners) this.#send(owner, Math.min(context.attemptMs, this.#call.totalMs));
  }

  answered(attempt: Attempt<boolean>): void {
    const { ledger } = this.#context;
    this.#open--;
    // An owner that got a delete in place of a value too large for it confirms nothing of the value.
    if (this.#bytes !== undefined && attempt.kind === 'delete') {
      ledger.owe(this.#hash, this.#call.key, attempt.node.slot, this.#stamp);
      this.#settle();
      return;
    }
    ledger.confirm(this.#hash, this.#call.key, this.#stamp, attempt.node.slot);
    this.#confirmed++;
    this.#settle();
  }

  failed(attempt: Attempt<boolean>, error: CacheError): void {
    this.#owe(attempt, error);
    this.#error = error;
    const context = this.#context;
    this.#startedAt ||= attempt.startedAt || Math.floor(context.clock.now());
    const leftMs = this.#startedAt + this.#call.totalMs - context.clock.now();
    if (leftMs > 0 && context.retries.mayRetry(error, this.#attempts)) {
      const attempts = this.#attempts++;
      context.retries.later(attempts, leftMs, () => this.#again(attempt.node as CacheNode, error));
      return;
    }
    this.#open--;
    this.#settle();
  }

  answeredLate(attempt: Attempt<boolean>): void {
    if (this.#bytes === undefined || attempt.kind === 'store')
      this.#context.ledger.confirm(this.#hash, this.#call.key, this.#stamp, attempt.node.slot);
  }

  failedLate(attempt: Attempt<boolean>, error: CacheError): void {
    this.#owe(attempt, error);
  }

  /** Rule R1: a retry never follows a newer write of the key. */
  #again(node: CacheNode, error: CacheError): void {
    const context = this.#context;
    const leftMs = this.#startedAt + this.#call.totalMs - context.clock.now();
    if (leftMs > 0 && context.generations.isCurrent(this.#hash, this.#generation))
      this.#send(node, Math.min(context.attemptMs, leftMs));
    else {
      this.#error = error;
      this.#open--;
      this.#settle();
    }
  }

  #send(node: CacheNode, timeoutMs: number): void {
    const { key, lane } = this.#call;
    const bytes = this.#bytes;
    const origin: AttemptOrigin<boolean> = { key, hash: this.#hash, timeoutMs, sink: this };
    if (bytes === undefined) {
      node.delete(origin, lane);
      return;
    }
    const limit = node.connection?.maxValueBytes;
    if (limit !== undefined && bytes.length > limit) {
      // The value cannot live there, and what lives there now must not outlive it.
      this.#error = new CacheError(
        'ERR_VALUE_TOO_LARGE',
        `a value of ${bytes.length} bytes exceeds the ${limit} that node ${node.name} takes`,
        { node: node.name, key },
      );
      node.delete(origin, lane);
      return;
    }
    const isLarge = bytes.length > this.#context.largeValueBytes && lane === 'interactive';
    node.store(origin, isLarge ? 'bulk' : lane, 'set', bytes, this.#ttlMs);
  }

  #owe(attempt: Attempt<boolean>, error: CacheError): void {
    const { ledger } = this.#context;
    const node = attempt.node as CacheNode;
    ledger.owe(this.#hash, this.#call.key, node.slot, this.#stamp);
    if (attempt.sentOn !== undefined && faultOf(error) === 'link' && error.code !== 'ERR_TIMEOUT')
      ledger.abandon(node.slot, attempt.sentOn, [{ hash: this.#hash, key: this.#call.key }]);
    this.#context.owed(node);
  }

  #settle(): void {
    if (this.#isSettled) return;
    if (this.#confirmed >= this.#needed) {
      this.#isSettled = true;
      this.#resolve(true);
    } else if (this.#confirmed + this.#open < this.#needed) {
      this.#isSettled = true;
      this.#refuse(this.#error ?? new CacheError('ERR_UNAVAILABLE', 'the key has no owner'));
    }
  }

  #refuse(error: CacheError): void {
    const { key } = this.#call;
    if (error.code === 'ERR_VALUE_TOO_LARGE') this.#reject(error);
    else {
      this.#context.unconfirmed(key, error);
      if (this.#context.degrades && !this.#call.isStrict) this.#resolve(false);
      else {
        const message = `${this.#confirmed} of ${this.#needed} owners confirmed the write: ${error.message}`;
        const code = this.#confirmed > 0 || faultOf(error) === 'link' ? 'ERR_INDETERMINATE' : 'ERR_UNAVAILABLE';
        this.#reject(new CacheError(code, message, { node: error.node, key, cause: error }));
      }
    }
  }
}
