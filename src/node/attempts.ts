/**
 * One operation tried at one node: it settles towards its caller once, by answer, failure or expiry, while what the
 * wire still owes may come later and is told apart ("late"), because a late answer still says what the node now holds.
 *
 * `Attempt` is a base class for one measured reason: the wire, the queue and the sweep touch every operation, and one
 * shape for the fields they touch keeps those places monomorphic.
 */

import type {
  CountOperation,
  DeleteOperation,
  GetOperation,
  Inspection,
  InspectOperation,
  Operation,
  RawOperation,
  StoreMode,
  StoreOperation,
  TouchOperation,
  TtlMs,
} from '../driver/driver.js';
import { type CacheError, type Fault, faultOf } from '../errors.js';

/** Whoever waits for an attempt. Nothing here may throw. */
export interface AttemptSink<T> {
  answered(attempt: Attempt<T>, result: T): void;
  failed(attempt: Attempt<T>, error: CacheError): void;
  /** The answer came after the attempt had expired or been given up. */
  answeredLate(attempt: Attempt<T>, result: T): void;
  /** The connection failed, or the node refused, after the attempt had expired or been given up. */
  failedLate(attempt: Attempt<T>, error: CacheError): void;
}

export interface GetSink {
  hit(attempt: GetAttempt, bytes: Buffer, start: number, end: number): void;
  missed(attempt: GetAttempt): void;
  failed(attempt: GetAttempt, error: CacheError): void;
}

/** The node an attempt is made at, as far as its caller needs to tell one from another. */
export interface AttemptNode {
  readonly name: string;
  /** Small number, stable for the life of the node, by which the ledger knows it. */
  readonly slot: number;
  /** Attempts that failed here, for whatever reason. */
  failures: number;
}

/** What queue, wire and sweep need of any attempt. */
interface AttemptState {
  readonly node: AttemptNode;
  /** Hash of the key: chooses the connection and finds duplicates. */
  readonly hash: number;
  /** Milliseconds from the end of the turn in which it was issued. */
  readonly timeoutMs: number;
  /** Settled towards its caller: no longer worth sending. */
  isOver: boolean;
  /** What its failure discredits; undefined unless it failed. */
  fault: Fault | undefined;
  /** Bytes it keeps in a queue. */
  readonly heldBytes: number;
  /** Monotonic time, whole ms, of the end of the turn in which it was issued; 0 while it has not left. */
  startedAt: number;
  /** Settles it towards its caller without an answer; the wire may still owe one. */
  expire(error: CacheError): void;
}

/** An attempt other than a get. */
export type OrderedOperation = Exclude<Operation, GetOperation> &
  AttemptState & {
    /** Server's name of the connection it was sent on; undefined while it was not. */
    sentOn: string | undefined;
    /** Called once it can no longer take effect, or has: answered, failed, or never sent. */
    offWire: (() => void) | undefined;
  };

export type NodeOperation = GetAttempt | OrderedOperation;

export class GetAttempt implements GetOperation, AttemptState {
  readonly kind = 'get';
  readonly node: AttemptNode;
  readonly key: string;
  readonly hash: number;
  readonly timeoutMs: number;
  isOver = false;
  fault: Fault | undefined = undefined;
  startedAt = 0;
  /** The next get of the same key in the same batch: asked once, answered all. */
  twin: GetAttempt | undefined = undefined;
  private readonly sink: GetSink;

  constructor(node: AttemptNode, key: string, hash: number, timeoutMs: number, sink: GetSink) {
    this.node = node;
    this.key = key;
    this.hash = hash;
    this.timeoutMs = timeoutMs;
    this.sink = sink;
  }

  get heldBytes(): number {
    return 0;
  }

  hit(bytes: Buffer, start: number, end: number): void {
    for (let attempt: GetAttempt | undefined = this; attempt !== undefined; attempt = attempt.twin) {
      if (attempt.isOver) continue;
      attempt.isOver = true;
      attempt.sink.hit(attempt, bytes, start, end);
    }
  }

  miss(): void {
    for (let attempt: GetAttempt | undefined = this; attempt !== undefined; attempt = attempt.twin) {
      if (attempt.isOver) continue;
      attempt.isOver = true;
      attempt.sink.missed(attempt);
    }
  }

