/**
 * Matches replies to what is owed, in order, reading each chunk in place. Every meta reply must also bear the opaque of the
 * operation at the head: order and opaque agree, or nothing on this connection is believed any more.
 */

import { Fifo } from '../../base/fifo.js';
import { CacheError, NodeError } from '../../errors.js';
import { FrameCarry, UNTIL_NEWLINE } from './frame-carry.js';
import { Listing } from './listing.js';
import { MAX_OPAQUE, MIN_OPAQUE } from './meta-encoder.js';
import type { KnownOutcome, Owed } from './owed.js';
import { endsListing, isListing } from './raw-command.js';
import { EN, INCOMPLETE, NO_OPAQUE, NOT_META, ReplyHeader, VA } from './reply-header.js';
import type { ReplyOwner } from './reply-owner.js';
import { errorOfText, guessSpeaker } from './server-errors.js';
import { readCount, settleMeta, tokenOf } from './settle-meta.js';

const LONGEST_LINE = 8 * 1024;
/** No memcached can be set to larger items. */
const LARGEST_ITEM = 1024 ** 3;
const CR = 13;
const LF = 10;

export class ReplyReader {
  /** Longest value accepted. */
  maxValueBytes: number;
  readonly owed = new Fifo<Owed>();
  private readonly owner: ReplyOwner;
  private readonly header = new ReplyHeader();
  private readonly carry: FrameCarry;
  private opaque: number;
  private isStopped = false;
  private settled = 0;
  private readonly listing = new Listing();

  private readonly isVerbatim: boolean;

  /** `isVerbatim`: see `MemcachedOptions`. */
  constructor(owner: ReplyOwner, firstOpaque: number, maxValueBytes: number, isVerbatim = false) {
    this.owner = owner;
    this.isVerbatim = isVerbatim;
    this.opaque = firstOpaque;
    this.maxValueBytes = maxValueBytes;
    this.carry = new FrameCarry((bytes, length) => this.measure(bytes, length));
  }

  /** Reads a chunk; whether it settled anything. */
  receive(chunk: Buffer, length: number): boolean {
    this.settled = 0;
    let at = 0;
    const { carry } = this;
    if (carry.isActive) {
      at = carry.fill(chunk, length);
      if (at === -1) return false;
      const read = this.read(carry.bytes, 0, carry.length);
      if (!this.isStopped && read === 0) this.doubt('a line without end');
      carry.reset();
    }
    if (!this.isStopped && at < length) {
      at = this.read(chunk, at, length);
      if (!this.isStopped && at < length) carry.start(chunk, at, length);
    }
    return this.settled > 0;
  }

  /** Settles what is known at the head. Synchronous: the order of settling is the order of sending. */
  settleKnown(): void {
    for (;;) {
      const head = this.owed.peek();
      if (head?.kind !== 'known') return;
      this.owed.shift();
      this.owner.known(head);
      if (this.isStopped) return;
    }
  }

  /** Reads nothing more, not even the rest of the chunk at hand. */
  stop(): void {
    this.isStopped = true;
  }

  /** The position of the first byte that was not consumed. */
  private read(bytes: Buffer, from: number, to: number): number {
    const { header, owed } = this;
    let at = from;
    while (at < to) {
      const head = owed.peek();
      if (head === undefined || head.kind === 'known') {
        this.doubt(`bytes that nothing asked for (${guessSpeaker(bytes, at, to)})`);
        return at;
      }
      let next = header.read(bytes, at, to);
      if (next < 0) {
        next = next === NOT_META ? this.readLine(bytes, at, to) : INCOMPLETE;
        if (next === INCOMPLETE || this.isStopped) return at;
        at = next;
        continue;
      }
      const start = next;
      let stop = next;
      if (header.code === VA) {
        stop = start + header.valueLength;
        if (header.valueLength > this.maxValueBytes) {
          this.refuseValue(head, header.valueLength);
          return at;
        }
        if (stop + 2 > to) return at;
        if (bytes[stop] !== CR || bytes[stop + 1] !== LF) {
          this.doubt('a value does not end where it was announced to');
          return at;
        }
        next = stop + 2;
      }
      if (head.kind === 'raw') {
        this.advance();
        const target = this.owner.postponed(head);
        if (target.kind === 'raw')
          target.done(header.code === VA ? Buffer.from(bytes.subarray(start, stop)) : bytes.latin1Slice(at, start - 2));
      } else {
        // Old servers tell a miss without flags.
        if (header.opaque !== this.opaque && (header.code !== EN || header.opaque !== NO_OPAQUE)) {
          this.doubt('a reply belongs to another request');
          return at;
        }
        this.opaque = this.opaque === MAX_OPAQUE ? MIN_OPAQUE : this.opaque + 1;
        this.advance();
        if (head.kind === 'count') {
          const outcome = readCount(head, header, bytes, start, stop);
          if (outcome === false) this.refuteReply(head);
          else this.owner.counted(head, outcome);
        } else {
          const target = this.owner.postponed(head);
          const first = this.isVerbatim && header.code === VA ? header.writeFlags(bytes, start) : start;
          if (!settleMeta(target, header, bytes, first, stop)) this.refuteReply(target);
          else if (head.kind === 'touch' && header.isPlaceholder)
            this.owner.touchedPlaceholder(head.key, tokenOf(header, bytes));
        }
      }
      if (this.isStopped) return next;
      if (owed.peek()?.kind === 'known') this.settleKnown();
      at = next;
    }
    return at;
  }

