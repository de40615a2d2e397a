/** Several answers that make one: told when the last has come, or at once that one failed. */

import type { CacheError } from '../../errors.js';
import type { Asker } from './fleet.js';

export class Gather {
  readonly #replies: unknown[];
  readonly #whole: Asker;
  #left: number;

  /** @param count of the answers to come, at least one */
  constructor(count: number, whole: Asker) {
    this.#replies = new Array<unknown>(count);
    this.#whole = whole;
    this.#left = count;
  }

  part(index: number): Asker {
    return {
      replied: (reply) => {
        if (reply instanceof Error) this.#end(() => this.#whole.replied(reply));
        else {
          this.#replies[index] = reply;
          if (this.#left === 1) this.#end(() => this.#whole.replied(this.#replies));
          else this.#left--;
        }
      },
      failed: (error: CacheError) => this.#end(() => this.#whole.failed(error)),
    };
  }

  /** What comes later has nobody to go to. */
  #end(tell: () => void): void {
    if (this.#left <= 0) return;
    this.#left = 0;
    tell();
  }
}
