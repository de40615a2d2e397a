/**
 * One connection through the fault proxy: a socket from the client, one to the node, and a faulty stream each way.
 */

import type { Socket } from 'node:net';
import { resetSocket } from '../../base/reset-socket.js';
import type { Random } from '../seeded-random.js';
import { FaultyStream } from './faulty-stream.js';
import type { Direction, StreamFault } from './stream-fault.js';

export class ProxiedConnection {
  /** Counts the connections of the proxy from 1. */
  readonly id: number;
  readonly #client: Socket;
  readonly #node: Socket;
  readonly #toNode: FaultyStream;
  readonly #toClient: FaultyStream;
  readonly #onEnd: (connection: ProxiedConnection) => void;
  #hasEnded = false;

  constructor(
    id: number,
    client: Socket,
    node: Socket,
    random: Random,
    onEnd: (connection: ProxiedConnection) => void,
  ) {
    this.id = id;
    this.#client = client;
    this.#node = node;
    this.#onEnd = onEnd;
    const reset = () => this.reset();
    this.#toNode = new FaultyStream(client, node, random, reset);
    this.#toClient = new FaultyStream(node, client, random, reset);
    for (const socket of [client, node]) {
      socket.on('error', reset);
      // A clean close comes after both ends; anything earlier has come with an error.
      socket.on('close', () => {
        if (client.destroyed && node.destroyed) this.#end();
      });
    }
  }

  get isOpen(): boolean {
    return !this.#hasEnded;
  }

  get bytesToNode(): number {
    return this.#toNode.passedBytes;
  }

  get bytesToClient(): number {
    return this.#toClient.passedBytes;
  }

  /** Replaces the fault in force; a fault of the whole proxy applied later replaces this one. */
  apply(fault: StreamFault, direction: Direction = 'both'): void {
    if (direction !== 'toClient') this.#toNode.apply(fault);
    if (direction !== 'toNode' && this.isOpen) this.#toClient.apply(fault);
  }

  /** The client sees a clean end where replies should come; the node sees a reset. */
  fin(): void {
    this.#stop();
    resetSocket(this.#node);
    this.#client.resume();
    this.#client.once('end', () => this.#client.destroy());
    this.#client.end();
  }

  /** RST both ways. */
  reset(): void {
    if (this.#hasEnded) return;
    this.#stop();
    resetSocket(this.#client);
    resetSocket(this.#node);
    this.#end();
  }

  #stop(): void {
    this.#toNode.close();
    this.#toClient.close();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stop();
    this.#onEnd(this);
  }
}
