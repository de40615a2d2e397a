/**
 * Requests gathered byte by byte in one buffer and written by one call per `flush`.
 *
 * Measured: writing the characters of a key while checking them costs half of building a string and encoding that. The
 * buffer serves again as soon as the socket has passed its bytes on, which it mostly has when `write` returns. A base class
 * rather than a part, for the same reason: fields of its own object are what the encoder touches for every character.
 */

/** A socket, or what writes to it. */
export interface RequestSink {
  /** Bytes taken and not yet passed on: until then they must not change. */
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
  write(bytes: Buffer): unknown;
}

const INITIAL_BYTES = 16 * 1024;
const KEPT_BYTES = 256 * 1024;
/** Values from here on are not copied but handed to the socket as they are. */
const UNCOPIED_BYTES = 16 * 1024;

const CR = 13;
const LF = 10;

export abstract class RequestBuffer {
  protected bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  protected length = 0;
  /** What precedes `bytes` in order: large values, and the requests between them. */
  private pieces: Buffer[] = [];
  private pieceStart = 0;
  private requestStart = 0;
  private readonly pieceBytes: number;

  /**
   * No piece is longer than `pieceBytes`, unless it is a single request or a part of one; and none holds the end of one
   * request and the beginning of another that is not whole. See RecordWriter for who needs that.
   */
  constructor(pieceBytes = Number.POSITIVE_INFINITY) {
    this.pieceBytes = pieceBytes;
  }

  flush(to: RequestSink): void {
    this.align();
    if (this.pieces.length > 0) {
      this.cut(this.length);
      to.cork();
      for (const piece of this.pieces) to.write(piece);
      to.uncork();
      this.pieces = [];
    } else if (this.length > 0) to.write(this.bytes.subarray(0, this.length));
    // Bytes that the socket still holds must not change: leave it this buffer and take another.
    if (to.writableLength > 0 || this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.length = 0;
    this.pieceStart = 0;
    this.requestStart = 0;
  }

  /** Begins a request that takes at most `size` bytes, values not counted. */
  protected open(size: number): void {
    this.align();
    this.room(size);
    this.requestStart = this.length;
  }

  /** Takes back the request begun last. */
  protected drop(): void {
    this.length = this.requestStart;
  }

  /** A whole number from 0. */
  protected number(value: number): void {
    if (value > 0x7fffffff) {
      this.ascii(String(value));
      return;
    }
    let digits = 1;
    for (let bound = 10; bound <= value; bound *= 10) digits++;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const tenth = (rest / 10) | 0;
      this.bytes[at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.length += digits;
  }

  /** One byte a character. */
  protected ascii(text: string): void {
    this.length += this.bytes.latin1Write(text, this.length);
  }

  protected lineBreak(): void {
    this.bytes[this.length++] = CR;
    this.bytes[this.length++] = LF;
  }

  /** A value and its line break, the end of a request. */
  protected value(value: Buffer | string): void {
    if (typeof value === 'string') {
      this.room(value.length + 2);
      this.ascii(value);
      this.lineBreak();
      return;
    }
    if (value.length < UNCOPIED_BYTES) {
      this.room(value.length + 2);
      this.bytes.set(value, this.length);
      this.length += value.length;
      this.lineBreak();
      return;
    }
    const isAligned = this.pieceBytes !== Number.POSITIVE_INFINITY;
    if (isAligned) this.cut(this.requestStart);
    this.cut(this.length);
    this.pieces.push(value);
    this.lineBreak();
    if (isAligned) this.cut(this.length);
  }

  /** At the end of a request. */
  private align(): void {
    if (this.length - this.pieceStart <= this.pieceBytes) return;
    this.cut(this.requestStart);
    if (this.length - this.pieceStart > this.pieceBytes) this.cut(this.length);
  }

  /** Ends the piece under construction at `end`. */
  private cut(end: number): void {
    if (end > this.pieceStart) this.pieces.push(this.bytes.subarray(this.pieceStart, end));
    this.pieceStart = Math.max(this.pieceStart, end);
  }

  private room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    // Pieces cut so far keep the old buffer.
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length - this.pieceStart + count));
    this.length = this.bytes.copy(grown, 0, this.pieceStart, this.length);
    this.requestStart = Math.max(0, this.requestStart - this.pieceStart);
    this.pieceStart = 0;
    this.bytes = grown;
  }
}
