/**
 * What one connection owes: the batches sent and not yet answered, oldest first, since replies come in the order sent.
 *
 * An exchange is one batch and its replies. It is the unit of evidence for the breaker: one exchange is one success or one
 * failure, however many operations it carried.
 */

import { ATTEMPTS, type AttemptMessage } from '../base/diagnostics.js';
import type { AttemptNode } from './attempt-state.js';
import type { NodeOperation } from './attempts.js';
import type { Breaker } from './breaker.js';
import { type ExpiryError, expireDue } from './expiry.js';
import type { GradientLimit } from './gradient-limit.js';
import type { Lane } from './lane.js';
import type { LatencyEstimate } from './latency.js';
import type { Batch } from './wait-queue.js';

interface Exchange {
  readonly operations: readonly NodeOperation[];
  readonly startedAt: number;
  readonly sentAt: number;
  /** Its shortest timeout: until then nobody need look at the operations. */
  readonly shortestMs: number;
  /** Operations sent on the connection up to its last one. */
  readonly end: number;
  /** How many are not gets. */
  readonly ordered: number;
  /** Operations under way when it was sent, its own included. */
  readonly underWay: number;
  isExpired: boolean;
}

export class Exchanges {
  readonly #node: AttemptNode;
  readonly #lane: Lane;
  readonly #breaker: Breaker;
  readonly #gradient: GradientLimit | undefined;
  readonly #latency: LatencyEstimate | undefined;
  readonly #open: Exchange[] = [];
  #sent = 0;
  #settled = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #failuresSeen = 0;
  /** Operations other than gets among them. */
  ordered = 0;
  /** Exchanges answered in time so far, and the milliseconds they took together. */
  answered = 0;
  answeredMs = 0;

  constructor(
    node: AttemptNode,
    lane: Lane,
    breaker: Breaker,
    gradient: GradientLimit | undefined,
    latency: LatencyEstimate | undefined,
  ) {
    this.#node = node;
    this.#lane = lane;
    this.#breaker = breaker;
    this.#gradient = gradient;
    this.#latency = latency;
  }

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** When the last answer came, if something is under way and that was within the last `ms`; else never. */
  flowedAt(now: number, ms: number): number {
    return !this.isEmpty && now - this.#answeredAt < ms ? this.#answeredAt : Number.NEGATIVE_INFINITY;
  }

  /** `owed`: what the connection owed before. */
  begin({ operations, startedAt }: Batch, sentOn: string, owed: number, now: number): void {
    let shortestMs = Number.POSITIVE_INFINITY;
    let ordered = 0;
    // Whole milliseconds stay small integers in their objects' fields; fractions would each be an object of their own.
    const started = Math.floor(startedAt);
    for (let i = 0; i < operations.length; i++) {
      let operation: NodeOperation | undefined = operations[i] as NodeOperation;
      if (operation.kind !== 'get') {
        operation.sentOn = sentOn;
        ordered++;
      }
      do {
        operation.startedAt = started;
        if (operation.timeoutMs < shortestMs) shortestMs = operation.timeoutMs;
        operation = operation.kind === 'get' ? operation.twin : undefined;
      } while (operation !== undefined);
    }
    this.#sent += operations.length;
    this.ordered += ordered;
    const underWay = owed + operations.length;
    const end = this.#sent;
    this.#open.push({ operations, startedAt, sentAt: now, shortestMs, end, ordered, underWay, isExpired: false });
  }

