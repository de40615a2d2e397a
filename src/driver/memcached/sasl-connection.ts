/**
 * One connection that speaks the binary protocol, for servers that demand SASL. memjs encodes and decodes; matching is done
 * here: every response must bear the opcode and the opaque of the request at the head, or the connection ends.
 */

import { randomInt } from 'node:crypto';
import { Fifo } from '../../base/fifo.js';
import { type CacheError, NodeError } from '../../errors.js';
import type { Connection, Incarnation, Operation } from '../driver.js';
import { HEADER_BYTES, opcodeOf, operationFrame, RESPONSE_MAGIC, readFrame, requestFrame } from './binary-frames.js';
import { rawExchange } from './binary-raw.js';
import { undoOf } from './counter-repair.js';
import type { Exchange } from './exchange.js';
import { FrameCarry } from './frame-carry.js';
import { LONGEST_KEY_BYTES, MAX_KEY_BYTES } from './key-token.js';
import { LateRefusals } from './late-refusals.js';
import { illegalCount, illegalKey, illegalStore, illegalTtl, refused } from './legality.js';
import type { KnownOutcome } from './owed.js';
import { errorOfText, guessSpeaker } from './server-errors.js';
import { isTtl, type ServerTime } from './server-time.js';
import { settleBinary, settleCount } from './settle-binary.js';
import type { Wire, WireOwner } from './wire.js';

interface Request {
  readonly kind: 'request';
  readonly operation: Operation;
  readonly opcode: number;
}

export class SaslConnection implements Connection, WireOwner {
  /** This protocol does not list connections. */
  readonly id = undefined;
  incarnation: Incarnation | undefined = undefined;
  maxValueBytes: number | undefined = undefined;
  bytesRead = 0;
  isOpen = true;
  onClose: ((error: CacheError) => void) | undefined = undefined;
  onProgress: (() => void) | undefined = undefined;
  /** Largest item the server takes, as far as it told. */
  itemBytes = Number.POSITIVE_INFINITY;
  maxFrameBytes: number;

  readonly #wire: Wire;
  readonly #time: ServerTime;
  readonly #isVerbatim: boolean;
  readonly #owed = new Fifo<Request | Exchange | KnownOutcome>();
  readonly #carry: FrameCarry;
  #opaque = randomInt(2 ** 32);
  #expected = this.#opaque;
  readonly #late = new LateRefusals();

