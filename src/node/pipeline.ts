/**
 * One connection with its queue: what is issued in a turn gathers, leaves at the end of the turn if the wire has room,
 * else waits, oldest first.
 *
 * A slot follows the wire, not the caller: a deadline settles the caller and leaves the slot taken until the reply comes
 * or the connection dies. Freed slots are handed on in the step that frees them.
 */

import type { TurnMember } from '../base/turn.js';
import type { Connection } from '../driver/driver.js';
import { type CacheError, faultOf, NodeError } from '../errors.js';
import type { NodeOperation } from './attempts.js';
import { Exchanges } from './exchanges.js';
import { GradientLimit } from './gradient-limit.js';
import { RateLimitedError } from './guard-errors.js';
import type { Link, LinkEvents } from './link.js';
import { Absence, keepPinned, outlastsAbsence } from './pinned.js';
import type { PipelineContext, PipelineLimits } from './pipeline-context.js';
import { fullError, stalledError, timeoutError, unreachableError } from './pipeline-errors.js';
import type { Swept } from './sweep.js';
import { WaitQueue } from './wait-queue.js';

/** How long a link pauses at most while somebody waits for it. */
const HASTE_MS = 50;

export class Pipeline implements TurnMember, Swept {
  readonly link: Link;
  readonly #context: PipelineContext;
  readonly #limits: PipelineLimits;
  readonly #queue = new WaitQueue();
  readonly #exchanges: Exchanges;
  readonly #gradient: GradientLimit | undefined;
  #bytesSeen = 0;
  #lastProgressAt = 0;
  readonly #absence: Absence;
  /** Refusals of one turn, or of one outage, are one error: making it costs more than all the rest of a refusal. */
  #full: CacheError | undefined;
  #unreachable: CacheError | undefined;
  /** Work under way that is in no queue. */
  #errands = 0;
  /** Operations ever asked of this connection, refused ones included. */
  issued = 0;

  constructor(link: (events: LinkEvents) => Link, limits: PipelineLimits, context: PipelineContext) {
    this.#limits = limits;
    this.#context = context;
    this.#absence = new Absence(context);
    const { maxInFlight: maxLimit, adaptive } = limits;
    this.#gradient = adaptive ? new GradientLimit({ maxLimit }) : undefined;
    this.#exchanges = new Exchanges(context.node, context.lane, context.breaker, this.#gradient, context.latency);
    this.link = link({
      opened: (connection, beganAt) => this.#opened(connection, beganAt),
      down: (error, wasOpen, beganAt) => this.#down(error, wasOpen, beganAt),
    });
  }

  get inFlight(): number {
    return this.link.connection?.owed ?? 0;
  }

  get queued(): number {
    return this.#queue.count;
  }

  /** Exchanges answered in time so far, and the milliseconds they took together. */
  get answers(): Pick<Exchanges, 'answered' | 'answeredMs'> {
    return this.#exchanges;
  }

  get isIdle(): boolean {
    return this.queued === 0 && this.inFlight === 0;
  }

  /** Whether anything but gets is on its way here. */
  get hasWrites(): boolean {
    return this.#queue.ordered + this.#exchanges.ordered > 0;
  }

  /** Whether a write of `key` may still be on its way here, its caller gone or not. */
  hasOutstandingWrite(key: string): boolean {
    return this.#queue.hasOrdered(key) || this.#exchanges.hasOrdered(key);
  }

  /** Visits the hash of every key with a write on its way here. */
  eachWrite(visit: (hash: number) => void): void {
    this.#queue.eachOrdered(visit);
    this.#exchanges.eachOrdered(visit);
  }

