/**
 * A connection to whichever node of a group is active, as the ring's node sees it: what it passes on it passes on unchanged.
 *
 * Its life is that of the node *and* of the term for which that node is active, so that every fail-over, also one back to
 * a node that never stopped, is a new incarnation (rule R6). It never counts as proven empty: another node of the group
 * may hold what this one has lost.
 */

import type { Connection, Incarnation, Operation } from '../driver/driver.js';
import type { CacheError } from '../errors.js';

export interface GroupConnectionParts {
  readonly inner: Connection;
  /** By this name the group knows the connection again when another node is active. */
  readonly id: string;
  readonly term: number;
  /** The key of an operation that may change it is sent; `undefined` if nobody wants to know. */
  readonly wrote: ((key: string) => void) | undefined;
  readonly ensureGone: (id: string) => Promise<boolean>;
  /** The connection is no more. */
  readonly ended: (connection: GroupConnection) => void;
}

export class GroupConnection implements Connection {
  readonly id: string;
  readonly incarnation: Incarnation | undefined;
  readonly #parts: GroupConnectionParts;
  readonly #inner: Connection;

  constructor(parts: GroupConnectionParts) {
    const { inner, id, term } = parts;
    this.#parts = parts;
    this.#inner = inner;
    this.id = id;
    // A node that does not tell its life is taken to begin another at every loss, of which a fail-over is one.
    this.incarnation =
      inner.incarnation === undefined ? undefined : { id: `${term} ${inner.incarnation.id}`, isEmpty: false };
    inner.onClose = () => parts.ended(this);
  }

  get maxValueBytes(): number | undefined {
    return this.#inner.maxValueBytes;
  }

  get owed(): number {
    return this.#inner.owed;
  }

  get bytesRead(): number {
    return this.#inner.bytesRead;
  }

  get isOpen(): boolean {
    return this.#inner.isOpen;
  }

  send(operations: readonly Operation[]): void {
    const { wrote } = this.#parts;
    if (wrote !== undefined)
      for (const { kind, key } of operations) if (kind !== 'get' && kind !== 'inspect' && key !== '') wrote(key);
    this.#inner.send(operations);
  }

  destroy(error: CacheError): void {
    this.#parts.ended(this);
    this.#inner.destroy(error);
  }

  get onClose(): ((error: CacheError) => void) | undefined {
    return this.#inner.onClose;
  }

  set onClose(told: ((error: CacheError) => void) | undefined) {
    this.#inner.onClose = (error) => {
      this.#parts.ended(this);
      told?.(error);
    };
  }

  get onProgress(): (() => void) | undefined {
    return this.#inner.onProgress;
  }

  set onProgress(told: (() => void) | undefined) {
    this.#inner.onProgress = told;
  }

  keys(prefix: string): AsyncIterable<string[]> {
    return this.#inner.keys(prefix);
  }

  ensureGone(id: string): Promise<boolean> {
    return this.#parts.ensureGone(id);
  }
}
