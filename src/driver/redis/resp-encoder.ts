/**
 * Requests to RESP, gathered so that one `send` is one write.
 *
 * Requests without values are one string. Otherwise text and values alternate and are laid into one buffer: copying a
 * small value costs less than a further element of a vectored write. Values of COPY_LIMIT bytes and more go out uncopied.
 */

import type { Writable } from 'node:stream';

const COPY_LIMIT = 16_384;
/** Heads of bulk strings by length, ready made: most keys and values are short. */
const HEADS = Array.from({ length: 1_024 }, (_, length) => `$${length}\r\n`);

function headOf(length: number): string {
  return HEADS[length] ?? `$${length}\r\n`;
}

export class RespEncoder {
  /** Text since the last value. */
  #text = '';
  /** What precedes #text: text, value, text, value … */
  #parts: (string | Buffer)[] = [];
  /** Bytes of all text so far, and whether each character of it is one byte. */
  #textBytes = 0;
  #isAscii = true;

  begin(argumentCount: number): void {
    this.literal(`*${argumentCount}\r\n`);
  }

  /** ASCII text that is already RESP. */
  literal(resp: string): void {
    this.#text += resp;
    this.#textBytes += resp.length;
  }

  argument(word: string | Buffer): void {
    if (typeof word === 'string') this.text(word);
    else this.value(word);
  }

  text(word: string): void {
    const length = Buffer.byteLength(word);
    const head = headOf(length);
    if (length !== word.length) this.#isAscii = false;
    this.#text += `${head}${word}\r\n`;
    this.#textBytes += head.length + length + 2;
  }

  /** The word, and the word once more with each suffix, which is ASCII. */
  withSuffixes(word: string, suffixes: readonly string[]): void {
    const length = Buffer.byteLength(word);
    if (length !== word.length) this.#isAscii = false;
    let added = `${headOf(length)}${word}\r\n`;
    for (const suffix of suffixes) added += `${headOf(length + suffix.length)}${word}${suffix}\r\n`;
    this.#text += added;
    this.#textBytes += added.length + (length - word.length) * (suffixes.length + 1);
  }

  value(bytes: Buffer): void {
    this.literal(headOf(bytes.length));
    this.#parts.push(this.#text, bytes);
    this.#text = '';
    this.literal('\r\n');
  }

  /** Writes all that was gathered, and is empty again. */
  writeTo(stream: Writable): void {
    if (this.#parts.length === 0) stream.write(this.#text, this.#isAscii ? 'latin1' : 'utf8');
    else this.#writeParts(stream);
    this.#parts = [];
    this.#text = '';
    this.#textBytes = 0;
    this.#isAscii = true;
  }

  #writeParts(stream: Writable): void {
    this.#parts.push(this.#text);
    let copied = this.#textBytes;
    let hasLarge = false;
    for (let i = 1; i < this.#parts.length; i += 2) {
      const length = this.#parts[i]?.length ?? 0;
      if (length < COPY_LIMIT) copied += length;
      else hasLarge = true;
    }
    const block = Buffer.allocUnsafe(copied);
    if (hasLarge) stream.cork();
    let written = 0;
    let end = 0;
    for (const part of this.#parts) {
      if (typeof part === 'string') {
        end += this.#isAscii ? block.latin1Write(part, end) : block.utf8Write(part, end);
      } else if (part.length < COPY_LIMIT) {
        block.set(part, end);
        end += part.length;
      } else {
        stream.write(block.subarray(written, end));
        stream.write(part);
        written = end;
      }
    }
    stream.write(written === 0 ? block : block.subarray(written, end));
    if (hasLarge) stream.uncork();
  }
}
