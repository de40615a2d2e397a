/**
 * One connection that speaks the meta protocol: `send` writes once, replies settle straight from the receive buffer. Any
 * doubt about framing ends it, and all that was owed fails.
 */

import { type CacheError, NodeError } from '../../errors.js';
import type { Connection, CountOperation, Incarnation, Operation } from '../driver.js';
import { askRaw, linesOf } from './ask-raw.js';
import { CounterRun, mayBePadded, repairCounter, undoOf } from './counter-run.js';
import { isGone } from './gone.js';
import { MAX_OPAQUE, MetaEncoder, MIN_OPAQUE } from './meta-encoder.js';
import { MetaRequests } from './meta-requests.js';
import { abandon, type KnownOutcome, known, knownFailure, type Owed } from './owed.js';
import { RECORD_BYTES } from './record-writer.js';
import { type ReplyOwner, ReplyReader } from './reply-reader.js';
import type { ServerTime } from './server-time.js';
import type { Overflow } from './settle-meta.js';
import type { Wire, WireOwner } from './wire.js';

export interface MetaConnectionOptions {
  readonly time: ServerTime;
  /** Longest value read. */
  readonly maxFrameBytes: number;
  /** Walks over the keys on a connection of its own. */
  readonly enumerate: (prefix: string, signal: AbortSignal) => AsyncIterable<string[]>;
}

export class MetaConnection implements Connection, ReplyOwner, WireOwner {
  id: string | undefined;
  incarnation: Incarnation | undefined;
  maxValueBytes: number | undefined;
  bytesRead = 0;
  isOpen = true;
  onClose: ((error: CacheError) => void) | undefined;
  onProgress: (() => void) | undefined;

  private readonly wire: Wire;
  private readonly requests: MetaRequests;
  private readonly reader: ReplyReader;
  private readonly enumerate: MetaConnectionOptions['enumerate'];
  private readonly life = new AbortController();
  private opaque: number;
  private run: CounterRun | undefined;
  /** Sent after the end, and not told so yet. */
  private late = 0;

  constructor(wire: Wire, options: MetaConnectionOptions) {
    this.wire = wire;
    this.enumerate = options.enumerate;
    this.requests = new MetaRequests(new MetaEncoder(wire.isTls ? RECORD_BYTES : undefined), options.time);
    // A random start, so that replies of another connection, or forged ones inside a value, do not fit by chance.
    this.opaque = MIN_OPAQUE + Math.floor(Math.random() * (MAX_OPAQUE - MIN_OPAQUE + 1));
    this.reader = new ReplyReader(this, this.opaque, options.maxFrameBytes);
    wire.attach(this);
  }

  get owed(): number {
    const { run } = this;
    return this.reader.owed.length + this.late + (run === undefined ? 0 : run.outcomes.length + run.held.length);
  }

  /** What the server told of itself: values up to `itemBytes`, header and key included, are sent; larger replies are not read. */
  limit(itemBytes: number, maxFrameBytes: number): void {
    this.requests.itemBytes = itemBytes;
    this.reader.maxValueBytes = maxFrameBytes;
  }

  send(operations: readonly Operation[]): void {
    if (!this.isOpen) {
      this.refuseLate(operations);
      return;
    }
    if (this.run !== undefined) {
      this.run.held.push(...operations);
      return;
    }
    this.transmit(operations);
  }

  destroy(error: CacheError): void {
    if (!this.isOpen) return;
    this.onClose = undefined;
    this.end(error);
  }

  keys(prefix: string): AsyncIterable<string[]> {
    return this.enumerate(prefix, this.life.signal);
  }

  ensureGone(id: string): Promise<boolean> {
    return isGone(id, this.id, async () => linesOf((await askRaw(this, ['stats', 'conns']))[0]));
  }

  /** Sends a request that is no operation, before all others; one line answers it. */
  open(request: string): Promise<unknown> {
    return new Promise((done, fail) => {
      this.requests.encoder.line(request);
      this.reader.owed.push({ kind: 'raw', key: '', words: [], done, fail });
      this.requests.encoder.flush(this.wire.sink);
    });
  }

  // WireOwner

  received(bytes: Buffer, length: number): void {
    this.bytesRead += length;
    if (this.reader.receive(bytes, length) && this.isOpen) this.onProgress?.();
  }

  ended(error: NodeError): void {
    this.lose(error);
  }

