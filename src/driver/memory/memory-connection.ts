/**
 * One connection to an in-process node: keeps the order and the settling rules of the port.
 *
 * Each `send` is one batch. It executes in a microtask, or when its latency has passed, never inside `send`. After
 * `destroy` the batches already sent still execute, silently, as they do on a server that had received them;
 * `ensureGone` from another connection takes them back.
 */

import type { Timer } from '../../base/clock.js';
import { type CacheError, NodeError } from '../../errors.js';
import type { Connection, Incarnation, Operation } from '../driver.js';
import { REPLY_OVERHEAD_BYTES } from './execute.js';
import { type Batch, MemoryInbox } from './memory-inbox.js';
import type { MemoryLink, MemoryNode } from './memory-node.js';
import { silenced } from './silenced.js';

/** Work of the connection itself that keeps its place among the operations. */
interface Errand {
  readonly kind: 'errand';
  run(): void;
  fail(error: CacheError): void;
}

type Item = Operation | Errand;

const KEYS_PER_BATCH = 512;
const TRICKLE_MS = 10;

export class MemoryConnection implements Connection, MemoryLink {
  readonly id: string;
  readonly incarnation: Incarnation;
  readonly maxValueBytes: number | undefined;
  onClose: ((error: CacheError) => void) | undefined = undefined;
  onProgress: (() => void) | undefined = undefined;

  readonly #node: MemoryNode;
  readonly #inbox = new MemoryInbox<Item>();
  /** Executed with the reply dropped: since replies go by order, nothing after the first is answered either. */
  #unanswered: Item[] = [];
  #owed = 0;
  #bytesRead = 0;
  #isOpen = true;
  #isFlushDue = false;
  #timer: Timer | undefined;

  constructor(node: MemoryNode) {
    this.#node = node;
    this.id = node.attach(this);
    this.incarnation = { id: node.incarnation, isEmpty: node.size === 0 };
    this.maxValueBytes = node.maxValueBytes;
  }

  get owed(): number {
    return this.#owed;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(operations: readonly Operation[]): void {
    this.#enqueue(operations.slice());
  }

  destroy(error: CacheError): void {
    if (!this.#isOpen) return;
    const owed = this.#close();
    if (this.#inbox.head === undefined) this.#node.detach(this);
    for (const item of owed) item.fail(error);
  }

  lose(error: CacheError): void {
    const owed = this.#isOpen ? this.#close() : undefined;
    this.#inbox.clear();
    this.#node.detach(this);
    this.#timer?.cancel();
    if (owed === undefined) return;
    for (const item of owed) item.fail(error);
    this.onClose?.(error);
  }

  wake(): void {
    if (this.#inbox.head !== undefined) this.#flushSoon();
  }

  async *keys(prefix: string): AsyncGenerator<string[], void, void> {
    const found = await this.#ask(() => this.#node.keys(prefix));
    for (let start = 0; start < found.length; start += KEYS_PER_BATCH) {
      if (start > 0) await this.#ask(() => undefined);
      yield found.slice(start, start + KEYS_PER_BATCH);
    }
  }

  ensureGone(id: string): Promise<boolean> {
    return this.#ask(() => {
      if (id !== this.id) this.#node.cut(id);
      return id !== this.id;
    });
  }

  #ask<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      this.#enqueue([{ kind: 'errand', run, fail: reject }]);
    });
  }

  /** Takes the array over. */
  #enqueue(items: readonly Item[]): void {
    if (items.length === 0) return;
    if (!this.#isOpen) {
      const error = new NodeError('lost', 'the connection is closed', { node: this.#node.name });
      queueMicrotask(() => {
        for (const item of items) item.fail(error);
      });
      return;
    }
    const { latencyMs, clock } = this.#node;
    const delayMs = typeof latencyMs === 'number' ? latencyMs : latencyMs();
    this.#inbox.push(items, delayMs > 0 ? clock.now() + delayMs : 0);
    this.#owed += items.length;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flushIn(delayMs: number): void {
    this.#timer = this.#node.clock.setTimer(() => {
      this.#timer = undefined;
      this.#flush();
    }, delayMs);
  }

  /** Executes what is due among the batches there now; what callbacks send meanwhile waits for the next microtask. */
  #flush(): void {
    const last = this.#inbox.tail;
    for (let batch = this.#inbox.head; batch !== undefined; batch = this.#inbox.head) {
      if (this.#timer !== undefined || !this.#mayExecute()) return;
      const now = this.#node.clock.now();
      if (batch.dueAt > now) {
        this.#flushIn(batch.dueAt - now);
        return;
      }
      if (this.#node.replyBytesPerSecond > 0 && this.#isTrickling(batch, now)) return;
      this.#execute(batch, now);
      if (this.#isOpen) this.onProgress?.();
      // A callback may have hung the node or cut this connection.
      if (this.#inbox.head !== batch || batch.next < batch.items.length) return;
      this.#inbox.shift();
      if (batch === last) break;
    }
    if (this.#inbox.head !== undefined) this.#flushSoon();
    else if (!this.#isOpen) this.#node.detach(this);
  }

  #mayExecute(): boolean {
    return !this.#node.isHung && (this.#isOpen || !this.#node.keepsAbandoned);
  }

  #execute(batch: Batch<Item>, now: number): void {
    const { items } = batch;
    while (batch.next < items.length && this.#mayExecute()) {
      const item = items[batch.next++]!;
      if (!this.#isOpen) {
        if (item.kind !== 'errand') this.#node.execute(silenced(item), now);
      } else if (this.#node.dropReplies || this.#unanswered.length > 0) {
        this.#unanswered.push(item);
        if (item.kind !== 'errand') this.#node.execute(silenced(item), now);
      } else {
        this.#owed--;
        if (item.kind === 'errand') item.run();
        else {
          const replyBytes = this.#node.execute(item, now);
          if (batch.bytesToCome === undefined) this.#bytesRead += replyBytes;
        }
      }
    }
  }

  /** Lets the replies of a slow node come in piece by piece; the batch is settled when the last byte is there. */
  #isTrickling(batch: Batch<Item>, now: number): boolean {
    if (!this.#isOpen) return false;
    let bytesToCome = batch.bytesToCome ?? 0;
    if (batch.bytesToCome === undefined) {
      for (const item of batch.items) {
        bytesToCome += item.kind === 'errand' ? REPLY_OVERHEAD_BYTES : this.#node.replyBytes(item, now);
      }
    } else {
      const arrived = Math.min(bytesToCome, Math.ceil((this.#node.replyBytesPerSecond * TRICKLE_MS) / 1000));
      bytesToCome -= arrived;
      this.#bytesRead += arrived;
    }
    batch.bytesToCome = bytesToCome;
    if (bytesToCome <= 0) return false;
    this.#flushIn(TRICKLE_MS);
    return true;
  }

  /** What is owed, oldest first, to be failed by the caller once everything else is in its final state. */
  #close(): Item[] {
    this.#isOpen = false;
    this.#owed = 0;
    const owed = [...this.#unanswered, ...this.#inbox.pending()];
    this.#unanswered = [];
    return owed;
  }
}
