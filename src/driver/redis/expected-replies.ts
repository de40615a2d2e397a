/** The replies a connection is owed, in the order in which they come. */

import type { Operation } from '../driver.js';

/** Operations of one `send` that await replies: as one MGET, or one reply each. `next` is the first not yet settled. */
export interface Expected {
  readonly operations: readonly Operation[];
  readonly isMget: boolean;
  next: number;
  readonly end: number;
}

/** Settled entries are dropped so many at a time: shifting each would move all that follow. */
const DROP_AT = 1_024;

export class ExpectedReplies {
  #entries: Expected[] = [];
  #head = 0;

  get first(): Expected | undefined {
    return this.#entries[this.#head];
  }

  push(expected: Expected): void {
    this.#entries.push(expected);
  }

  /** One operation of the first entry has been settled. */
  advance(expected: Expected): void {
    if (++expected.next < expected.end) return;
    this.#head++;
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = 0;
    } else if (this.#head === DROP_AT) {
      this.#entries.splice(0, DROP_AT);
      this.#head = 0;
    }
  }

  /** All operations not yet settled; nothing is expected then. */
  drain(): Operation[] {
    const owed = this.#entries.slice(this.#head).flatMap(({ operations, next, end }) => operations.slice(next, end));
    this.#entries = [];
    this.#head = 0;
    return owed;
  }
}