  // ReplyOwner

  doubt(error: CacheError, loss = error): void {
    this.lose(error, loss);
  }

  known(outcome: KnownOutcome): void {
    if (this.isNextOfRun()) this.advanceRun(outcome);
    else outcome.settle();
  }

  counted(operation: CountOperation, result: number | undefined | Overflow | CacheError): void {
    const isOfRun = this.isNextOfRun();
    let outcome: KnownOutcome;
    if (result === undefined || typeof result === 'number') {
      if (isOfRun && result !== undefined && mayBePadded(operation, result)) this.run?.suspects.add(operation.key);
      outcome = known(operation, () => operation.done(result));
    } else if ('isOverflow' in result) {
      if (result.isUndoable) this.transmitToRun(undoOf(operation));
      const text = 'a counter ends at 2^53 - 1';
      outcome = knownFailure(operation, new NodeError('rejected', text, { key: operation.key }));
    } else outcome = knownFailure(operation, result);
    if (isOfRun) this.advanceRun(outcome);
    else outcome.settle();
  }

  /** Whether the entry that has just left the queue was part of the run; what is left of the run is the queue's tail. */
  private isNextOfRun(): boolean {
    return this.run !== undefined && this.run.pending > this.reader.owed.length;
  }

  private transmit(operations: readonly Operation[]): void {
    const count = operations.length;
    for (let i = 0; i < count; i++) {
      const operation = operations[i] as Operation;
      if (this.run !== undefined && operation.kind !== 'count') {
        for (; i < count; i++) this.run.held.push(operations[i] as Operation);
        break;
      }
      const isRequest = this.enqueue(operation);
      if (operation.kind !== 'count') continue;
      if (isRequest && operation.delta < 0) this.run ??= new CounterRun();
      if (this.run !== undefined) this.run.pending++;
    }
    this.requests.encoder.flush(this.wire.sink);
  }

  /** Sends an operation of our own past what is held. */
  private transmitNow(operation: Operation): void {
    if (!this.isOpen) return;
    this.enqueue(operation);
    this.requests.encoder.flush(this.wire.sink);
  }

  private transmitToRun(operation: Operation): void {
    this.run ??= new CounterRun();
    this.run.pending++;
    this.transmitNow(operation);
  }

  /** Whether a request was written; otherwise the outcome waits for its turn. */
  private enqueue(operation: Operation): boolean {
    const outcome = this.requests.write(operation, this.opaque);
    if (outcome === undefined) {
      if (operation.kind !== 'raw') this.opaque = this.opaque === MAX_OPAQUE ? MIN_OPAQUE : this.opaque + 1;
      this.reader.owed.push(operation);
      return true;
    }
    this.reader.owed.push(outcome);
    queueMicrotask(() => this.reader.settleKnown());
    return false;
  }

  private advanceRun(outcome: KnownOutcome): void {
    const { run } = this;
    if (run === undefined) return;
    run.outcomes.push(outcome);
    if (--run.pending > 0) return;
    let repairs = run.suspects.size;
    if (repairs === 0) {
      this.endRun(run);
      return;
    }
    const end = (): void => {
      if (--repairs === 0 && this.isOpen) this.endRun(run);
    };
    for (const key of run.suspects) repairCounter(key, (operation) => this.transmitNow(operation), end);
  }

  /** What was held leaves first: the callbacks may send more, which comes behind it. */
  private endRun(run: CounterRun): void {
    this.run = undefined;
    this.transmit(run.held);
    for (const outcome of run.outcomes) outcome.settle();
  }

  private refuseLate(operations: readonly Operation[]): void {
    this.late += operations.length;
    const error = new NodeError('lost', 'the connection is closed');
    queueMicrotask(() => {
      this.late -= operations.length;
      for (const operation of operations) operation.fail(error);
    });
  }

  private lose(error: CacheError, loss = error): void {
    if (!this.isOpen) return;
    const { onClose } = this;
    this.end(loss);
    onClose?.(error);
  }

  private end(error: CacheError): void {
    this.isOpen = false;
    this.reader.stop();
    this.wire.reset();
    const { run } = this;
    const owed: Owed[] = [...(run?.outcomes ?? []), ...this.reader.owed, ...(run?.held ?? [])];
    this.run = undefined;
    this.reader.owed.clear();
    for (const entry of owed) abandon(entry, error);
    this.life.abort(error);
  }
}
