/**
 * Hedged reads: where the first owner takes longer than nearly all of its answers do, the next owner is asked, too, and
 * the first answer counts. Each costs one retry of the client's budget, so a fleet that is slow everywhere is not asked
 * twice as much.
 *
 * Source of the idea: J. Dean, L. A. Barroso, "The Tail at Scale", CACM 56 (2013).
 */

import type { Clock } from '../base/clock.js';
import { Fifo } from '../base/fifo.js';
import type { CacheError } from '../errors.js';
import type { CacheNode } from '../node/cache-node.js';
import type { GetAttempt, GetSink } from '../node/get-attempt.js';

/** A read as its hedge sees it. */
export interface HedgedRead extends GetSink {
  /** Asks an owner that has not been asked yet, besides `asked`, since `beganAt`; `undefined` if there is none to be had. */
  askBeside(asked: CacheNode, beganAt: number, sink: GetSink): CacheNode | undefined;
  /** As `hit`, but nothing happens where the value does not count; answers whether it does. */
  take(attempt: GetAttempt, bytes: Buffer, start: number, end: number): boolean;
  /** One of two owners asked has no answer; the other may still have one. */
  aside(attempt: GetAttempt, hasFailed: boolean): void;
}

export interface HedgeParts {
  readonly clock: Clock;
  /** How long to wait for `node`; `undefined` while that is not known. */
  readonly delayMs: (node: CacheNode) => number | undefined;
  /** Takes a hedge from the budget, if there is one. */
  readonly mayHedge: () => boolean;
}

/** Hedges waiting for one node; beyond that many, reads go without. */
const MOST_WAITING = 4_096;

export class Hedges {
  readonly #parts: HedgeParts;
  readonly #queues = new WeakMap<CacheNode, HedgeQueue>();

  constructor(parts: HedgeParts) {
    this.#parts = parts;
  }

  /** Who is to hear of an attempt at `node`: the read itself, or its hedge. */
  over(read: HedgedRead, node: CacheNode): GetSink {
    const delayMs = this.#parts.delayMs(node);
    if (delayMs === undefined) return read;
    let queue = this.#queues.get(node);
    if (queue === undefined) {
      queue = new HedgeQueue(this.#parts);
      this.#queues.set(node, queue);
    }
    return queue.add(read, node, delayMs) ?? read;
  }
}

/** The hedges of one node, due in the order in which they were made: its delay changes little and slowly. One timer for all. */
class HedgeQueue {
  readonly #parts: HedgeParts;
  readonly #waiting = new Fifo<Hedge>();
  #isArmed = false;

  constructor(parts: HedgeParts) {
    this.#parts = parts;
  }

  add(read: HedgedRead, node: CacheNode, delayMs: number): Hedge | undefined {
    if (this.#waiting.length >= MOST_WAITING) return undefined;
    const now = this.#parts.clock.now();
    const hedge = new Hedge(read, node, now, now + delayMs);
    this.#waiting.push(hedge);
    if (!this.#isArmed) this.#arm(delayMs);
    return hedge;
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    const { clock } = this.#parts;
    // What has arrived is read first.
    clock.setTimer(() => clock.setSoon(this.#fire), ms, true);
  }

  readonly #fire = (): void => {
    const { clock, mayHedge } = this.#parts;
    const now = clock.now();
    for (let head = this.#waiting.peek(); head !== undefined; head = this.#waiting.peek()) {
      if (!head.isDone && head.dueAt > now) {
        this.#arm(head.dueAt - now);
        return;
      }
      this.#waiting.shift();
      if (!head.isDone && mayHedge()) head.begin();
    }
    this.#isArmed = false;
  };
}

/** Stands between one read and the owners asked for it: the first answer goes on, and so does the last failure. */
class Hedge implements GetSink {
  readonly dueAt: number;
  isDone = false;
  readonly #read: HedgedRead;
  readonly #first: CacheNode;
  readonly #beganAt: number;
  #open = 1;

  constructor(read: HedgedRead, first: CacheNode, beganAt: number, dueAt: number) {
    this.#read = read;
    this.#first = first;
    this.#beganAt = beganAt;
    this.dueAt = dueAt;
  }

  begin(): void {
    this.#open++;
    if (this.#read.askBeside(this.#first, this.#beganAt, this) === undefined) this.#open--;
  }

  hit(attempt: GetAttempt, bytes: Buffer, start: number, end: number): void {
    if (this.isDone) return;
    if (this.#open === 1) {
      this.isDone = true;
      this.#read.hit(attempt, bytes, start, end);
    } else if (this.#read.take(attempt, bytes, start, end)) this.isDone = true;
    else this.missed(attempt);
  }

  missed(attempt: GetAttempt): void {
    if (this.#isLast(attempt, false)) this.#read.missed(attempt);
  }

  failed(attempt: GetAttempt, error: CacheError): void {
    if (this.#isLast(attempt, true)) this.#read.failed(attempt, error);
  }

  #isLast(attempt: GetAttempt, hasFailed: boolean): boolean {
    if (this.isDone) return false;
    this.#open--;
    if (this.#open === 0) this.isDone = true;
    else this.#read.aside(attempt, hasFailed);
    return this.isDone;
  }
}
