/**
 * Carries out one operation on the data of an in-process node and settles it, both before returning.
 */

import { CacheError, NodeError, type NodeErrorReason } from '../../errors.js';
import {
  type CountOperation,
  type InspectOperation,
  MAX_LEASE_MS,
  type Operation,
  type StoreOperation,
} from '../driver.js';
import { expiryOf, type MemoryStore, remainingTtlMs } from './memory-store.js';

/** Bytes that a reply costs besides a value: keeps `bytesRead` moving for every kind. */
export const REPLY_OVERHEAD_BYTES = 8;

const COUNTER = /^(?:0|[1-9]\d{0,15})$/;
const NO_BYTES = Buffer.alloc(0);
/** Values are lent away from offset 0 and overwritten after the call, so that careless readers show in tests. */
const LENT_AT = 16;
const AFTER_LOAN = 0xdd;

export class Executor {
  readonly #store: MemoryStore;
  readonly #nodeName: string;
  readonly #maxValueBytes: number;
  #scratch = Buffer.allocUnsafeSlow(1024);

  constructor(store: MemoryStore, nodeName: string, maxValueBytes: number) {
    this.#store = store;
    this.#nodeName = nodeName;
    this.#maxValueBytes = maxValueBytes;
  }

  /** Returns the size of the reply in bytes. */
  execute(operation: Operation, now: number): number {
    const store = this.#store;
    switch (operation.kind) {
      case 'get': {
        const entry = store.read(operation.key, now);
        if (entry === undefined) {
          operation.miss();
          return REPLY_OVERHEAD_BYTES;
        }
        const end = LENT_AT + entry.value.length;
        if (this.#scratch.length < end) this.#scratch = Buffer.allocUnsafeSlow(2 * end);
        this.#scratch.latin1Write(entry.value, LENT_AT);
        operation.hit(this.#scratch, LENT_AT, end);
        this.#scratch.fill(AFTER_LOAN, LENT_AT, end);
        return REPLY_OVERHEAD_BYTES + entry.value.length;
      }
      case 'store':
        this.#storeValue(operation, now);
        break;
      case 'delete': {
        const existed = store.read(operation.key, now) !== undefined;
        store.remove(operation.key);
        operation.done(existed);
        break;
      }
      case 'lease':
        operation.done(store.lease(operation.key, now + Math.min(operation.ttlMs, MAX_LEASE_MS), now));
        break;
      case 'touch': {
        const entry = store.read(operation.key, now);
        if (entry !== undefined) store.expire(operation.key, entry, expiryOf(operation.ttlMs, now));
        operation.done(entry !== undefined);
        break;
      }
      case 'count':
        this.#count(operation, now);
        break;
      case 'inspect':
        return this.#inspect(operation, now);
      case 'raw':
        operation.fail(this.#refusal('rejected', 'an in-process node takes no raw commands', operation.key));
        break;
    }
    return REPLY_OVERHEAD_BYTES;
  }

  /** Size of the reply that `execute` would give now, for replies that must arrive slowly. */
  replyBytes(operation: Operation, now: number): number {
    const hasValue = operation.kind === 'get' || (operation.kind === 'inspect' && operation.withValue);
    const entry = hasValue ? this.#store.read(operation.key, now) : undefined;
    return REPLY_OVERHEAD_BYTES + (entry === undefined ? 0 : entry.value.length);
  }

  #storeValue(operation: StoreOperation, now: number): void {
    const { key, mode, bytes } = operation;
    if (bytes.length > this.#maxValueBytes) {
      const limit = `${bytes.length} bytes, the node takes ${this.#maxValueBytes}`;
      operation.fail(new CacheError('ERR_VALUE_TOO_LARGE', limit, { node: this.#nodeName, key }));
      return;
    }
    if (mode !== 'set') {
      if (!this.#holds(operation, now)) {
        operation.done(false);
        return;
      }
    }
    const value = bytes.latin1Slice(0, bytes.length);
    if (this.#store.write(key, value, expiryOf(operation.ttlMs, now), now)) operation.done(true);
    else operation.fail(this.#refusal('full', 'the node is full', key));
  }

  #holds({ key, mode, token }: StoreOperation, now: number): boolean {
    const entry = this.#store.read(key, now);
    if (mode === 'add') return entry === undefined;
    if (mode === 'leased') return entry === undefined && this.#store.isLeased(key, token, now);
    return entry !== undefined && (mode === 'replace' || String(entry.token) === token);
  }

  #count(operation: CountOperation, now: number): void {
    const { key, delta, initial } = operation;
    const entry = this.#store.read(key, now);
    if (entry === undefined && initial === undefined) {
      operation.done(undefined);
      return;
    }
    let result = initial ?? 0;
    let expiresAt = expiryOf(operation.ttlMs, now);
    if (entry !== undefined) {
      const present = COUNTER.test(entry.value) ? Number(entry.value) : Number.NaN;
      if (!Number.isSafeInteger(present)) {
        operation.fail(this.#refusal('wrong-type', 'the entry is no counter', key));
        return;
      }
      result = Math.max(0, present + delta);
      expiresAt = entry.expiresAt;
    }
    if (result > Number.MAX_SAFE_INTEGER) {
      operation.fail(this.#refusal('rejected', 'the counter would pass 2^53 - 1', key));
      return;
    }
    if (this.#store.write(key, String(result), expiresAt, now)) operation.done(result);
    else operation.fail(this.#refusal('full', 'the node is full', key));
  }

  #inspect(operation: InspectOperation, now: number): number {
    const entry = this.#store.read(operation.key, now);
    if (entry === undefined) {
      operation.miss();
      return REPLY_OVERHEAD_BYTES;
    }
    const bytes = operation.withValue ? Buffer.from(entry.value, 'latin1') : NO_BYTES;
    operation.found({ bytes, ttlMs: remainingTtlMs(entry, now), token: String(entry.token) });
    return REPLY_OVERHEAD_BYTES + bytes.length;
  }

  #refusal(reason: NodeErrorReason, message: string, key: string): NodeError {
    return new NodeError(reason, message, { node: this.#nodeName, key });
  }
}