  /** `isVerbatim`: see `MemcachedOptions`. */
  constructor(wire: Wire, time: ServerTime, maxFrameBytes: number, isVerbatim: boolean) {
    this.#isVerbatim = isVerbatim;
    this.#wire = wire;
    this.#time = time;
    this.maxFrameBytes = maxFrameBytes;
    this.#carry = new FrameCarry((bytes, length) => {
      const frame = readFrame(bytes, 0, length, this.maxFrameBytes);
      return frame === undefined ? HEADER_BYTES : frame === 'malformed' ? length : frame.end;
    });
    wire.attach(this);
  }

  get owed(): number {
    return this.#owed.length + this.#late.count;
  }

  send(operations: readonly Operation[]): void {
    if (!this.isOpen) {
      this.#late.refuse(operations);
      return;
    }
    const { sink } = this.#wire;
    sink.cork();
    for (const operation of operations) {
      const raw = operation.kind === 'raw' && this.#isVerbatim ? rawExchange(operation) : undefined;
      if (raw !== undefined && Buffer.byteLength(raw.key) <= this.#maxKeyBytes) {
        this.exchange(raw, raw.key, raw.value);
        continue;
      }
      const opcode = opcodeOf(operation);
      const illegal = opcode === undefined ? unable(operation) : this.#illegal(operation);
      if (illegal !== undefined) {
        this.#owed.push(illegal);
        queueMicrotask(() => this.#settleKnown());
      } else if (opcode !== undefined) {
        this.#owed.push({ kind: 'request', operation, opcode });
        const expiry = 'ttlMs' in operation ? this.#time.expiry(operation.ttlMs) : 0;
        sink.write(operationFrame(operation, opcode, expiry, this.#nextOpaque(), this.#isVerbatim));
      }
    }
    sink.uncork();
  }

  exchange(exchange: Exchange, key: string, value: Buffer): void {
    this.#owed.push(exchange);
    const frame = requestFrame(exchange.opcode, key, Buffer.alloc(0), value, this.#nextOpaque());
    this.#wire.sink.write(frame);
  }

  destroy(error: CacheError): void {
    if (!this.isOpen) return;
    this.onClose = undefined;
    this.#end(error);
  }

  // biome-ignore lint/correctness/useYield: a walk that cannot begin
  async *keys(): AsyncGenerator<string[]> {
    throw new NodeError('rejected', 'the binary protocol of memcached does not list keys');
  }

  async ensureGone(): Promise<boolean> {
    return false;
  }

  received(chunk: Buffer, length: number): void {
    this.bytesRead += length;
    const before = this.#owed.length;
    let at = 0;
    const carry = this.#carry;
    if (carry.isActive) {
      at = carry.fill(chunk, length);
      if (at === -1) return;
      this.#read(carry.bytes, 0, carry.length);
      carry.reset();
    }
    if (this.isOpen && at < length) {
      at = this.#read(chunk, at, length);
      if (this.isOpen && at < length) carry.start(chunk, at, length);
    }
    if (this.isOpen && this.#owed.length < before) this.onProgress?.();
  }

  ended(error: NodeError): void {
    this.#lose(error);
  }

  #illegal(operation: Operation): KnownOutcome | undefined {
    const keyBytes = Buffer.byteLength(operation.key);
    if (keyBytes === 0 || keyBytes > this.#maxKeyBytes) return illegalKey(operation, this.#maxKeyBytes);
    if (operation.kind === 'store') return illegalStore(operation, this.itemBytes);
    if (operation.kind === 'count') return illegalCount(operation);
    return operation.kind === 'touch' && !isTtl(operation.ttlMs) ? illegalTtl(operation) : undefined;
  }

  get #maxKeyBytes(): number {
    return this.#isVerbatim ? LONGEST_KEY_BYTES : MAX_KEY_BYTES;
  }

  #nextOpaque(): number {
    const opaque = this.#opaque;
    this.#opaque = (opaque + 1) >>> 0;
    return opaque;
  }

  /** The position of the first byte that was not consumed. */
  #read(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.isOpen) {
      const frame = readFrame(bytes, at, to, this.maxFrameBytes);
      if (frame === 'malformed') {
        this.#lose(strangeBytes(bytes, at, to));
        return at;
      }
      if (frame === undefined || frame.end > to) return at;
      const head = this.#owed.peek();
      if (
        head === undefined ||
        head.kind === 'known' ||
        head.opcode !== frame.opcode ||
        this.#expected !== frame.opaque
      ) {
        this.#lose(new NodeError('protocol', 'a response that belongs to no request'));
        return at;
      }
      if (head.kind === 'exchange') {
        if (head.take(frame, bytes)) this.#advance();
      } else {
        this.#advance();
        const { operation } = head;
        if (operation.kind === 'count') settleCount(operation, frame, bytes, () => this.send([undoOf(operation)]));
        else settleBinary(operation, frame, bytes, this.#isVerbatim);
      }
      this.#settleKnown();
      at = frame.end;
    }
    return at;
  }

  #advance(): void {
    this.#owed.shift();
    this.#expected = (this.#expected + 1) >>> 0;
  }

  #settleKnown(): void {
    for (let head = this.#owed.peek(); head?.kind === 'known'; head = this.#owed.peek()) {
      this.#owed.shift();
      head.settle();
    }
  }

  #lose(error: CacheError): void {
    if (!this.isOpen) return;
    const { onClose } = this;
    this.#end(error);
    onClose?.(error);
  }

  #end(error: CacheError): void {
    this.isOpen = false;
    this.#wire.reset();
    const owed = [...this.#owed];
    this.#owed.clear();
    for (const entry of owed) (entry.kind === 'exchange' ? entry : entry.operation).fail(error);
  }
}

function unable(operation: Operation): KnownOutcome {
  const what = operation.kind === 'store' ? 'compare-and-set' : operation.kind;
  return refused(operation, `${what} is not to be had over memcached+sasl: the binary protocol tells no time to live`);
}

/** A full or text-only server says so in plain text. */
function strangeBytes(bytes: Buffer, at: number, to: number): NodeError {
  const text = bytes.latin1Slice(at, Math.min(to, at + 64));
  const error =
    bytes[at] !== RESPONSE_MAGIC && text.startsWith('ERROR Too many') ? errorOfText(text.trim(), '') : undefined;
  if (error instanceof NodeError) return error;
  return new NodeError('protocol', `the responses make no sense: ${guessSpeaker(bytes, at, to)}`);
}
