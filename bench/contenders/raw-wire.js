/**
 * What the raw limits have in common: a socket, the promises that wait on it in order, and one write a tick.
 *
 * This is no client. It knows that keys are ASCII, that servers answer and that nothing fails; no client can be faster
 * by much without leaving out the promise or the string of each call.
 */

import { once } from 'node:events';
import { connect } from 'node:net';

export class RawWire {
  /**
   * @param {(bytes: Buffer, at: number, settle: (reply: unknown) => void) => number} parse reads one reply at `at`, and
   *   returns where the next begins, or -1 if the reply is not complete
   */
  constructor(socket, parse) {
    this.socket = socket;
    this.parse = parse;
    this.waiting = [];
    this.first = 0;
    this.out = '';
    this.rest = undefined;
    this.flush = () => {
      const { out } = this;
      this.out = '';
      socket.write(out, 'latin1');
    };
    this.settle = (reply) => {
      const resolve = this.waiting[this.first];
      this.waiting[this.first++] = undefined;
      if (this.first === this.waiting.length) this.waiting.length = this.first = 0;
      resolve(reply);
    };
    socket.on('data', (bytes) => this.receive(bytes));
  }

  /** @returns {Promise<unknown>} the reply to `request`, which leaves with all others of this tick. */
  ask(request) {
    if (this.out === '') process.nextTick(this.flush);
    this.out += request;
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  receive(bytes) {
    const all = this.rest === undefined ? bytes : Buffer.concat([this.rest, bytes]);
    let at = 0;
    while (at < all.length) {
      const next = this.parse(all, at, this.settle);
      if (next < 0) break;
      at = next;
    }
    this.rest = at < all.length ? all.subarray(at) : undefined;
  }
}

/** @returns {Promise<import('node:net').Socket[]>} */
export function connectAll(nodes) {
  return Promise.all(
    nodes.map(async ({ host, port }) => {
      const socket = connect({ host, port, noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
}

export function closeAll(wires) {
  for (const { socket } of wires) socket.destroy();
}

const ZERO = 48;
const LF = 10;
const CR = 13;

/** Where the line that begins at `at` ends (its CR), -1 if its LF is not there yet. */
export function endOfLine(bytes, at) {
  for (let i = at; i + 1 < bytes.length; i++) if (bytes[i] === CR && bytes[i + 1] === LF) return i;
  return -1;
}

/** The decimal number in `bytes[from, to)`. */
export function numberIn(bytes, from, to) {
  const isNegative = bytes[from] === 45;
  let number = 0;
  for (let i = isNegative ? from + 1 : from; i < to; i++) number = number * 10 + bytes[i] - ZERO;
  return isNegative ? -number : number;
}
