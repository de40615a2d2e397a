/**
 * What a connection to an in-process node has sent and the node has not yet executed: batches, oldest first.
 */

export interface Batch<Item> {
  readonly items: readonly Item[];
  /** By the monotonic clock; 0 for at once. */
  readonly dueAt: number;
  /** Index of the first item not yet executed. */
  next: number;
  /** Bytes of the replies still on their way, once a slow node has begun to answer. */
  bytesToCome: number | undefined;
}

interface Link<Item> extends Batch<Item> {
  after: Link<Item> | undefined;
}

export class MemoryInbox<Item> {
  #head: Link<Item> | undefined;
  #tail: Link<Item> | undefined;

  get head(): Batch<Item> | undefined {
    return this.#head;
  }

  get tail(): Batch<Item> | undefined {
    return this.#tail;
  }

  push(items: readonly Item[], dueAt: number): void {
    const link: Link<Item> = { items, dueAt, next: 0, bytesToCome: undefined, after: undefined };
    if (this.#tail === undefined) this.#head = link;
    else this.#tail.after = link;
    this.#tail = link;
  }

  shift(): void {
    this.#head = this.#head?.after;
    if (this.#head === undefined) this.#tail = undefined;
  }

  clear(): void {
    this.#head = undefined;
    this.#tail = undefined;
  }

  /** Items not yet executed, oldest first. */
  pending(): Item[] {
    const items: Item[] = [];
    for (let link = this.#head; link !== undefined; link = link.after) {
      for (const item of link.items.slice(link.next)) items.push(item);
    }
    return items;
  }
}
