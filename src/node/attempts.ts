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
  Lease,
  LeaseOperation,
  Operation,
  StoreMode,
  StoreOperation,
  TouchOperation,
  TtlMs,
} from '../driver/driver.js';
import { type CacheError, type Fault, faultOf } from '../errors.js';
import type { AttemptNode, AttemptState } from './attempt-state.js';
import type { GetAttempt } from './get-attempt.js';

/** Whoever waits for an attempt. Nothing here may throw. */
export interface AttemptSink<T> {
  answered(attempt: Attempt<T>, result: T): void;
  failed(attempt: Attempt<T>, error: CacheError): void;
  /** The answer came after the attempt had expired or been given up. */
  answeredLate(attempt: Attempt<T>, result: T): void;
  /** The connection failed, or the node refused, after the attempt had expired or been given up. */
  failedLate(attempt: Attempt<T>, error: CacheError): void;
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

  constructor(node: AttemptNode, { key, hash, timeoutMs, sink }: AttemptOrigin<T>) {
    this.node = node;
    this.key = key;
    this.hash = hash;
    this.timeoutMs = timeoutMs;
    this.sink = sink;
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
    this.node.failed(error);
    this.sink.failed(this, error);
  }
}

/** Of a value to be stored: one of these lives for every set in flight, so what only some of them need is not here. */
export abstract class ValueAttempt extends Attempt<boolean> implements StoreOperation {
  readonly kind = 'store';
  abstract readonly mode: StoreMode;
  abstract readonly token: string | undefined;
  readonly ttlMs: TtlMs;
  protected readonly value: Buffer | string;

  constructor(node: AttemptNode, origin: AttemptOrigin<boolean>, value: Buffer | string, ttlMs: TtlMs) {
    super(node, origin);
    this.value = value;
    this.ttlMs = ttlMs;
  }

  get bytes(): Buffer {
    return typeof this.value === 'string' ? Buffer.from(this.value, 'latin1') : this.value;
  }

  get latin1(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  override get heldBytes(): number {
    return this.value.length;
  }
}

export class StoreAttempt extends ValueAttempt {
  readonly mode: StoreMode;
  readonly token: string | undefined;

  constructor(
    node: AttemptNode,
    origin: AttemptOrigin<boolean>,
    mode: StoreMode,
    value: Buffer | string,
    ttlMs: TtlMs,
    token: string | undefined,
  ) {
    super(node, origin, value, ttlMs);
    this.mode = mode;
    this.token = token;
  }
}

export class DeleteAttempt extends Attempt<boolean> implements DeleteOperation {
  readonly kind = 'delete';
}

export class LeaseAttempt extends Attempt<Lease> implements LeaseOperation {
  readonly kind = 'lease';
  readonly ttlMs: TtlMs;

  constructor(node: AttemptNode, origin: AttemptOrigin<Lease>, ttlMs: TtlMs) {
    super(node, origin);
    this.ttlMs = ttlMs;
  }
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