  /**
   * The connection now owes `owed` operations: what is complete is reported to the breaker. For the last `lateMs` our own
   * event loop was blocked.
   */
  progressed(owed: number, now: number, lateMs: number): void {
    const settled = this.#sent - owed;
    if (settled !== this.#settled) this.#answeredAt = now;
    this.#settled = settled;
    const open = this.#open;
    // Looking through an exchange for refusals is left out while nothing failed at this node.
    const mayHaveFault = this.#node.failures !== this.#failuresSeen;
    let done = 0;
    while (done < open.length && (open[done] as Exchange).end <= settled) {
      const exchange = open[done++] as Exchange;
      this.ordered -= exchange.ordered;
      if (exchange.isExpired) continue;
      const lastedMs = this.#lasted(exchange, now, lateMs);
      this.answered++;
      this.answeredMs += lastedMs;
      if (lateMs === 0) {
        this.#gradient?.onSample(lastedMs, exchange.underWay);
        this.#latency?.record(lastedMs, 1, now);
      }
      const isRefused = mayHaveFault && exchange.operations.some((operation) => operation.fault === 'node');
      if (isRefused) this.#breaker.onFailure(1, lastedMs, now);
      else this.#breaker.onSuccess(lastedMs, 1, now);
      if (ATTEMPTS.hasSubscribers) this.#tell(exchange, isRefused ? 'refused' : 'answered', now);
    }
    if (done === 0) return;
    open.splice(0, done);
    this.#failuresSeen = this.#node.failures;
  }

  /**
   * An exchange of which anything expires has failed, once; the node is to blame only if it had at least half of the
   * time: the rest was spent in our own queue, or in an event loop of ours that was blocked (`lateMs`). What began
   * before `flowedAt` has `flowMs` at least.
   */
  expire(now: number, error: ExpiryError, lateMs: number, flowedAt: number, flowMs: number): void {
    for (const exchange of this.#open) {
      const leastMs = exchange.startedAt < flowedAt ? flowMs : 0;
      if (now - exchange.startedAt < Math.max(exchange.shortestMs, leastMs)) continue;
      if (!expireDue(exchange.operations, 0, exchange.startedAt, now, error) || exchange.isExpired) continue;
      exchange.isExpired = true;
      if (ATTEMPTS.hasSubscribers) this.#tell(exchange, 'expired', now);
      const lastedMs = this.#lasted(exchange, now, lateMs);
      if (lastedMs * 2 < exchange.shortestMs) this.#breaker.onIgnored(lastedMs, now);
      else {
        this.#breaker.onFailure(1, lastedMs, now);
        this.#gradient?.onDrop();
      }
    }
  }

  /** Whether an operation on `key` other than a get may be on the wire. */
  hasOrdered(key: string): boolean {
    return (
      this.ordered > 0 &&
      this.#open.some(({ operations }) =>
        operations.some((operation) => operation.kind !== 'get' && operation.key === key),
      )
    );
  }

  /** Visits the hash of every operation other than a get. */
  eachOrdered(visit: (hash: number) => void): void {
    if (this.ordered === 0) return;
    for (const { operations } of this.#open)
      for (const operation of operations) if (operation.kind !== 'get') visit(operation.hash);
  }

  /**
   * The connection is gone by the node's doing: one failure, however many exchanges were open, unless all have been counted
   * as they expired. Half-open, each is reported: one of them may be the probe that the breaker waits for.
   */
  lost(now: number): void {
    const breaker = this.#breaker;
    const isOne = breaker.state === 'closed';
    const open = this.#open.splice(0);
    this.#forget();
    if (ATTEMPTS.hasSubscribers)
      for (const exchange of open) if (!exchange.isExpired) this.#tell(exchange, 'lost', now);
    for (const { isExpired, sentAt } of open) {
      if (isExpired) continue;
      breaker.onFailure(1, now - sentAt, now);
      if (isOne) break;
    }
  }

  /** The connection is gone by our doing: what it owed speaks neither for nor against the node. */
  dropped(now: number): void {
    for (const exchange of this.#open) {
      if (exchange.isExpired) continue;
      this.#breaker.onIgnored(now - exchange.sentAt, now);
      if (ATTEMPTS.hasSubscribers) this.#tell(exchange, 'dropped', now);
    }
    this.#forget();
  }

  /** Half-open, the duration tells a probe's report from others, and is left as it is. */
  #lasted({ sentAt }: Exchange, now: number, lateMs: number): number {
    return this.#breaker.state === 'closed' ? Math.max(0, now - sentAt - lateMs) : now - sentAt;
  }

  #tell({ operations, sentAt }: Exchange, outcome: AttemptMessage['outcome'], now: number): void {
    const message: AttemptMessage = {
      node: this.#node.name,
      lane: this.#lane,
      batchSize: operations.length,
      outcome,
      durationMs: now - sentAt,
    };
    ATTEMPTS.publish(message);
  }

  #forget(): void {
    this.#open.length = 0;
    this.#sent = 0;
    this.#settled = 0;
    this.ordered = 0;
  }
}
