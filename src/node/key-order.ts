/**
 * Keeps one key's operations on one node in issue order when lanes differ (rule R1).
 *
 * Within a lane a key always takes the same connection, so order is the wire's own. Only a key with writes outstanding
 * on another lane needs care: its next operations follow those writes into their lane. Such keys are few (large values,
 * repairs, payments), so the common path is one look at an empty map.
 */

import type { OrderedOperation } from './attempts.js';
import type { Lane } from './lane.js';
import type { Pipeline } from './pipeline.js';

interface Stray {
  lane: Lane;
  outstanding: number;
}

export class KeyOrder {
  readonly #strays = new Map<string, Stray>();

  get isQuiet(): boolean {
    return this.#strays.size === 0;
  }

  /** The lane in which the next operation of `key` must travel, if it is not free to choose. */
  laneOf(key: string): Lane | undefined {
    return this.#strays.get(key)?.lane;
  }

  /** Whether a write of the key is on its way. */
  isWriting(key: string, interactive: readonly Pipeline[]): boolean {
    return this.#strays.has(key) || interactive.some((pipeline) => pipeline.hasOutstandingWrite(key));
  }

  /** Rule R1: the lane of an operation, which follows earlier writes of its key into theirs. */
  place(operation: OrderedOperation, wanted: Lane, interactive: readonly Pipeline[]): Lane {
    const { key } = operation;
    let lane = this.laneOf(key);
    if (lane === undefined) {
      if (wanted === 'interactive') return wanted;
      if (interactive.some((pipeline) => pipeline.hasOutstandingWrite(key))) return 'interactive';
      lane = wanted;
    }
    this.began(key, lane);
    operation.offWire = () => {
      operation.offWire = undefined;
      this.ended(key);
    };
    return lane;
  }

  /** A write of `key` goes out by `lane`, which is not the usual one, or follows one that did. */
  began(key: string, lane: Lane): void {
    const stray = this.#strays.get(key);
    if (stray === undefined) this.#strays.set(key, { lane, outstanding: 1 });
    else stray.outstanding++;
  }

  /** That write is off the wire: answered, or its connection is gone. */
  ended(key: string): void {
    const stray = this.#strays.get(key);
    if (stray !== undefined && --stray.outstanding === 0) this.#strays.delete(key);
  }
}
