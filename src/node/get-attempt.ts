/**
 * A get tried at one node. One lives for every get in flight, so its fields are few, plain and always the same, and the
 * caller hears of it by direct calls.
 */

import type { GetOperation } from '../driver/driver.js';
import { type CacheError, type Fault, faultOf } from '../errors.js';
import type { AttemptNode, AttemptState } from './attempt-state.js';

/** Whoever waits for a get. Nothing here may throw. */
export interface GetSink {
  hit(attempt: GetAttempt, bytes: Buffer, start: number, end: number): void;
  missed(attempt: GetAttempt): void;
  failed(attempt: GetAttempt, error: CacheError): void;
}

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

  get isExact(): boolean {
    return false;
  }

  get heldBytes(): number {
    return 0;
  }

  get isPinned(): boolean {
    return false;
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
    this.node.failed(error);
    this.sink.failed(this, error);
  }
}

/** A get of data: told of an entry of another type (see `GetOperation.isExact`), and pinned to its node. */
export class ExactGetAttempt extends GetAttempt {
  override get isExact(): boolean {
    return true;
  }

  override get isPinned(): boolean {
    return true;
  }
}
