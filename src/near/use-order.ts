/**
 * The order in which slots were last used: a circle of slot numbers through slot 0, which is none, so that adding, removing
 * and making one the newest cost a few stores and no object.
 */

export class UseOrder {
  /** `#newer[0]` is the oldest, `#older[0]` the newest. */
  readonly #newer: Int32Array;
  readonly #older: Int32Array;

  /** Of the slots 1 to `slots`, none of which is in use. */
  constructor(slots: number) {
    this.#newer = new Int32Array(slots + 1);
    this.#older = new Int32Array(slots + 1);
  }

  /** 0 when none is in use. */
  get oldest(): number {
    return this.#newer[0] as number;
  }

  /** As the newest. */
  add(slot: number): void {
    const newest = this.#older[0] as number;
    this.#older[slot] = newest;
    this.#newer[slot] = 0;
    this.#newer[newest] = slot;
    this.#older[0] = slot;
  }

  remove(slot: number): void {
    const older = this.#older[slot] as number;
    const newer = this.#newer[slot] as number;
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }

  makeNewest(slot: number): void {
    if (this.#older[0] === slot) return;
    this.remove(slot);
    this.add(slot);
  }
}
