/**
 * One connection with its queue: what is issued in a turn gathers, leaves at the end of the turn if the wire has room,
 * else waits its turn in the queue, oldest first.
 *
 * A slot follows the wire, not the caller: a deadline settles the caller and leaves the slot taken until the reply comes
 * or the connection dies. Freed slots are handed on in the step that frees them (`onProgress`).
 */

import type { Turn, TurnMember } from '../base/turn.js';
import type { Connection } from '../driver/driver.js';
import { CacheError, NodeError, TimeoutError } from '../errors.js';
import { Arranger } from './arrange.js';
import type { AttemptNode, NodeOperation } from './attempts.js';
import type { Breaker } from './breaker.js';
import type { Lane } from './lane.js';
import type { Link, LinkSettings } from './link.js';
import type { Sweep, Swept } from './sweep.js';

export interface PipelineLimits {
  readonly maxInFlight: number;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

export interface PipelineContext {
  readonly node: AttemptNode;
  readonly lane: Lane;
  readonly turn: Turn;
  readonly sweep: Sweep;
  readonly breaker: Breaker;
  /** A connection that owes replies and receives nothing for so long is given up. */
  readonly stallMs: number;
  opened(connection: Connection): void;
  down(error: CacheError, wasOpen: boolean): void;
}

/** Operations that left together. `end` is the connection's running count of operations after them. */
interface Exchange {
  readonly operations: readonly NodeOperation[];
  readonly startedAt: number;
  readonly sentAt: number;
  readonly shortestMs: number;
  readonly end: number;
  /** How many of them are not gets. */
  readonly ordered: number;
  isExpired: boolean;
}

/** Operations of one turn that found no room. */
interface Waiting {
  readonly operations: readonly NodeOperation[];
  readonly startedAt: number;
  next: number;
}

const arranger = new Arranger();

export class Pipeline implements TurnMember, Swept {
  readonly link: Link;
  readonly #context: PipelineContext;
  readonly #limits: PipelineLimits;
  #gathering: NodeOperation[] = [];
  readonly #queue: Waiting[] = [];
  #queued = 0;
  #queuedBytes = 0;
  /** Operations other than gets, queued and on the wire. */
  #orderedQueued = 0;
  #orderedInFlight = 0;
  readonly #exchanges: Exchange[] = [];
  #sent = 0;
  #bytesSeen = 0;
  #lastProgressAt = 0;
  #failuresSeen = 0;

  constructor(
    link: (events: ConstructorParameters<typeof Link>[2]) => Link,
    limits: PipelineLimits,
    context: PipelineContext,
  ) {
    this.#limits = limits;
    this.#context = context;
    this.link = link({
      opened: (connection) => this.#opened(connection),
      down: (error, wasOpen) => this.#down(error, wasOpen),
    });
  }

  get inFlight(): number {
    return this.link.connection?.owed ?? 0;
  }

  get queued(): number {
    return this.#queued;
  }

