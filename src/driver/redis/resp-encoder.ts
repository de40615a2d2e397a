/**
 * Requests to RESP, gathered so that one `send` is one write.
 *
 * Text is gathered in one string of one byte a character, which costs less than any buffer of its own. Where values come as
 * buffers, text and values alternate and are laid into one buffer: copying a small value costs less than a further
 * element of a vectored write. Values of COPY_LIMIT bytes and more go out uncopied.
 */

import type { Writable } from 'node:stream';

const COPY_LIMIT = 16_384;
/** Heads of bulk strings by length, ready made: most keys and values are short. */
const HEADS = Array.from({ length: 1_024 }, (_, length) => `$${length}\r\n`);
/** The same behind the end of another. */
const NEXT_HEADS = HEADS.map((head) => `\r\n${head}`);

function headOf(length: number): string {
  return HEADS[length] ?? `$${length}\r\n`;
}

function nextHeadOf(length: number): string {
  return NEXT_HEADS[length] ?? `\r\n$${length}\r\n`;
}

/** Its UTF-8, one byte a character: mostly itself. */
function utf8AsLatin1(word: string): string {
  return Buffer.byteLength(word) === word.length ? word : Buffer.from(word, 'utf8').latin1Slice();
}

export class RespEncoder {
  /** Text since the last value, one byte a character. */
  #text = '';
  /** What precedes #text: text, value, text, value … */
  #parts: (string | Buffer)[] = [];

  begin(argumentCount: number): void {
    this.#text += `*${argumentCount}\r\n`;
  }

  /** ASCII text that is already RESP. */
  literal(resp: string): void {
    this.#text += resp;
  }

  argument(word: string | Buffer): void {
    if (typeof word === 'string') this.text(word);
    else this.value(word);
  }

  text(word: string): void {
    this.latin1(utf8AsLatin1(word));
  }

  /** A word of one byte a character. */
  latin1(word: string): void {
    this.#text += `${headOf(word.length)}${word}\r\n`;
  }

  /**
   * A whole command of a key and a word of one byte a character, between `head` and `tail`, which begins with the end of
   * that word. Every piece added is an object to be made and collected: five here, twice as many piece by piece.
   */
  keyed(head: string, key: string, word: string, tail: string): void {
    const plain = utf8AsLatin1(key);
    this.#text += head + headOf(plain.length) + plain + nextHeadOf(word.length) + word + tail;
  }

  /** The word, and the word once more with each suffix, which is ASCII. */
  withSuffixes(word: string, suffixes: readonly string[]): void {
    const plain = utf8AsLatin1(word);
    this.latin1(plain);
    for (const suffix of suffixes) this.#text += `${headOf(plain.length + suffix.length)}${plain}${suffix}\r\n`;
  }

  /** `tail` begins with the end of the value. */
  value(bytes: Buffer, tail = '\r\n'): void {
    this.literal(headOf(bytes.length));
    this.#parts.push(this.#text, bytes);
    this.#text = tail;
  }

  /** Writes all that was gathered, and is empty again. */
  writeTo(stream: Writable): void {
    if (this.#parts.length === 0) stream.write(this.#text, 'latin1');
    else this.#writeParts(stream);
    this.#parts = [];
    this.#text = '';
  }

  #writeParts(stream: Writable): void {
    this.#parts.push(this.#text);
    let copied = 0;
    let hasLarge = false;
    for (const part of this.#parts) {
      if (typeof part === 'string' || part.length < COPY_LIMIT) copied += part.length;
      else hasLarge = true;
    }
    const block = Buffer.allocUnsafe(copied);
    if (hasLarge) stream.cork();
    let written = 0;
    let end = 0;
    for (const part of this.#parts) {
      if (typeof part === 'string') {
        end += block.latin1Write(part, end);
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
