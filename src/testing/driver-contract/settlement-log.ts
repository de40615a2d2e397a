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
  readonly #settlements = new Map<number, Settlement>();
  #isSending = false;
  #sent = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
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
      return ask(
        (value) => settle({ kind: 'answer', value }),
        (error) => settle({ kind: 'failure', error }),
      );
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
    assert.deepEqual(
      this.order,
      Array.from({ length: this.#sent }, (_, index) => index),
    );
    for (const [index, { isInsideSend }] of this.#settlements) {
      assert(!isInsideSend, `operation ${index} was settled inside send`);
    }
  }
}