  /** Takes the operation, or fails it before returning: full, or no connection to be had now. */
  enqueue(operation: NodeOperation): void {
    const link = this.link;
    const connection = link.connection;
    if (connection === undefined) {
      if (link.isDown) {
        operation.fail(this.#downError());
        return;
      }
      link.open();
    }
    const held = operation.heldBytes;
    const owed = connection === undefined ? 0 : connection.owed;
    const { maxInFlight, maxQueued, maxQueuedBytes } = this.#limits;
    if (owed + this.#queued >= maxInFlight + maxQueued || this.#queuedBytes + held > maxQueuedBytes) {
      operation.fail(this.#fullError(owed));
      return;
    }
    this.#queued++;
    this.#queuedBytes += held;
    if (operation.kind !== 'get') this.#orderedQueued++;
    if (this.#gathering.push(operation) === 1) this.#context.turn.join(this);
  }

  endTurn(now: number): void {
    const operations = this.#gathering;
    if (operations.length === 0) return;
    this.#gathering = [];
    this.#queue.push({ operations, startedAt: now, next: 0 });
    this.#context.sweep.watch(this);
    this.#pump(now);
  }

  sweep(now: number): boolean {
    for (const waiting of this.#queue) this.#expireDue(waiting.operations, waiting.next, waiting.startedAt, now, false);
    for (const exchange of this.#exchanges) {
      if (now - exchange.startedAt < exchange.shortestMs) continue;
      const expired = this.#expireDue(exchange.operations, 0, exchange.startedAt, now, true);
      if (expired && !exchange.isExpired) {
        exchange.isExpired = true;
        this.#context.breaker.onFailure();
      }
    }
    this.#watchStall(now);
    return this.#queue.length > 0 || this.#exchanges.length > 0;
  }

  close(error: CacheError): void {
    this.link.close(error);
    this.#failQueued(error);
    this.#exchanges.length = 0;
    this.#orderedInFlight = 0;
  }

  get isIdle(): boolean {
    return this.#queued === 0 && this.inFlight === 0;
  }

  /** Whether anything but gets is on its way here. */
  get hasWrites(): boolean {
    return this.#orderedQueued + this.#orderedInFlight > 0;
  }

  /** Whether a write of `key` may still be on its way here, its caller gone or not. */
  hasOutstandingWrite(key: string): boolean {
    const isIt = (operation: NodeOperation): boolean => operation.kind !== 'get' && operation.key === key;
    return (
      this.#gathering.some(isIt) ||
      this.#queue.some(({ operations }) => operations.some(isIt)) ||
      this.#exchanges.some(({ operations }) => operations.some(isIt))
    );
  }

  #pump(now: number): void {
    const connection = this.link.connection;
    if (connection === undefined) return;
    while (this.#queue.length > 0) {
      const waiting = this.#queue[0] as Waiting;
      const room = this.#limits.maxInFlight - connection.owed;
      if (room <= 0) return;
      const from = waiting.next;
      const batch = arranger.arrange(waiting.operations, from, room);
      waiting.next = arranger.stoppedAt;
      this.#leaveQueue(waiting.operations, from, waiting.next);
      if (waiting.next === waiting.operations.length) this.#queue.shift();
      if (batch.length > 0) this.#dispatch(connection, batch, waiting.startedAt, now);
    }
  }

  #dispatch(connection: Connection, batch: NodeOperation[], startedAt: number, now: number): void {
    if (!this.#context.breaker.tryAcquire()) {
      const error = new CacheError('ERR_BREAKER_OPEN', `the breaker of node ${this.#context.node.name} is open`, {
        node: this.#context.node.name,
      });
      for (const operation of batch) operation.fail(error);
      return;
    }
    let shortestMs = Number.POSITIVE_INFINITY;
    let ordered = 0;
    const sentOn = connection.id ?? '';
    // Whole milliseconds stay small integers in their objects' fields; fractions would each be an object of their own.
    const started = Math.floor(startedAt);
    for (let i = 0; i < batch.length; i++) {
      const operation = batch[i] as NodeOperation;
      operation.startedAt = started;
      if (operation.timeoutMs < shortestMs) shortestMs = operation.timeoutMs;
      if (operation.kind !== 'get') {
        operation.sentOn = sentOn;
        ordered++;
      } else
        for (let twin = operation.twin; twin !== undefined; twin = twin.twin) {
          twin.startedAt = started;
          if (twin.timeoutMs < shortestMs) shortestMs = twin.timeoutMs;
        }
    }
    if (connection.owed === 0) this.#lastProgressAt = now;
    this.#sent += batch.length;
    this.#exchanges.push({ operations: batch, startedAt, sentAt: now, shortestMs, end: this.#sent, ordered, isExpired: false });
    this.#orderedInFlight += ordered;
    connection.send(batch);
  }

  #progressed(connection: Connection): void {
    const settled = this.#sent - connection.owed;
    const now = this.#context.turn.clock.now();
    this.#lastProgressAt = now;
    const exchanges = this.#exchanges;
    const { breaker, node } = this.#context;
    // Looking through an exchange for refusals is left out while nothing failed at this node.
    const mayHaveFault = node.failures !== this.#failuresSeen;
    let done = 0;
    while (done < exchanges.length && (exchanges[done] as Exchange).end <= settled) {
      const exchange = exchanges[done++] as Exchange;
      this.#orderedInFlight -= exchange.ordered;
      if (exchange.isExpired) continue;
      if (mayHaveFault && exchange.operations.some((operation) => operation.fault === 'node')) breaker.onFailure();
      else breaker.onSuccess(now - exchange.sentAt);
    }
    if (done > 0) {
      exchanges.splice(0, done);
      this.#failuresSeen = node.failures;
    }
    if (this.#queue.length > 0) this.#pump(now);
  }

  #opened(connection: Connection): void {
    this.#sent = 0;
    this.#exchanges.length = 0;
    this.#orderedInFlight = 0;
    this.#bytesSeen = connection.bytesRead;
    connection.onProgress = () => this.#progressed(connection);
    this.#context.opened(connection);
    this.#pump(this.#context.turn.clock.now());
  }

  #down(error: CacheError, wasOpen: boolean): void {
    this.#exchanges.length = 0;
    this.#orderedInFlight = 0;
    // One lost connection counts once, however many operations it carried.
    this.#context.breaker.onFailure();
    this.#context.down(error, wasOpen);
    this.#failQueued(this.#downError());
  }

