/** Builds one whole reply, nested arrays included, from the elements the parser tells. Bulk strings become Buffers of their own. */

import type { CacheError } from '../../errors.js';
import { errorOfReply } from './redis-errors.js';

export type Reply = Buffer | string | number | null | CacheError | Reply[];

const MAX_DEPTH = 32;

export class ReplyCollector {
  readonly #open: { readonly items: Reply[]; left: number }[] = [];

  /** Takes an element; answers the reply once it is whole, `undefined` before. */
  add(element: Reply): Reply | undefined {
    let done = element;
    for (;;) {
      const parent = this.#open.at(-1);
      if (parent === undefined) return done;
      parent.items.push(done);
      if (--parent.left > 0) return undefined;
      this.#open.pop();
      done = parent.items;
    }
  }

  addError(text: string): Reply | undefined {
    return this.add(errorOfReply(text));
  }

  beginArray(count: number): Reply | undefined {
    if (count === 0) return this.add([]);
    if (this.#open.length >= MAX_DEPTH) throw new Error('a reply is nested too deep');
    this.#open.push({ items: [], left: count });
    return undefined;
  }
}