  /** What is too large concerns the one that asked for it; the others were merely lost. */
  private refuseValue(head: Exclude<Owed, KnownOutcome>, bytes: number): void {
    if (bytes > LARGEST_ITEM) {
      this.doubt(`a value of ${bytes} bytes is announced, more than can be`);
      return;
    }
    const text = `a value of ${bytes} bytes was announced, more than is accepted`;
    const error = new CacheError('ERR_VALUE_TOO_LARGE', text, head.key === '' ? {} : { key: head.key });
    this.advance();
    head.fail(error);
    this.owner.doubt(error, new NodeError('lost', 'given up because of a value too large', { cause: error }));
  }

  private advance(): void {
    this.owed.shift();
    this.settled++;
  }

  private refuteReply(operation: Exclude<Owed, KnownOutcome>): void {
    const error = new NodeError('protocol', `a ${operation.kind} was answered by something else`);
    operation.fail(error);
    if (!this.isStopped) this.owner.doubt(error);
  }

  /** A line that is no meta reply; the position behind it, or `INCOMPLETE`. */
  private readLine(bytes: Buffer, at: number, to: number): number {
    const first = bytes[at] as number;
    if (first <= 0x20 || first >= 0x7f) {
      this.doubt(guessSpeaker(bytes, at, to));
      return at;
    }
    const newline = bytes.indexOf(LF, at);
    if (newline === -1 || newline >= to) {
      if (to - at > LONGEST_LINE) this.doubt('a line without end');
      return INCOMPLETE;
    }
    const stop = bytes[newline - 1] === CR ? newline - 1 : newline;
    this.takeLine(bytes.latin1Slice(at, stop), bytes, at, to);
    if (!this.isStopped) this.settleKnown();
    return newline + 1;
  }

  private takeLine(line: string, bytes: Buffer, at: number, to: number): void {
    const head = this.owed.peek();
    if (head === undefined || head.kind === 'known') return;
    if (/^(?:SERVER_ERROR|CLIENT_ERROR|ERROR)(?: |$)/.test(line)) {
      this.refuse(head, line);
      return;
    }
    if (head.kind !== 'raw') {
      this.doubt(guessSpeaker(bytes, at, to));
      return;
    }
    if (isListing(head) && !endsListing(line)) {
      const wrong = this.listing.add(line);
      if (wrong !== undefined) this.doubt(wrong === 'endless' ? 'a listing without end' : guessSpeaker(bytes, at, to));
      return;
    }
    const lines = this.listing.take();
    const reply = isListing(head) && line === 'END' ? lines : line;
    this.advance();
    const target = this.owner.postponed(head);
    if (target.kind === 'raw') target.done(reply);
  }

  /**
   * An error line answers the head. The connection serves on where that is the whole of the answer: SERVER_ERROR swallows
   * the value of its request, and a raw command or a count is a single line. Any other CLIENT_ERROR or ERROR means that
   * the server has read something else than was sent.
   */
  private refuse(head: Exclude<Owed, KnownOutcome>, line: string): void {
    const error = errorOfText(line, head.key);
    const isInStep =
      line.startsWith('SERVER_ERROR') || head.kind === 'raw' || (head.kind === 'count' && /non-numeric/.test(line));
    const isFatal = error instanceof NodeError && (error.reason === 'too-many-clients' || error.reason === 'auth');
    if (isFatal) {
      this.owner.doubt(error);
      return;
    }
    if (head.kind !== 'raw') this.opaque = this.opaque === MAX_OPAQUE ? MIN_OPAQUE : this.opaque + 1;
    this.listing.take();
    this.advance();
    if (head.kind === 'count') this.owner.counted(head, error);
    else this.owner.postponed(head).fail(error);
    if (!isInStep && !this.isStopped)
      this.owner.doubt(new NodeError('protocol', 'the server did not understand a request on this connection'));
  }

  private doubt(what: string): void {
    this.owner.doubt(new NodeError('protocol', `the replies make no sense: ${what}`));
  }

  private measure(bytes: Buffer, length: number): number {
    const next = this.header.read(bytes, 0, length);
    if (next === INCOMPLETE || (next === NOT_META && bytes[length - 1] !== LF))
      return length > LONGEST_LINE ? length : UNTIL_NEWLINE;
    if (next === NOT_META || this.header.code !== VA || this.header.valueLength > this.maxValueBytes) return length;
    return next + this.header.valueLength + 2;
  }
}
