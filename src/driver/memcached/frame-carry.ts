/**
 * Holds the one frame that the end of a chunk cut in two until the next chunks complete it. Only that frame is copied, each
 * byte once and into a buffer of its final size, so that a value of any size is collected in linear time.
 */

/** What `measure` answers when only the next line break will tell. */
export const UNTIL_NEWLINE = -1;

const KEPT_BYTES = 64 * 1024;
const LF = 10;

export class FrameCarry {
  bytes: Buffer = Buffer.allocUnsafe(0);
  length = 0;
  readonly #measure: (bytes: Buffer, length: number) => number;

  /** `measure` tells how many bytes the frame takes in all, as far as its beginning tells; `length` if it is complete. */
  constructor(measure: (bytes: Buffer, length: number) => number) {
    this.#measure = measure;
  }

  get isActive(): boolean {
    return this.length > 0;
  }

  /** Keeps an incomplete frame. */
  start(chunk: Buffer, from: number, to: number): void {
    this.#append(chunk, from, to);
  }

  /** Takes from a chunk what the frame lacks. The position behind it, or -1 if the frame lacks more than there was. */
  fill(chunk: Buffer, to: number): number {
    let from = 0;
    for (;;) {
      const wanted = this.#measure(this.bytes, this.length);
      if (wanted === this.length) return from;
      if (from === to) return -1;
      let stop: number;
      if (wanted === UNTIL_NEWLINE) {
        const newline = chunk.indexOf(LF, from);
        stop = newline === -1 || newline >= to ? to : newline + 1;
      } else {
        this.#room(wanted);
        stop = Math.min(to, from + wanted - this.length);
      }
      this.#append(chunk, from, stop);
      from = stop;
    }
  }

  reset(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafe(0);
  }

  #append(chunk: Buffer, from: number, to: number): void {
    this.#room(this.length + to - from);
    this.length += chunk.copy(this.bytes, this.length, from, to);
  }

  #room(size: number): void {
    if (size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(size, Math.min(2 * this.bytes.length, KEPT_BYTES), 256));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
