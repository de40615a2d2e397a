/**
 * Builds one whole reply, nested arrays included, from the elements the parser tells. Bulk strings become Buffers of their
 * own. A reply that takes more memory than the largest value, and some, throws: its end may never come.
 */

import type { CacheError } from '../../errors.js';

export type Reply = Buffer | string | number | null | CacheError | Reply[];

const MAX_DEPTH = 32;
/** What an element takes beside its bytes, roughly. */
const ELEMENT_BYTES = 64;
/** What a reply may take beside a value: no step of a walk over the keys comes near it. */
const OTHER_BYTES = 16 * 1024 * 1024;

export class ReplyCollector {
  readonly #maxBytes: number;
  readonly #open: { readonly items: Reply[]; left: number }[] = [];
  #heldBytes = 0;

  constructor(maxValueBytes: number) {
    this.#maxBytes = maxValueBytes + OTHER_BYTES;
  }

  /** Takes an element; answers the reply once it is whole, `undefined` before. */
  add(element: Reply): Reply | undefined {
    this.#heldBytes += ELEMENT_BYTES + (Buffer.isBuffer(element) ? element.length : 0);
    if (this.#heldBytes > this.#maxBytes) throw new Error('a reply takes more memory than is accepted');
    let done = element;
    for (;;) {
      const parent = this.#open.at(-1);
      if (parent === undefined) {
        this.#heldBytes = 0;
        return done;
      }
      parent.items.push(done);
      if (--parent.left > 0) return undefined;
      this.#open.pop();
      done = parent.items;
    }
  }

  beginArray(count: number): Reply | undefined {
    if (count === 0) return this.add([]);
    if (this.#open.length >= MAX_DEPTH) throw new Error('a reply is nested too deep');
    this.#open.push({ items: [], left: count });
    return undefined;
  }
}
