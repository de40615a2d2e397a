/**
 * One connection that speaks the meta protocol: `send` writes once, replies settle straight from the receive buffer. Any
 * doubt about framing ends it, and all that was owed fails.
 */

import { randomUUID } from 'node:crypto';
import type { CacheError, NodeError } from '../../errors.js';
import type { Connection, CountOperation, Incarnation, Operation, StoreOperation } from '../driver.js';
import { addPair } from './add-pair.js';
import { affixStore } from './affix.js';
import { askRaw, linesOf } from './ask-raw.js';
import { isGone } from './gone.js';
import { LateRefusals } from './late-refusals.js';
import { MAX_OPAQUE, MIN_OPAQUE } from './meta-encoder.js';
import { MetaRequests } from './meta-requests.js';
import { abandon, type KnownOutcome, type Owed } from './owed.js';
import { removePlaceholder } from './placeholder.js';
import { RECORD_BYTES } from './record-writer.js';
import { recorded } from './recorded.js';
import type { ReplyOwner } from './reply-owner.js';
import { ReplyReader } from './reply-reader.js';
import { type RunHost, Runs } from './runs.js';
import type { ServerTime } from './server-time.js';
import type { Overflow } from './settle-meta.js';
import { signed, unsigned } from './signed-lease.js';
import type { Wire, WireOwner } from './wire.js';

export interface MetaConnectionOptions {
  readonly time: ServerTime;
  /** Longest value read. */
  readonly maxFrameBytes: number;
  /** See `MemcachedOptions`. */
  readonly isVerbatim: boolean;
  /** Walks over the keys on a connection of its own. */
  readonly enumerate: (prefix: string, signal: AbortSignal) => AsyncIterable<string[]>;
}

export class MetaConnection implements Connection, ReplyOwner, RunHost, WireOwner {
  id: string | undefined = undefined;
  incarnation: Incarnation | undefined = undefined;
  maxValueBytes: number | undefined = undefined;
  bytesRead = 0;
  isOpen = true;
  onClose: ((error: CacheError) => void) | undefined = undefined;
  onProgress: (() => void) | undefined = undefined;

  readonly isVerbatim: boolean;

  private readonly wire: Wire;
  private readonly requests: MetaRequests;
  private readonly reader: ReplyReader;
  private readonly enumerate: MetaConnectionOptions['enumerate'];
  private readonly life = new AbortController();
  private opaque: number;
  /** Names this connection where the server does not name its incarnation. */
  private readonly nonce = randomUUID();
  private readonly runs = new Runs(this);
  /** Awaited without being owed: operations of our own, and of an add all but its look. */
  private inner = 0;
  /** Sent after the end, and not told so yet. */
  private readonly late = new LateRefusals();

  constructor(wire: Wire, options: MetaConnectionOptions) {
    this.wire = wire;
    this.enumerate = options.enumerate;
    this.isVerbatim = options.isVerbatim;
    this.requests = new MetaRequests(wire.isTls ? RECORD_BYTES : undefined, options);
    // A random start, so that replies of another connection, or forged ones inside a value, do not fit by chance.
    this.opaque = MIN_OPAQUE + Math.floor(Math.random() * (MAX_OPAQUE - MIN_OPAQUE + 1));
    this.reader = new ReplyReader(this, this.opaque, options.maxFrameBytes, options.isVerbatim);
    wire.attach(this);
  }

  get owed(): number {
    return this.reader.owed.length - this.inner + this.late.count + this.runs.kept;
  }

  /** What the server told of itself: values up to `itemBytes`, header and key included, are sent; larger replies are not read. */
  limit(itemBytes: number, maxFrameBytes: number): void {
    this.requests.limit(itemBytes);
    this.reader.maxValueBytes = maxFrameBytes;
  }

  send(operations: readonly Operation[]): void {
    if (!this.isOpen) {
      this.late.refuse(operations);
      return;
    }
    if (this.runs.isRunning) this.runs.hold(operations);
    else this.transmit(operations);
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
    this.runs.known(outcome);
  }

  counted(operation: CountOperation, result: number | undefined | Overflow | CacheError): void {
    this.runs.counted(operation, result);
  }

  postponed(head: Operation): Operation {
    return this.runs.isRunning ? this.runs.postponed(head) : head;
  }

  touchedPlaceholder(key: string, token: string): void {
    this.runs.join();
    this.sendNow(removePlaceholder(key, token));
  }

  // RunHost

  get awaited(): number {
    return this.reader.owed.length;
  }

  sendNow(operation: Operation): void {
    if (!this.isOpen) return;
    this.inner++;
    const told = (outcome: KnownOutcome): void => {
      this.innerReplied();
      outcome.settle();
    };
    this.enqueue(recorded(operation, told));
    this.requests.encoder.flush(this.wire.sink);
  }

  transmit(operations: readonly Operation[]): void {
    const { runs } = this;
    const count = operations.length;
    for (let i = 0; i < count; i++) {
      const given = operations[i] as Operation;
      const operation = given.kind === 'raw' ? (affixStore(given) ?? given) : given;
      if (runs.isRunning && !runs.takes(operation)) {
        runs.hold(operations.slice(i));
        break;
      }
      if (operation.kind === 'get') this.enqueue(operation);
      else if (operation.kind === 'count') runs.sent(operation, this.enqueue(operation));
      else if (operation.kind === 'store') this.enqueueStore(operation);
      else this.enqueue(operation.kind === 'lease' ? signed(operation, this.era) : operation);
    }
    this.requests.encoder.flush(this.wire.sink);
  }

  private enqueueStore(operation: StoreOperation): void {
    switch (operation.mode) {
      case 'add': {
        const [store, look] = addPair(operation, {
          noted: () => this.innerReplied(),
          misled: (token) => this.runs.misled(operation, token),
        });
        this.inner++;
        this.enqueue(store);
        this.enqueue(look);
        break;
      }
      case 'replace':
        this.enqueue(this.requests.isLegal(operation) ? this.runs.lookFirst(operation) : operation);
        break;
      case 'leased':
        this.enqueue(unsigned(operation, this.era));
        break;
      default:
        this.enqueue(operation);
    }
  }

  private innerReplied(): void {
    if (this.isOpen) this.inner--;
  }

  /** What leases are signed with. */
  private get era(): string {
    return this.incarnation?.id ?? this.nonce;
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
    const { outcomes, held } = this.runs.abandon();
    const owed: Owed[] = [...outcomes, ...this.reader.owed, ...held];
    this.inner = 0;
    this.reader.owed.clear();
    for (const entry of owed) abandon(entry, error);
    this.life.abort(error);
  }
}
