/**
 * An in-process node: its data, its connections, and the faults that tests and demos drive it into.
 *
 * It behaves as a real server seen through TCP does: what reached it before a connection was given up may still take
 * effect (a hung node carries it out when it resumes), a restart cuts every connection and begins a new incarnation,
 * and a connection that lost a reply never answers again, since replies are matched by order.
 */

import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.js';
import { type CacheError, NodeError, type NodeErrorReason, type StateReason } from '../../errors.js';
import type { Operation } from '../driver.js';
import { Executor } from './execute.js';
import { type MemorySnapshot, MemoryStore } from './memory-store.js';

export interface MemoryNodeOptions {
  readonly name: string;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Bound of all entries, 64 bytes of overhead each included. @default 64 MiB */
  readonly maxBytes?: number | undefined;
  /** Past the bound: `evict` the least recently used, or `refuse` writes with reason `full`. @default 'evict' */
  readonly whenFull?: 'evict' | 'refuse' | undefined;
  /** Larger values fail with `ERR_VALUE_TOO_LARGE`. @default no limit of its own */
  readonly maxValueBytes?: number | undefined;
}

/** What has been carried out so far, by kind; and connections accepted. */
export type MemoryNodeStats = Readonly<Record<Operation['kind'] | 'connects' | 'evictions' | 'bytes', number>>;

/** A connection as its node sees it. */
export interface MemoryLink {
  readonly id: string;
  readonly isOpen: boolean;
  /** Something changed: carry on with what has been sent. */
  wake(): void;
  /** The connection is lost from the node's side; nothing sent over it executes any more. */
  lose(error: CacheError): void;
}

interface Failure {
  readonly error: CacheError | NodeErrorReason;
  readonly kinds: ReadonlySet<Operation['kind']> | undefined;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const EMPTY: MemorySnapshot = new Map();

export class MemoryNode {
  readonly name: string;
  readonly clock: Clock;
  readonly maxValueBytes: number | undefined;

  /** Delay between sending and executing; a function is asked once for each `send`. */
  latencyMs: number | (() => number) = 0;
  /** Replies trickle at this rate, so that a slow answer can be told from a stalled one; 0 is no limit. */
  replyBytesPerSecond = 0;
  /** Operations execute, but nobody hears of it. */
  dropReplies = false;

  readonly #store: MemoryStore;
  readonly #executor: Executor;
  readonly #links = new Set<MemoryLink>();
  readonly #waiters = new Set<() => void>();
  readonly #counts = { get: 0, inspect: 0, store: 0, delete: 0, lease: 0, touch: 0, count: 0, raw: 0, connects: 0 };
  #incarnation = randomUUID();
  #isHung = false;
  #keepsAbandoned = false;
  #refusal: NodeErrorReason | undefined;
  #failure: Failure | undefined;

  constructor(options: MemoryNodeOptions) {
    this.name = options.name;
    this.clock = options.clock ?? systemClock;
    this.maxValueBytes = options.maxValueBytes;
    const { maxBytes = DEFAULT_MAX_BYTES, whenFull = 'evict' } = options;
    this.#store = new MemoryStore({ maxBytes, whenFull });
    this.#executor = new Executor(this.#store, this.name, options.maxValueBytes ?? Number.POSITIVE_INFINITY);
  }

