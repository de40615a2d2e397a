/**
 * Records how operations are settled: in which order, how often, and whether inside `send`, which never may be.
 */

import assert from 'node:assert/strict';
import type { Connection, Operation } from '../../driver/driver.js';
import type { CacheError } from '../../errors.js';
import type { Ask } from '../promised-connection.js';

export type Outcome =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly error: CacheError };

interface Settlement {
  readonly outcome: Outcome;
  readonly isInsideSend: boolean;
}

export class SettlementLog {
  /** Indexes of the operations, in the order settled, repeats included. */
  readonly order: number[] = [];
  readonly #connection: Connection;
  readonly #keeps: 'connection' | 'key';
  /** By the index of the operation. */
  readonly #keys: string[] = [];
  readonly #settlements = new Map<number, Settlement>();
  #isSending = false;
  #sent = 0;

  /** `keeps`: what keeps the order sent. */
  constructor(connection: Connection, keeps: 'connection' | 'key' = 'connection') {
    this.#connection = connection;
    this.#keeps = keeps;
  }

  get sent(): number {
    return this.#sent;
  }

  get isComplete(): boolean {
    return this.#settlements.size === this.#sent;
  }

  /** Sends operations together; the first is number `sent`. */
  send(asks: readonly Ask<unknown>[], onSettled?: (index: number) => void): void {
    const operations: Operation[] = asks.map((ask) => {
      const index = this.#sent++;
      const settle = (outcome: Outcome) => {
        this.order.push(index);
        this.#settlements.set(index, { outcome, isInsideSend: this.#isSending });
        onSettled?.(index);
      };
      const operation = ask(
        (value) => settle({ kind: 'answer', value }),
        (error) => settle({ kind: 'failure', error }),
      );
      this.#keys[index] = operation.key;
      return operation;
    });
    this.#isSending = true;
    this.#connection.send(operations);
    this.#isSending = false;
  }

  outcomeOf(index: number): Outcome {
    const settlement = this.#settlements.get(index);
    assert(settlement !== undefined, `operation ${index} was never settled`);
    return settlement.outcome;
  }

  answerOf(index: number): unknown {
    const outcome = this.outcomeOf(index);
    assert(outcome.kind === 'answer', `operation ${index} failed`);
    return outcome.value;
  }

  failureOf(index: number): CacheError {
    const outcome = this.outcomeOf(index);
    assert(outcome.kind === 'failure', `operation ${index} was answered`);
    return outcome.error;
  }

  /** Everything sent was settled once, in the order sent, and never inside `send`. */
  assertClean(): void {
    const sent = Array.from({ length: this.#sent }, (_, index) => index);
    assert.deepEqual(this.#inOrder(this.order), this.#inOrder(sent));
    for (const [index, { isInsideSend }] of this.#settlements) {
      assert(!isInsideSend, `operation ${index} was settled inside send`);
    }
  }

  /** Indexes as they must follow each other: of all, or of each key. */
  #inOrder(indexes: readonly number[]): ReadonlyMap<string, readonly number[]> {
    const byKey = new Map<string, number[]>();
    for (const index of indexes) {
      const key = this.#keeps === 'key' ? (this.#keys[index] ?? '') : '';
      const others = byKey.get(key);
      if (others === undefined) byKey.set(key, [index]);
      else others.push(index);
    }
    return byKey;
  }
}
