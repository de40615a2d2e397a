/**
 * A connection that does everything as another does, except for the faults planted in it: proves that the driver contract
 * notices each of them.
 */

import type { Connection, Incarnation, Operation } from '../../../src/driver/driver.js';
import type { CacheError } from '../../../src/errors.js';

export interface Mutation {
  /** Replaces each operation before it is sent. */
  operation?(operation: Operation, connection: Connection): Operation;
  send?(operations: readonly Operation[], connection: Connection): void;
  destroy?(error: CacheError, connection: Connection, onClose: Connection['onClose']): void;
  keys?(prefix: string, connection: Connection): AsyncIterable<string[]>;
  incarnation?(incarnation: Incarnation | undefined): Incarnation | undefined;
  readonly owed?: number;
  readonly bytesRead?: number;
  readonly id?: string;
  readonly staysSilent?: boolean;
}

export class MutantConnection implements Connection {
  readonly #inner: Connection;
  readonly #mutation: Mutation;

  constructor(inner: Connection, mutation: Mutation) {
    this.#inner = inner;
    this.#mutation = mutation;
  }

  get id() {
    return this.#mutation.id ?? this.#inner.id;
  }

  get incarnation() {
    const { incarnation } = this.#inner;
    return this.#mutation.incarnation ? this.#mutation.incarnation(incarnation) : incarnation;
  }

  get maxValueBytes() {
    return this.#inner.maxValueBytes;
  }

  get owed() {
    return this.#mutation.owed ?? this.#inner.owed;
  }

  get bytesRead() {
    return this.#mutation.bytesRead ?? this.#inner.bytesRead;
  }

  get isOpen() {
    return this.#inner.isOpen;
  }

  get onClose() {
    return this.#inner.onClose;
  }

  set onClose(listener) {
    if (!this.#mutation.staysSilent) this.#inner.onClose = listener;
  }

  get onProgress() {
    return this.#inner.onProgress;
  }

  set onProgress(listener) {
    if (!this.#mutation.staysSilent) this.#inner.onProgress = listener;
  }

  send(operations: readonly Operation[]): void {
    const change = this.#mutation.operation;
    const changed = change ? operations.map((operation) => change(operation, this.#inner)) : operations;
    if (this.#mutation.send) this.#mutation.send(changed, this.#inner);
    else this.#inner.send(changed);
  }

  destroy(error: CacheError): void {
    if (this.#mutation.destroy) this.#mutation.destroy(error, this.#inner, this.#inner.onClose);
    else this.#inner.destroy(error);
  }

  keys(prefix: string): AsyncIterable<string[]> {
    return this.#mutation.keys ? this.#mutation.keys(prefix, this.#inner) : this.#inner.keys(prefix);
  }

  ensureGone(id: string): Promise<boolean> {
    return this.#inner.ensureGone(id);
  }
}

/** A fault with its name. */
export interface Mutant extends Mutation {
  readonly fault: string;
  /** Part of the title of a case that must fail. */
  readonly caughtBy: string;
}