  /** Takes the operation, or fails it before returning: full, or no connection to be had now. */
  enqueue(operation: NodeOperation): void {
    this.issued++;
    const { limiter } = this.#context;
    if (limiter !== undefined && !limiter.tryTake()) {
      operation.fail(new RateLimitedError(limiter.retryAfterMs, { node: limiter.name }));
      return;
    }
    const link = this.link;
    const connection = link.connection;
    if (connection === undefined) {
      if (link.isDown) {
        if (!outlastsAbsence(operation) || !this.#absence.isBrief(link)) {
          operation.fail(this.#downError());
          return;
        }
      } else link.open();
    }
    const queue = this.#queue;
    const owed = connection === undefined ? 0 : connection.owed;
    const { maxInFlight, maxQueued, maxQueuedBytes } = this.#limits;
    if (owed + queue.count >= maxInFlight + maxQueued || queue.bytes + operation.heldBytes > maxQueuedBytes) {
      operation.fail((this.#full ??= this.#fullError('full', owed)));
      return;
    }
    if (queue.add(operation)) this.#context.turn.join(this);
  }

  endTurn(now: number): void {
    this.#full = undefined;
    this.#queue.endTurn(now);
    this.#context.sweep.watch(this);
    this.#pump(now);
    if (!this.#queue.isEmpty) this.#queue.stay(now);
  }

  sweep(now: number): boolean {
    const tooOld = (): CacheError => this.#fullError('age', this.inFlight);
    const context = this.#context;
    // What waited for a connection says why there is none.
    const unsent = (timeoutMs: number): CacheError =>
      this.link.isDown ? this.#downError() : timeoutError(context, timeoutMs, false);
    const { maxQueueAgeMs } = this.#limits;
    const flowedAt = this.#exchanges.flowedAt(now, context.patience.flowMs);
    this.#queue.expire(now, unsent, flowedAt, maxQueueAgeMs, tooOld);
    const tooLate = (timeoutMs: number): CacheError => timeoutError(context, timeoutMs, true);
    this.#exchanges.expire(now, tooLate, context.sweep.latenessMs(now), flowedAt, maxQueueAgeMs);
    this.#watchStall(now);
    this.#watchAbsence();
    return !this.#queue.isEmpty || !this.#exchanges.isEmpty || this.#errands > 0;
  }

  /** Watches the connection while it does `work` that is in no queue: silence ends that, too. */
  async attended<T>(work: () => Promise<T>): Promise<T> {
    if (this.inFlight === 0) this.#lastProgressAt = this.#context.turn.clock.now();
    this.#errands++;
    this.#context.sweep.watch(this);
    try {
      return await work();
    } finally {
      this.#errands--;
    }
  }

  close(error: CacheError): void {
    this.link.close(error);
    this.#exchanges.dropped(this.#context.turn.clock.now());
    for (const operation of this.#queue.drain()) operation.fail(error);
  }

  #pump(now: number): void {
    const connection = this.link.connection;
    while (connection?.isOpen === true && !this.#queue.isEmpty) {
      const room = (this.#gradient?.limit ?? this.#limits.maxInFlight) - connection.owed;
      if (room <= 0) return;
      const batch = this.#queue.take(room);
      if (batch.operations.length === 0) continue;
      if (!this.#context.breaker.tryAcquire() && !keepPinned(batch, this.#context)) continue;
      if (connection.owed === 0) this.#lastProgressAt = now;
      this.#exchanges.begin(batch, connection.id ?? '', connection.owed, now);
      connection.send(batch.operations);
    }
  }

  #opened(connection: Connection, beganAt: number): void {
    this.#unreachable = undefined;
    this.#bytesSeen = connection.bytesRead;
    this.#lastProgressAt = this.#context.turn.clock.now();
    connection.onProgress = () => this.#progressed(connection);
    this.#context.opened(connection, beganAt);
    this.#pump(this.#context.turn.clock.now());
  }

  #progressed(connection: Connection): void {
    const now = this.#context.turn.clock.now();
    this.#lastProgressAt = now;
    this.#exchanges.progressed(connection.owed, now, this.#context.sweep.latenessMs(now));
    if (!this.#queue.isEmpty) this.#pump(now);
  }

  #down(error: CacheError, wasOpen: boolean, beganAt: number): void {
    const { breaker, turn } = this.#context;
    const now = turn.clock.now();
    const fault = faultOf(error);
    if (fault !== 'link' && fault !== 'node') this.#exchanges.dropped(now);
    else if (wasOpen)
      this.#exchanges.lost(now); // a server may well close what is idle: that alone is no failure
    else if (!this.#context.isReached()) breaker.onFailure(1, now - beganAt, now);
    this.#unreachable = undefined;
    this.#context.down(error, wasOpen);
    if (wasOpen) this.#absence.began(error, now);
    this.#failWaiting();
  }

  #failWaiting(): void {
    const failure = this.#downError();
    const stays = this.#absence.isBrief(this.link) ? outlastsAbsence : undefined;
    for (const operation of this.#queue.drain(stays)) operation.fail(failure);
  }

  #watchAbsence(): void {
    if (this.link.connection !== undefined || !this.link.isDown || this.#queue.isEmpty) return;
    if (this.#absence.isBrief(this.link)) this.link.hasten(HASTE_MS);
    else this.#failWaiting();
  }

  /** Another connection to this node went silent: so has this one, if it owes nothing that could tell. */
  doubt(now: number): void {
    const { node, patience } = this.#context;
    if (this.link.connection === undefined || this.inFlight > 0 || now - this.#lastProgressAt < patience.stallMs)
      return;
    this.link.giveUp(new NodeError('lost', `node ${node.name} has gone silent`, { node: node.name }));
  }

  #watchStall(now: number): void {
    const connection = this.link.connection;
    if (connection === undefined || connection.owed === 0) return;
    if (connection.bytesRead !== this.#bytesSeen) {
      this.#bytesSeen = connection.bytesRead;
      this.#lastProgressAt = now;
      return;
    }
    const { stallMs } = this.#context.patience;
    if (now - this.#lastProgressAt >= stallMs) this.link.giveUp(stalledError(this.#context, connection.owed, stallMs));
  }

  #downError(): CacheError {
    return (this.#unreachable ??= unreachableError(this.#context, this.link.lastError));
  }

  #fullError(reason: 'full' | 'age', inFlight: number): CacheError {
    const { maxInFlight, maxQueued } = this.#limits;
    const { count: queued, bytes: queuedBytes, oldestAt } = this.#queue;
    const oldestWaitMs = oldestAt === undefined ? 0 : this.#context.turn.clock.now() - oldestAt;
    return fullError(this.#context, reason, { inFlight, maxInFlight, queued, queuedBytes, maxQueued, oldestWaitMs });
  }
}
