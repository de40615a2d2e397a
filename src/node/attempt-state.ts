/** What node, queue, wire and sweep need to know of any attempt. */

import type { CacheError, Fault } from '../errors.js';

/** The node an attempt is made at, as far as its caller needs to tell one from another. */
export interface AttemptNode {
  readonly name: string;
  /** Small number, stable for the life of the node, by which the ledger knows it. */
  readonly slot: number;
  /** Attempts that failed here, for whatever reason. */
  readonly failures: number;
  /** An attempt failed here. */
  failed(error: CacheError): void;
}

/** What queue, wire and sweep need of any attempt. */
export interface AttemptState {
  readonly node: AttemptNode;
  /** Hash of the key: chooses the connection and finds duplicates. */
  readonly hash: number;
  /** Milliseconds from the end of the turn in which it was issued. */
  readonly timeoutMs: number;
  /** Meant for this node and no other: waits while its connection is away for a moment, whatever the breaker thinks. */
  readonly isPinned?: boolean;
  /** Pinned, and means something on the present connection alone: does not wait for another. */
  readonly isBound?: boolean;
  /** Settled towards its caller: no longer worth sending. */
  isOver: boolean;
  /** What its failure discredits; undefined unless it failed. */
  fault: Fault | undefined;
  /** Bytes it keeps in a queue. */
  readonly heldBytes: number;
  /** Monotonic time, whole ms, of the end of the turn in which it was issued; 0 before. */
  startedAt: number;
  /** Settles it towards its caller without an answer; the wire may still owe one. */
  expire(error: CacheError): void;
}