  fail(error: CacheError): void {
    for (let attempt: GetAttempt | undefined = this; attempt !== undefined; attempt = attempt.twin)
      attempt.expire(error);
  }

  expire(error: CacheError): void {
    if (this.isOver) return;
    this.isOver = true;
    this.fault = faultOf(error);
    this.node.failures++;
    this.sink.failed(this, error);
  }
}

/** What every attempt other than a get is made of. */
export interface AttemptOrigin<T> {
  readonly key: string;
  readonly hash: number;
  readonly timeoutMs: number;
  readonly sink: AttemptSink<T>;
}

export abstract class Attempt<T> implements AttemptState {
  abstract readonly kind: OrderedOperation['kind'];
  readonly node: AttemptNode;
  readonly key: string;
  readonly hash: number;
  readonly timeoutMs: number;
  isOver = false;
  fault: Fault | undefined = undefined;
  startedAt = 0;
  sentOn: string | undefined = undefined;
  offWire: (() => void) | undefined = undefined;
  private readonly sink: AttemptSink<T>;

  constructor(node: AttemptNode, origin: AttemptOrigin<T>) {
    this.node = node;
    this.key = origin.key;
    this.hash = origin.hash;
    this.timeoutMs = origin.timeoutMs;
    this.sink = origin.sink;
  }

  get heldBytes(): number {
    return 0;
  }

  done(result: T): void {
    this.offWire?.();
    if (this.isOver) this.sink.answeredLate(this, result);
    else {
      this.isOver = true;
      this.sink.answered(this, result);
    }
  }

  fail(error: CacheError): void {
    this.offWire?.();
    if (this.isOver) this.sink.failedLate(this, error);
    else this.expire(error);
  }

  expire(error: CacheError): void {
    if (this.isOver) return;
    this.isOver = true;
    this.fault = faultOf(error);
    this.node.failures++;
    this.sink.failed(this, error);
  }
}

export class StoreAttempt extends Attempt<boolean> implements StoreOperation {
  readonly kind = 'store';
  readonly mode: StoreMode;
  readonly bytes: Buffer;
  readonly ttlMs: TtlMs;
  readonly token: string | undefined;

  constructor(
    node: AttemptNode,
    origin: AttemptOrigin<boolean>,
    mode: StoreMode,
    bytes: Buffer,
    ttlMs: TtlMs,
    token: string | undefined,
  ) {
    super(node, origin);
    this.mode = mode;
    this.bytes = bytes;
    this.ttlMs = ttlMs;
    this.token = token;
  }

  override get heldBytes(): number {
    return this.bytes.length;
  }
}

export class DeleteAttempt extends Attempt<boolean> implements DeleteOperation {
  readonly kind = 'delete';
}

export class TouchAttempt extends Attempt<boolean> implements TouchOperation {
  readonly kind = 'touch';
  readonly ttlMs: TtlMs;

  constructor(node: AttemptNode, origin: AttemptOrigin<boolean>, ttlMs: TtlMs) {
    super(node, origin);
    this.ttlMs = ttlMs;
  }
}

export class CountAttempt extends Attempt<number | undefined> implements CountOperation {
  readonly kind = 'count';
  readonly delta: number;
  readonly initial: number | undefined;
  readonly ttlMs: TtlMs;

  constructor(
    node: AttemptNode,
    origin: AttemptOrigin<number | undefined>,
    delta: number,
    initial: number | undefined,
    ttlMs: TtlMs,
  ) {
    super(node, origin);
    this.delta = delta;
    this.initial = initial;
    this.ttlMs = ttlMs;
  }
}

export class InspectAttempt extends Attempt<Inspection | undefined> implements InspectOperation {
  readonly kind = 'inspect';
  readonly withValue: boolean;

  constructor(node: AttemptNode, origin: AttemptOrigin<Inspection | undefined>, withValue: boolean) {
    super(node, origin);
    this.withValue = withValue;
  }

  found(entry: Inspection): void {
    this.done(entry);
  }

  miss(): void {
    this.done(undefined);
  }
}

export class RawAttempt extends Attempt<unknown> implements RawOperation {
  readonly kind = 'raw';
  readonly words: readonly (string | Buffer)[];

  constructor(node: AttemptNode, origin: AttemptOrigin<unknown>, words: readonly (string | Buffer)[]) {
    super(node, origin);
    this.words = words;
  }
}
