/**
 * A first-in, first-out queue over a ring of slots: no node per item, no O(n) shift. A slot is emptied as it is read, so
 * the queue pins nothing that left it, and the room a burst took is given back once the queue has run empty.
 */

const INITIAL_SLOTS = 16;
/** Rings larger than this are dropped when they run empty; smaller ones are kept, since refilling them is common. */
const KEPT_SLOTS = 1_024;

export class Fifo<T> {
  #slots: (T | undefined)[] = new Array(INITIAL_SLOTS);
  /** Slots are a power of two, so that `& #mask` wraps an index. */
  #mask = INITIAL_SLOTS - 1;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length > this.#mask) this.#grow();
    this.#slots[(this.#head + this.#length) & this.#mask] = item;
    this.#length++;
  }

  /** Takes the oldest item; `undefined` if there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    if (this.#length === 0 && this.#mask >= KEPT_SLOTS) this.clear();
    return item;
  }

  /** The oldest item, left in place. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  clear(): void {
    this.#slots = new Array(INITIAL_SLOTS);
    this.#mask = INITIAL_SLOTS - 1;
    this.#head = 0;
    this.#length = 0;
  }

  /** Oldest first. Items pushed meanwhile are visited too; shifting meanwhile is not allowed. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let offset = 0; offset < this.#length; offset++) {
      yield this.#slots[(this.#head + offset) & this.#mask] as T;
    }
  }

  #grow(): void {
    const capacity = this.#mask + 1;
    const slots: (T | undefined)[] = new Array(capacity * 2);
    for (let offset = 0; offset < this.#length; offset++) {
      slots[offset] = this.#slots[(this.#head + offset) & this.#mask];
    }
    this.#slots = slots;
    this.#mask = capacity * 2 - 1;
    this.#head = 0;
  }
}
