/**
 * One key set or deleted on all its owners.
 *
 * From the moment it is issued no older copy counts here: the ledger's floor rises before anything is sent. Each owner
 * then either confirms, which makes its copy count again, or is owed an invalidation. A late answer still confirms; a
 * connection that died with the write on it is owed separately, because a stopped server may execute it yet.
 */

import type { Topology } from '../cluster/topology.js';
import type { Encoded } from '../codec/encoded.js';
import { CacheError, faultOf } from '../errors.js';
import type { Attempt, AttemptOrigin, AttemptSink } from '../node/attempts.js';
import type { CacheNode } from '../node/cache-node.js';
import type { Lane } from '../node/lane.js';
import type { WriteContext } from './contexts.js';
import { deleteFormerCopies } from './former-copies.js';
import { toldLife } from './life.js';
import { oweWrite } from './owe-write.js';
import { lifeOn } from './stand-in.js';
import { unconfirmedError } from './unconfirmed.js';
import { confirmationsNeeded, type WritePolicy } from './write-policy.js';

/** How one write may go. */
export interface WriteCall {
  readonly totalMs: number;
  readonly lane: Lane;
  readonly policy: WritePolicy;
}

/** The origin and the sink of its own attempts at once: an object less for every write in flight. */
export class KeyWrite implements AttemptSink<boolean>, AttemptOrigin<boolean> {
  private readonly context: WriteContext;
  private readonly topology: Topology;
  readonly key: string;
  private readonly call: WriteCall;
  /** Whether a write that too few owners confirmed is an error even where the cache answers it by `false`. */
  private readonly isStrict: boolean;
  private readonly stamp: number;
  /** What to store; `undefined` deletes. */
  private readonly bytes: Encoded | undefined;
  private readonly ttlMs: number;
  private readonly resolve: (done: boolean, isFound: boolean) => void;
  private readonly reject: (error: CacheError) => void;
  private readonly place: number;
  readonly hash: number;
  /** Of the attempt that is being made. */
  timeoutMs = 0;
  private readonly generation: number;
  private startedAt = 0;
  private attempts = 1;
  private needed = 0;
  private open = 0;
  private confirmed = 0;
  private isFound = false;
  private isSettled = false;
  /** An owner was sent the write, and nobody knows what it made of it. */
  private mayBeHeld = false;
  private error: CacheError | undefined = undefined;

  /** Issues the write at once; or goes on, from its failure, with one that was issued under `generation`. */
  constructor(
    context: WriteContext,
    topology: Topology,
    key: string,
    call: WriteCall,
    isStrict: boolean,
    stamp: number,
    bytes: Encoded | undefined,
    ttlMs: number,
    resolve: (done: boolean, isFound: boolean) => void,
    reject: (error: CacheError) => void,
    generation?: number,
  ) {
    this.context = context;
    this.topology = topology;
    this.key = key;
    this.call = call;
    this.isStrict = isStrict;
    this.stamp = stamp;
    this.bytes = bytes;
    this.ttlMs = ttlMs;
    this.resolve = resolve;
    this.reject = reject;
    this.place = topology.placement.hash(key);
    this.hash = context.ledgerHash(key, this.place);
    if (generation === undefined) context.forget(key, this.hash, bytes === undefined ? 'delete' : 'set');
    this.generation = generation ?? context.generations.snapshot(this.hash);
    const owners = topology.owners(this.place, key);
    this.needed = confirmationsNeeded(call.policy, owners.length);
    this.open = owners.length;
    if (generation !== undefined) return;
    context.ledger.issue(this.hash, key, stamp, owners);
    // Those that fail at once must not settle it before the others were asked.
    this.isSettled = true;
    for (const owner of owners) this.send(owner, call.totalMs);
    this.isSettled = false;
    if (this.open < owners.length) this.settle();
    if (topology.isMasked || topology.previous !== undefined) this.tellOthers(owners);
  }

  get sink(): this {
    return this;
  }

  answered(attempt: Attempt<boolean>, result: boolean): void {
    this.open--;
    this.isFound ||= result;
    this.context.ledger.confirm(this.hash, this.key, this.stamp, attempt.node.slot);
    // An owner that got a delete in place of a value too large for it holds nothing older, and does not have the value.
    if (this.bytes === undefined || attempt.kind === 'store') this.confirmed++;
    this.settle();
  }

  failed(attempt: Attempt<boolean>, error: CacheError): void {
    this.owe(attempt, error);
    this.error = error;
    if (attempt.sentOn !== undefined && faultOf(error) === 'link') this.mayBeHeld = true;
    const { context } = this;
    this.startedAt ||= attempt.startedAt || Math.floor(context.clock.now());
    const leftMs = this.startedAt + this.call.totalMs - context.clock.now();
    if (leftMs > 0 && context.retries.mayRetry(error, this.attempts)) {
      const attempts = this.attempts++;
      context.retries.later(attempts, leftMs, () => this.again(attempt.node as CacheNode, error));
      return;
    }
    this.open--;
    this.settle();
  }

