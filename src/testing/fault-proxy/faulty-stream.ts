/**
 * One direction of a proxied connection: reads a socket, does to the bytes what its fault says, writes another socket.
 *
 * It keeps TCP's manners: bytes in order, an end after the last of them, and no more than a bounded amount in between; a
 * target that does not read stops the source, as it would without a proxy.
 */

import type { Socket } from 'node:net';
import type { Random } from '../seeded-random.js';
import { alter, type StreamFault } from './stream-fault.js';

interface Piece {
  bytes: Buffer;
  dueAt: number;
}

const MOST_QUEUED_BYTES = 256 * 1024;
const BANDWIDTH_TICK_MS = 10;
const PASS: StreamFault = { kind: 'pass' };

export class FaultyStream {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #random: Random;
  readonly #onLimit: () => void;
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #passedBytes = 0;
  #fault: StreamFault = PASS;
  /** Bytes that came since the fault was applied. */
  #seen = 0;
  #isMuted = false;
  /** Bytes that may still go before a wait, where the fault has one. */
  #budget = Number.POSITIVE_INFINITY;
  #hasEnded = false;
  #isClosed = false;
  #wait: { cancel(): void } | undefined;

  /** `onLimit` is called once the bytes that a `limit` allows have been handed to the kernel. */
  constructor(source: Socket, target: Socket, random: Random, onLimit: () => void) {
    this.#source = source;
    this.#target = target;
    this.#random = random;
    this.#onLimit = onLimit;
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('end', () => {
      this.#hasEnded = true;
      this.#pump();
    });
    target.on('drain', () => this.#pump());
  }

  get passedBytes(): number {
    return this.#passedBytes;
  }

  apply(fault: StreamFault): void {
    this.#fault = fault;
    this.#seen = 0;
    this.#isMuted = false;
    this.#wait?.cancel();
    this.#wait = undefined;
    this.#budget = portionOf(fault);
    if (fault.kind === 'limit' && fault.bytes <= 0) this.#onLimit();
    // What is still here counts as coming now.
    const held = this.#queue.splice(0);
    this.#queuedBytes = 0;
    for (const piece of held) this.#take(piece.bytes);
    this.#pump();
  }

  /** Passes nothing on any more. */
  close(): void {
    this.#isClosed = true;
    this.#wait?.cancel();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }

  #take(bytes: Buffer): void {
    if (this.#isClosed) return;
    const fault = this.#fault;
    if (fault.kind === 'mute' && fault.holds(bytes)) this.#isMuted = true;
    const altered = alter(fault, bytes, this.#seen);
    this.#seen += bytes.length;
    this.#queue.push({ bytes: altered, dueAt: this.#dueAt() });
    this.#queuedBytes += altered.length;
    this.#pump();
  }

  /** Never before the piece ahead of it. */
  #dueAt(): number {
    if (this.#fault.kind !== 'latency') return 0;
    const { ms, jitterMs = 0 } = this.#fault;
    const ahead = this.#queue.at(-1)?.dueAt ?? 0;
    return Math.max(ahead, performance.now() + ms + jitterMs * this.#random());
  }

  /** Writes what may be written now, and sees to it that it is called again when more may. */
  #pump(): void {
    if (this.#isClosed) return;
    const isHolding = this.#fault.kind === 'hold' || this.#isMuted;
    while (!isHolding && this.#wait === undefined && !this.#target.writableNeedDrain) {
      const piece = this.#queue[0];
      if (piece === undefined) break;
      const delayMs = piece.dueAt - performance.now();
      if (delayMs > 0) this.#pumpIn(delayMs);
      else this.#write(piece);
    }
    if (isHolding || this.#queuedBytes > MOST_QUEUED_BYTES) this.#source.pause();
    else this.#source.resume();
    if (this.#hasEnded && this.#queue.length === 0 && !isHolding) this.#target.end();
  }

  #write(piece: Piece): void {
    const bytes = piece.bytes.subarray(0, this.#budget);
    if (bytes.length < piece.bytes.length) piece.bytes = piece.bytes.subarray(bytes.length);
    else this.#queue.shift();
    this.#queuedBytes -= bytes.length;
    this.#passedBytes += bytes.length;
    const fault = this.#fault;
    const isAtLimit = fault.kind === 'limit' && this.#queue.length === 0 && this.#seen >= fault.bytes;
    this.#target.write(bytes, isAtLimit ? this.#onLimit : undefined);
    this.#budget -= bytes.length;
    if (this.#budget > 0) return;
    if (fault.kind === 'slicer') this.#pumpSoon();
    else this.#pumpIn(BANDWIDTH_TICK_MS);
  }

  #pumpIn(delayMs: number): void {
    const timer = setTimeout(() => this.#carryOn(), delayMs);
    this.#wait = { cancel: () => clearTimeout(timer) };
  }

  #pumpSoon(): void {
    const immediate = setImmediate(() => this.#carryOn());
    this.#wait = { cancel: () => clearImmediate(immediate) };
  }

  #carryOn(): void {
    this.#wait = undefined;
    this.#budget = portionOf(this.#fault);
    this.#pump();
  }
}

/** Bytes that may go before the next wait. */
function portionOf(fault: StreamFault): number {
  if (fault.kind === 'slicer') return Math.max(1, fault.size);
  if (fault.kind !== 'bandwidth') return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.round((fault.bytesPerSecond * BANDWIDTH_TICK_MS) / 1000));
}
