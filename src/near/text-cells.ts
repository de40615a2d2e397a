/**
 * A cell for each slot of a store, in which short text lies one byte a character.
 *
 * Memory is taken a page of cells at a time, and a page goes when none of its slots is in use any more: counted page by page,
 * `bytes` is what it all takes, however the slots in use are strewn over the pages.
 */

const CELL_BYTES = 256;
/** What a page takes beside its cells, as every Buffer does; measured on Node 20. */
const BUFFER_OVERHEAD_BYTES = 176;
/** A page has 2^10 slots at the most, and fewer where it would be much of all that may be taken. */
const MAX_PAGE_SHIFT = 10;
const LEAST_PAGES = 64;

/** Longer text needs memory of its own. */
export const MAX_CELL_TEXT = CELL_BYTES;

export class TextCells {
  /** What the pages take. */
  bytes = 0;
  readonly #shift: number;
  readonly #mask: number;
  #pages: (Buffer | undefined)[] = [];
  /** Of each page, how many of its slots are in use, with text in their cells or without. */
  #inUse: number[] = [];
  /** The page that went last: one key that is written and deleted in turn must not take memory each time. */
  #spare: Buffer | undefined;

  /** @param maxBytes what may be taken by these cells and everything beside them */
  constructor(maxBytes: number) {
    const wanted = Math.floor(Math.log2(maxBytes / LEAST_PAGES / CELL_BYTES));
    this.#shift = Math.max(0, Math.min(MAX_PAGE_SHIFT, wanted));
    this.#mask = 2 ** this.#shift - 1;
  }

  /** A slot comes into use; its cell holds nothing yet. */
  use(slot: number): void {
    const page = slot >> this.#shift;
    this.#inUse[page] = (this.#inUse[page] ?? 0) + 1;
  }

  /** A slot goes out of use. */
  free(slot: number): void {
    const page = slot >> this.#shift;
    const left = (this.#inUse[page] as number) - 1;
    this.#inUse[page] = left;
    const emptied = this.#pages[page];
    if (left > 0 || emptied === undefined) return;
    this.#pages[page] = undefined;
    this.bytes -= emptied.length + BUFFER_OVERHEAD_BYTES;
    this.#spare = emptied;
  }

  /** `text` of at most `MAX_CELL_TEXT` characters, all below 256, into the cell of a slot in use. */
  write(slot: number, text: string): void {
    const page = this.#pages[slot >> this.#shift] ?? this.#take(slot >> this.#shift);
    page.latin1Write(text, (slot & this.#mask) * CELL_BYTES);
  }

  /** The first `length` characters of what was written there. */
  read(slot: number, length: number): string | undefined {
    const at = (slot & this.#mask) * CELL_BYTES;
    return this.#pages[slot >> this.#shift]?.latin1Slice(at, at + length);
  }

  /** Of slots none of which is in use: all memory goes. */
  clear(): void {
    this.bytes = 0;
    this.#pages = [];
    this.#inUse = [];
    this.#spare = undefined;
  }

  #take(page: number): Buffer {
    const taken = this.#spare ?? Buffer.allocUnsafeSlow(CELL_BYTES << this.#shift);
    this.#spare = undefined;
    this.#pages[page] = taken;
    this.bytes += taken.length + BUFFER_OVERHEAD_BYTES;
    return taken;
  }
}
