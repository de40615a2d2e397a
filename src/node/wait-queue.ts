/**
 * What waits to be sent on one connection: the operations of the present turn, and those of earlier turns that found no
 * room, oldest first. Its owner keeps it within bounds.
 */

import type { CacheError } from '../errors.js';
import { Arranger } from './arrange.js';
import type { NodeOperation } from './attempts.js';
import { type ExpiryError, expireAll, expireDue } from './expiry.js';

/** Operations of one turn; `next` is the first that still waits. */
interface Waiting {
  readonly operations: readonly NodeOperation[];
  readonly startedAt: number;
  next: number;
  /** Its shortest timeout: until then nobody need look at the operations. */
  shortestMs: number;
}

/** A batch ready to be sent, and when its turn ended. */
export interface Batch {
  readonly operations: NodeOperation[];
  readonly startedAt: number;
}

const arranger = new Arranger();

export class WaitQueue {
  #gathering: NodeOperation[] = [];
  readonly #waiting: Waiting[] = [];
  /** Operations waiting, their bytes, and how many of them are not gets. */
  count = 0;
  bytes = 0;
  ordered = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** When the turn of the oldest ended. */
  get oldestAt(): number | undefined {
    return this.#waiting[0]?.startedAt;
  }

  /** `true` if it is the first of this turn. */
  add(operation: NodeOperation): boolean {
    this.count++;
    if (operation.kind !== 'get') {
      this.bytes += operation.heldBytes;
      this.ordered++;
    }
    return this.#gathering.push(operation) === 1;
  }

  endTurn(now: number): void {
    if (this.#gathering.length === 0) return;
    this.#waiting.push({ operations: this.#gathering, startedAt: now, next: 0, shortestMs: 0 });
    this.#gathering = [];
  }

  /** What could not leave in the turn that ended now: its time runs all the same, sent or not. */
  stay(now: number): void {
    const last = this.#waiting.at(-1);
    if (last === undefined || last.startedAt !== now) return;
    const started = Math.floor(now);
    let shortestMs = Number.POSITIVE_INFINITY;
    for (let i = last.next; i < last.operations.length; i++) {
      const operation = last.operations[i] as NodeOperation;
      operation.startedAt = started;
      if (operation.timeoutMs < shortestMs) shortestMs = operation.timeoutMs;
    }
    last.shortestMs = shortestMs;
  }

  /** The next batch of at most `room` operations; empty if all of them were over. */
  take(room: number): Batch {
    const waiting = this.#waiting[0] as Waiting;
    const { operations, startedAt, next } = waiting;
    const batch = arranger.arrange(operations, next, room);
    const stop = arranger.stoppedAt;
    this.count -= stop - next;
    if (this.ordered > 0) {
      for (let i = next; i < stop; i++) {
        const operation = operations[i] as NodeOperation;
        if (operation.kind === 'get') continue;
        this.bytes -= operation.heldBytes;
        this.ordered--;
      }
    }
    waiting.next = stop;
    if (stop === operations.length) this.#waiting.shift();
    return { operations: batch, startedAt };
  }

  /** Ends what is past its own time, unless it began before `flowedAt`, and what has waited for `maxAgeMs`. */
  expire(now: number, error: ExpiryError, flowedAt: number, maxAgeMs: number, tooOld: () => CacheError): void {
    for (const { operations, startedAt, next, shortestMs } of this.#waiting) {
      if (startedAt >= flowedAt && now - startedAt >= shortestMs) expireDue(operations, next, startedAt, now, error);
      if (now - startedAt >= maxAgeMs) expireAll(operations, next, tooOld);
    }
  }

  /** Whether an operation on `key` other than a get waits here. */
  hasOrdered(key: string): boolean {
    return (
      this.ordered > 0 &&
      [this.#gathering, ...this.#waiting.map(({ operations }) => operations)].some((operations) =>
        operations.some((operation) => operation.kind !== 'get' && operation.key === key),
      )
    );
  }

  /** Visits the hash of every operation other than a get. */
  eachOrdered(visit: (hash: number) => void): void {
    if (this.ordered === 0) return;
    for (const operations of [this.#gathering, ...this.#waiting.map((waiting) => waiting.operations)])
      for (const operation of operations) if (operation.kind !== 'get') visit(operation.hash);
  }

  /** Everything that waits, in a queue that is empty then; or all but what `stays`, which keeps its place. */
  drain(stays?: (operation: NodeOperation) => boolean): NodeOperation[] {
    const all: NodeOperation[] = [];
    const turns = [...this.#waiting.splice(0), { operations: this.#gathering, startedAt: 0, next: 0, shortestMs: 0 }];
    this.#gathering = [];
    this.count = 0;
    this.bytes = 0;
    this.ordered = 0;
    for (const turn of turns) {
      for (let i = turn.next; i < turn.operations.length; i++) {
        const operation = turn.operations[i] as NodeOperation;
        if (stays?.(operation) === true) this.add(operation);
        else all.push(operation);
      }
      // The last are those of the present turn, which goes on.
      if (turn === turns.at(-1) || this.#gathering.length === 0) continue;
      this.#waiting.push({ ...turn, operations: this.#gathering, next: 0 });
      this.#gathering = [];
    }
    return all;
  }
}
