/**
 * One key read from its owners: the preferred one first, the next on failure, and on a miss too where copies exist, all
 * within one deadline. Every answer is judged before it counts (`ValueJudge`).
 */

import type { Topology } from '../cluster/topology.js';
import type { Kept } from '../codec/transcoder.js';
import type { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { GetAttempt, GetSink } from '../node/get-attempt.js';
import { OwnerWalk } from '../routing/owner-walk.js';
import { Beyond } from './beyond.js';
import type { ReadContext } from './contexts.js';
import type { HedgedRead } from './hedges.js';
import type { ReadCall } from './read-call.js';
import { isDoubted } from './sight.js';
import { settleUnanswered } from './unanswered.js';
import { DISTRUSTED, REJECTED } from './value-judge.js';

const MAX_OVERTAKEN = 3;

/** Fields are few and plain because one of these lives for every get in flight. */
export class KeyRead implements HedgedRead {
  private readonly context: ReadContext;
  private readonly topology: Topology;
  private readonly key: string;
  private readonly call: ReadCall;
  /** Whether failure is an error even where the cache answers it by a miss. */
  private readonly isStrict: boolean;
  private readonly resolve: (value: unknown) => void;
  /** Where there is none, `resolve` is that of a promise and is given a rejected one: a function less for every get in flight. */
  private readonly reject: ((error: CacheError) => void) | undefined;
  private readonly hash: number;
  private generation: number;
  private beyond: Beyond | undefined = undefined;

  constructor(
    context: ReadContext,
    topology: Topology,
    key: string,
    call: ReadCall,
    isStrict: boolean,
    resolve: (value: unknown) => void,
    reject?: (error: CacheError) => void,
    /** Of an attempt at the first owner that somebody else has made, and from whose outcome this goes on. */
    generation?: number,
  ) {
    this.context = context;
    this.topology = topology;
    this.key = key;
    this.call = call;
    this.isStrict = isStrict;
    this.resolve = resolve;
    this.reject = reject;
    const place = topology.placement.hash(key);
    this.hash = context.ledgerHash(key, place);
    this.generation = generation ?? context.generations.snapshot(this.hash);
    if (generation !== undefined) return;
    const first = call.prefer === 'primary' ? topology.primary(place, key) : undefined;
    if (first?.isServing === true && this.mayAsk(first)) this.ask(first, call.totalMs);
    else this.walkOn(undefined, undefined, 0);
  }

  hit(attempt: GetAttempt, bytes: Buffer, start: number, end: number): void {
    const value = this.judged(attempt, bytes, start, end);
    if (value === REJECTED) this.missed(attempt);
    else if (value === DISTRUSTED) this.distrusted(attempt);
    else this.found(attempt, value);
  }

  take(attempt: GetAttempt, bytes: Buffer, start: number, end: number): boolean {
    const value = this.judged(attempt, bytes, start, end);
    if (value === REJECTED || value === DISTRUSTED) return false;
    this.found(attempt, value);
    return true;
  }

  private judged(attempt: GetAttempt, bytes: Buffer, start: number, end: number): unknown {
    const { context, topology, key, hash } = this;
    const node = attempt.node as CacheNode;
    const wasDoubted = this.beyond?.doubted?.has(node);
    return context.judge.judge(topology, node, key, hash, bytes, start, end, wasDoubted);
  }

  private found(attempt: GetAttempt, value: unknown): void {
    const { context, key, hash, beyond } = this;
    const { judge } = context;
    if (beyond !== undefined && this.leaveFormer(beyond)) context.counters.handoffHits++;
    else if (this.topology.isMasked)
      context.renew(this.topology, attempt.node as CacheNode, key, hash, attempt.startedAt);
    context.fill(key, hash, this.generation, judge.kept as Kept, judge.expiresAt, attempt.startedAt);
    const missing = beyond?.missedAt;
    if (missing?.[0] !== undefined && judge.isCopyable)
      context.repair(key, hash, this.generation, attempt.node as CacheNode, missing);
    this.resolve(value);
  }

  distrusted(attempt: GetAttempt): void {
    const beyond = this.further(attempt.startedAt);
    const leftMs = beyond.startedAt + this.call.totalMs - this.context.clock.now();
    if (beyond.isAtFormer || !this.askPastWrite(beyond, attempt.node as CacheNode, leftMs)) this.missed(attempt);
  }

  missed(attempt: GetAttempt): void {
    const node = attempt.node as CacheNode;
    node.misses++;
    if (this.topology.previous === undefined && (this.topology.replication === 1 || !this.call.asksNextOnMiss)) {
      this.endWithMiss();
      return;
    }
    const beyond = this.further(attempt.startedAt);
    beyond.missed(node);
    this.walkOn(undefined, node, attempt.startedAt);
  }

  failed(attempt: GetAttempt, error: CacheError): void {
    this.walkOn(error, attempt.node as CacheNode, attempt.startedAt);
  }

  /** Raw copies say nothing of their age: a node that may hold an older one is not worth asking. */
  private mayAsk(node: CacheNode): boolean {
    const { context, topology, hash, key } = this;
    return context.values.isEnveloped || !isDoubted(context.ledger, topology, node, hash, key);
  }

  private send(node: CacheNode, timeoutMs: number, sink: GetSink): void {
    const { context, topology, hash, key, call } = this;
    if (isDoubted(context.ledger, topology, node, hash, key)) this.further(0).doubt(node);
    else this.beyond?.doubted?.delete(node);
    node.get(key, hash, timeoutMs, call.lane, sink);
  }

  askBeside(asked: CacheNode, beganAt: number, sink: GetSink): CacheNode | undefined {
    const { context } = this;
    const beyond = this.further(Math.floor(beganAt));
    const walk = (beyond.walk ??= this.walk());
    walk.leaveOut(asked);
    const leftMs = beyond.startedAt + this.call.totalMs - context.clock.now();
    const node = leftMs > 0 ? walk.next() : undefined;
    if (node?.isServing !== true) return undefined;
    this.send(node, Math.min(node.attemptMs[this.call.lane], leftMs), sink);
    return node;
  }

  aside(attempt: GetAttempt, hasFailed: boolean): void {
    const node = attempt.node as CacheNode;
    const beyond = this.further(attempt.startedAt);
    beyond.walk?.leaveOut(node);
    if (hasFailed) return;
    node.misses++;
    beyond.missed(node);
  }

  private ask(node: CacheNode, leftMs: number): void {
    const { hedges } = this.context;
    const sink = hedges === undefined || this.topology.replication === 1 ? this : hedges.over(this, node);
    this.send(node, Math.min(node.attemptMs[this.call.lane], leftMs), sink);
  }

  /**
   * A write issued while this read was on its way makes what came back too old, not yet confirmed, or owed by former owners.
   * Asked again, an owner answers behind that write. A few times only: another one may be on its heels.
   */
  private askPastWrite(beyond: Beyond, node: CacheNode, leftMs: number): boolean {
    const { generations } = this.context;
    if (leftMs <= 0 || beyond.overtaken === MAX_OVERTAKEN) return false;
    if (generations.isCurrent(this.hash, this.generation)) return false;
    beyond.overtaken++;
    this.generation = generations.snapshot(this.hash);
    this.ask(node, leftMs);
    return true;
  }

  private further(startedAt: number): Beyond {
    this.beyond ??= new Beyond(startedAt || Math.floor(this.context.clock.now()));
    return this.beyond;
  }

  private walkOn(error: CacheError | undefined, asked: CacheNode | undefined, startedAt: number): void {
    const { context } = this;
    const beyond = this.further(startedAt);
    if (!this.leaveFormer(beyond)) beyond.error = error ?? beyond.error;
    if (asked !== undefined) beyond.attempts++;
    const walk = (beyond.walk ??= this.walk());
    if (asked !== undefined) walk.leaveOut(asked);
    const leftMs = beyond.startedAt + this.call.totalMs - context.clock.now();
    const node = leftMs > 0 ? walk.next() : undefined;
    if (node !== undefined) {
      this.ask(node, leftMs);
      return;
    }
    if (this.topology.previous !== undefined && this.askFormer(beyond, leftMs)) return;
    // One owner that answers "nothing trustworthy here" settles it; failures of the others do not make it less true.
    const failure = beyond.error ?? error;
    if (beyond.missedAt !== undefined || failure === undefined) this.endWithMiss();
    else if (leftMs > 0 && context.retries.mayRetry(failure, beyond.attempts)) {
      beyond.walk = undefined;
      context.retries.later(beyond.attempts, leftMs, () => this.walkOn(failure, undefined, 0));
    } else this.giveUp(failure);
  }

  /** Asks the next former owner if the budget of the hand-off allows, or once more the first owner if a write has overtaken the read. */
  private askFormer(beyond: Beyond, leftMs: number): boolean {
    const { formerReads } = this.context;
    if (leftMs <= 0) return false;
    const place = this.topology.placement.hash(this.key);
    const owners = this.topology.owners(place, this.key);
    const former = (beyond.former ??= this.topology
      .formerOwners(place, this.key, owners)
      .filter((node) => this.mayAsk(node)));
    const node = formerReads.underWay < formerReads.limit ? former.shift() : undefined;
    beyond.isAtFormer = node !== undefined;
    if (node === undefined) {
      // Nobody has missed what it is asked for now.
      beyond.missedAt &&= [];
      return this.askPastWrite(beyond, owners[0] as CacheNode, leftMs);
    }
    formerReads.underWay++;
    this.send(node, Math.min(formerReads.budgetMs, leftMs), this);
    return true;
  }

  /** Whether the read was at a former owner; it is there no more. */
  private leaveFormer(beyond: Beyond): boolean {
    if (!beyond.isAtFormer) return false;
    beyond.isAtFormer = false;
    this.context.formerReads.underWay--;
    return true;
  }

  private walk(): OwnerWalk {
    const { context, topology, key, call } = this;
    const owners = topology.owners(topology.placement.hash(key), key);
    const walk = new OwnerWalk(owners, call.prefer, context.counters.walks++);
    for (const owner of owners) if (!this.mayAsk(owner)) walk.leaveOut(owner);
    return walk;
  }

  private endWithMiss(): void {
    this.context.missed?.(this.key, this.hash, this.generation);
    this.resolve(undefined);
  }

  private giveUp(error: CacheError): void {
    const { context, key, isStrict, resolve } = this;
    const reject = this.reject ?? ((failure: CacheError) => resolve(Promise.reject(failure)));
    settleUnanswered(context, { key, isStrict, error }, resolve, reject);
  }
}