  #failQueued(error: CacheError): void {
    const operations = [
      ...this.#queue.flatMap((waiting) => waiting.operations.slice(waiting.next)),
      ...this.#gathering,
    ];
    this.#queue.length = 0;
    this.#gathering = [];
    this.#queued = 0;
    this.#queuedBytes = 0;
    this.#orderedQueued = 0;
    for (const operation of operations) operation.fail(error);
  }

  #leaveQueue(operations: readonly NodeOperation[], from: number, to: number): void {
    this.#queued -= to - from;
    for (let i = from; i < to; i++) {
      const operation = operations[i] as NodeOperation;
      if (operation.kind === 'get') continue;
      this.#queuedBytes -= operation.heldBytes;
      this.#orderedQueued--;
    }
  }

  #expireDue(
    operations: readonly NodeOperation[],
    from: number,
    startedAt: number,
    now: number,
    sent: boolean,
  ): boolean {
    let error: TimeoutError | undefined;
    for (let i = from; i < operations.length; i++) {
      let operation: NodeOperation | undefined = operations[i];
      while (operation !== undefined) {
        if (!operation.isOver && now - startedAt >= operation.timeoutMs) {
          error ??= this.#timeoutError(operation.timeoutMs, sent);
          operation.expire(error);
        }
        operation = operation.kind === 'get' ? operation.twin : undefined;
      }
    }
    return error !== undefined;
  }

  #watchStall(now: number): void {
    const connection = this.link.connection;
    if (connection === undefined || connection.owed === 0) return;
    if (connection.bytesRead !== this.#bytesSeen) {
      this.#bytesSeen = connection.bytesRead;
      this.#lastProgressAt = now;
    } else if (now - this.#lastProgressAt >= this.#context.stallMs) {
      const {
        node: { name: node },
        lane,
      } = this.#context;
      this.link.giveUp(
        new NodeError(
          'stalled',
          `node ${node} owed ${connection.owed} replies on lane ${lane} and sent nothing for ${this.#context.stallMs} ms`,
          { node },
        ),
      );
    }
  }

  #timeoutError(timeoutMs: number, sent: boolean): TimeoutError {
    const {
      node: { name: node },
      lane,
    } = this.#context;
    const where = sent ? `node ${node} did not answer` : `node ${node} had no room on lane ${lane}`;
    return new TimeoutError(`${where} within ${timeoutMs} ms`, timeoutMs, sent, { node });
  }

  #downError(): CacheError {
    const {
      node: { name: node },
    } = this.#context;
    const cause = this.link.lastError;
    if (cause?.code === 'ERR_CLOSED') return cause;
    return new NodeError(
      cause instanceof NodeError ? cause.reason : 'lost',
      `node ${node} cannot be reached: ${cause?.message ?? 'not connected'}`,
      { node, cause },
    );
  }

  #fullError(owed: number): CacheError {
    const {
      node: { name: node },
      lane,
      turn,
    } = this.#context;
    const oldest = this.#queue[0]?.startedAt;
    const waitMs = oldest === undefined ? 0 : Math.round(turn.clock.now() - oldest);
    return new CacheError(
      'ERR_BULKHEAD_FULL',
      `node ${node}, lane ${lane}: ${owed} in flight, ${this.#queued} queued (${this.#queuedBytes} bytes), oldest wait ${waitMs} ms`,
      { node },
    );
  }
}

export type { LinkSettings };