  get stats(): MemoryNodeStats {
    return { ...this.#counts, evictions: this.#store.evictions, bytes: this.#store.bytes };
  }

  get incarnation(): string {
    return this.#incarnation;
  }

  /** Live entries. */
  get size(): number {
    return this.#store.count(this.clock.now());
  }

  get openConnections(): number {
    let open = 0;
    for (const link of this.#links) if (link.isOpen) open++;
    return open;
  }

  /** Stops answering, connects included; nothing closes. What is sent meanwhile waits. */
  hang(): void {
    this.#isHung = true;
  }

  /**
   * Ends `hang`. What was sent over connections given up meanwhile executes now, or stays in flight until
   * `runAbandoned` with `keepAbandoned`: the late write that overtakes newer ones.
   */
  resume({ keepAbandoned = false } = {}): void {
    this.#isHung = false;
    this.#keepsAbandoned = keepAbandoned;
    this.#wakeAll();
  }

  /** Lets everything still in flight from connections given up execute. */
  runAbandoned(): void {
    this.#keepsAbandoned = false;
    this.#wakeAll();
  }

  /** Every operation, or every one of these kinds, fails so and has no effect; `undefined` ends it. */
  failWith(error: CacheError | NodeErrorReason | undefined, kinds?: readonly Operation['kind'][]): void {
    this.#failure = error === undefined ? undefined : { error, kinds: kinds && new Set(kinds) };
  }

  /** Refuses new connections; those there are live on. */
  refuse(reason: 'refused' | 'unreachable' | StateReason = 'refused'): void {
    this.#refusal = reason;
    this.#wakeAll();
  }

  /** Ends `refuse`. */
  accept(): void {
    this.#refusal = undefined;
  }

  /** Cuts every connection and refuses new ones until `restart`. */
  kill(): void {
    this.#isHung = false;
    this.#keepsAbandoned = false;
    this.refuse();
    const lost = new NodeError('lost', 'the connection was cut', { node: this.name });
    for (const link of [...this.#links]) link.lose(lost);
    this.#links.clear();
  }

  /** A new incarnation with the data it had, none, or old data; cuts every connection, ends `hang` and `refuse`. */
  restart({ data }: { readonly data: 'keep' | 'empty' | MemorySnapshot }): void {
    this.kill();
    this.#store.load(data === 'keep' ? this.snapshot() : data === 'empty' ? EMPTY : data);
    this.#incarnation = randomUUID();
    this.accept();
  }

  /** Ends every fault but `kill`'s effects on connections. */
  heal(): void {
    this.latencyMs = 0;
    this.replyBytesPerSecond = 0;
    this.dropReplies = false;
    this.failWith(undefined);
    this.accept();
    this.resume();
  }

  snapshot(): MemorySnapshot {
    return this.#store.snapshot();
  }

  // What follows is for connections.

  get isHung(): boolean {
    return this.#isHung;
  }

  get keepsAbandoned(): boolean {
    return this.#keepsAbandoned;
  }

  get refusal(): NodeErrorReason | undefined {
    return this.#refusal;
  }

  /** Calls `task` once, when a fault changes. */
  onChange(task: () => void): { cancel(): void } {
    this.#waiters.add(task);
    return { cancel: () => this.#waiters.delete(task) };
  }

  /** Answers the connection's id, never given out again by this node. */
  attach(link: MemoryLink): string {
    this.#links.add(link);
    return String(++this.#counts.connects);
  }

  detach(link: MemoryLink): void {
    this.#links.delete(link);
  }

  /** Carries out and settles one operation; returns the size of its reply. */
  execute(operation: Operation, now: number): number {
    this.#counts[operation.kind]++;
    const failure = this.#failure;
    if (failure === undefined || failure.kinds?.has(operation.kind) === false) {
      return this.#executor.execute(operation, now);
    }
    operation.fail(this.#failureOf(failure.error, operation.key));
    return 0;
  }

  replyBytes(operation: Operation, now: number): number {
    return this.#executor.replyBytes(operation, now);
  }

  keys(prefix: string): string[] {
    if (this.#failure !== undefined) throw this.#failureOf(this.#failure.error);
    return this.#store.keys(prefix, this.clock.now());
  }

  /** Cuts the connection `id`, if there is one, together with what it left in flight. */
  cut(id: string): void {
    for (const link of [...this.#links]) {
      if (link.id === id) link.lose(new NodeError('lost', 'the connection was cut', { node: this.name }));
    }
  }

  #failureOf(error: CacheError | NodeErrorReason, key?: string): CacheError {
    if (typeof error !== 'string') return error;
    return new NodeError(error, `the node answers ${error}`, { node: this.name, key });
  }

  #wakeAll(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const task of waiters) task();
    for (const link of [...this.#links]) link.wake();
  }
}
