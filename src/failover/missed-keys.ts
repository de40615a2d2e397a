/**
 * Keys that were written while another node stood in for the primary: whatever it holds of them is out of date, and is
 * deleted there before it takes over again, so that other processes do not meet it either (this one has its floors).
 *
 * Bounded: past 100,000 keys further ones are only counted.
 */

const MAX_KEYS = 100_000;

export class MissedKeys {
  readonly #max: number;
  readonly #keys = new Set<string>();
  /** Writes of keys for which there was no room. */
  forgotten = 0;

  constructor(max = MAX_KEYS) {
    this.#max = max;
  }

  get count(): number {
    return this.#keys.size;
  }

  add(key: string): void {
    if (this.#keys.size < this.#max) this.#keys.add(key);
    else if (!this.#keys.has(key)) this.forgotten++;
  }

  /** All of them, of which it holds none from here on. */
  take(): string[] {
    const keys = [...this.#keys];
    this.#keys.clear();
    return keys;
  }
}