  answeredLate(attempt: Attempt<boolean>): void {
    if (this.bytes === undefined || attempt.kind === 'store')
      this.context.ledger.confirm(this.hash, this.key, this.stamp, attempt.node.slot);
  }

  failedLate(attempt: Attempt<boolean>, error: CacheError): void {
    this.owe(attempt, error);
  }

  /**
   * Nodes that hold, or will hold again, copies of the key without being owners now: those walked past are owed, and so are
   * former owners, from which the key may have to be deleted at once.
   */
  private tellOthers(owners: readonly CacheNode[]): void {
    const { topology, key } = this;
    const { lane, totalMs } = this.call;
    const { ledger, attemptMs, values } = this.context;
    const former = topology.formerOwners(this.place, key, owners);
    const others = [...topology.displaced(this.place, key, owners), ...former];
    for (const node of others) {
      ledger.owe(this.hash, key, node.slot, this.stamp);
      this.context.owed(node);
    }
    if (others.length > 0) this.renounce();
    if (this.bytes === undefined || !values.isEnveloped)
      deleteFormerCopies(this.context, key, this.hash, former, lane, Math.min(attemptMs, totalMs));
  }

  /** Rule R1: a retry never follows a newer write of the key. */
  private again(node: CacheNode, error: CacheError): void {
    const context = this.context;
    const leftMs = this.startedAt + this.call.totalMs - context.clock.now();
    const isNewest = context.generations.isCurrent(this.hash, this.generation) || context.disabledRules.has('R1');
    if (leftMs > 0 && isNewest) this.send(node, leftMs);
    else {
      this.error = error;
      this.open--;
      this.settle();
    }
  }

  private send(node: CacheNode, leftMs: number): void {
    const { key, bytes, call, context } = this;
    const isLarge = bytes !== undefined && bytes.length > context.largeValueBytes && call.lane === 'interactive';
    const lane = isLarge ? 'bulk' : call.lane;
    this.timeoutMs = Math.min(node.attemptMs[lane], leftMs);
    if (bytes === undefined) {
      node.delete(this, lane);
      return;
    }
    const limit = node.maxValueBytes;
    if (limit !== undefined && bytes.length > limit) {
      // The value cannot live there, and what lives there now must not outlive it.
      this.error = new CacheError(
        'ERR_VALUE_TOO_LARGE',
        `a value of ${bytes.length} bytes exceeds the ${limit} that node ${node.name} takes`,
        { node: node.name, key },
      );
      node.delete(this, call.lane);
      return;
    }
    const ttlMs = toldLife(
      node,
      bytes,
      context.values.isEnveloped,
      lifeOn(this.context, this.topology, node, this.place, key, this.ttlMs),
    );
    node.store(this, lane, 'set', bytes, ttlMs);
  }

  /** A delete that not everybody has heard of: raw copies that others make of what is left tell no age. */
  private renounce(): void {
    const { ledger, values } = this.context;
    if (this.bytes === undefined && !values.isEnveloped) ledger.renounce(this.hash, this.stamp);
  }

  private owe(attempt: Attempt<boolean>, error: CacheError): void {
    oweWrite(this.context, attempt, this.stamp, error);
    if (this.topology.replication > 1) this.renounce();
  }

  private settle(): void {
    if (this.isSettled) return;
    if (this.confirmed >= this.needed) {
      this.isSettled = true;
      if (this.bytes !== undefined) this.context.remember(this.key, this.hash, this.generation, this.bytes);
      this.resolve(true, this.isFound);
    } else if (this.confirmed + this.open < this.needed && (this.open === 0 || this.answersFalse)) {
      this.isSettled = true;
      this.refuse(this.error ?? new CacheError('ERR_UNAVAILABLE', 'the key has no owner'));
    }
  }

  /** Whether failure is answered by `false`; else it is told once it is known what the other owners made of the write. */
  private get answersFalse(): boolean {
    return this.context.degrades && !this.isStrict;
  }

  private refuse(error: CacheError): void {
    const { key, confirmed, needed, mayBeHeld } = this;
    if (error.code === 'ERR_VALUE_TOO_LARGE') this.reject(error);
    else if (this.context.isOver()) this.reject(new CacheError('ERR_CLOSED', 'the cache was closed', { key }));
    else {
      this.context.unconfirmed(key, error);
      if (this.answersFalse) this.resolve(false, false);
      else this.reject(unconfirmedError({ key, confirmed, needed, mayBeHeld, error }));
    }
  }
}
