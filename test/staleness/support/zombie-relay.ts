/**
 * A relay between cache and node whose connections can be frozen and outlive their client: what a kernel does with bytes
 * that it has taken from a client that has since reset the connection, for a node that is stopped. Thawed, they land.
 *
 * Connections made while others are frozen pass; that is the order of events which a stopped node shows only by luck.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { LOOPBACK, listenOnFreePort } from '../../../src/testing/servers/free-port.js';

class Pair {
  readonly #client: Socket;
  readonly #node: Socket;
  #held: Buffer[] | undefined;
  #isOrphaned = false;

  constructor(client: Socket, node: Socket) {
    this.#client = client;
    this.#node = node;
    client.on('data', (bytes: Buffer) => {
      if (this.#held === undefined) node.write(bytes);
      else this.#held.push(bytes);
    });
    node.on('data', (bytes: Buffer) => {
      if (!this.#isOrphaned && this.#held === undefined) client.write(bytes);
    });
    client.on('error', () => undefined);
    node.on('error', () => undefined);
    client.on('close', () => {
      this.#isOrphaned = true;
      if (this.#held === undefined) node.destroy();
    });
    node.on('close', () => client.destroy());
  }

  get heldBytes(): number {
    return this.#held?.reduce((sum, { length }) => sum + length, 0) ?? 0;
  }

  get isOrphaned(): boolean {
    return this.#isOrphaned;
  }

  freeze(): void {
    this.#held ??= [];
  }

  thaw(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) this.#node.write(bytes);
    if (this.#isOrphaned) this.#node.end();
  }

  destroy(): void {
    this.#client.destroy();
    this.#node.destroy();
  }
}

export class ZombieRelay {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: Pair[] = [];

  private constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => {
      this.#pairs.push(new Pair(client, connect({ host: LOOPBACK, port: target, noDelay: true })));
    });
  }

  static async start(target: number): Promise<ZombieRelay> {
    const server = createServer({ noDelay: true });
    const port = await listenOnFreePort(server);
    return new ZombieRelay(server, port, target);
  }

  /** Bytes that wait on connections whose client has given them up. */
  get orphanedBytes(): number {
    return this.#pairs.reduce((sum, pair) => sum + (pair.isOrphaned ? pair.heldBytes : 0), 0);
  }

  /** From now on nothing passes on the connections that there are. */
  freeze(): void {
    for (const pair of this.#pairs) pair.freeze();
  }

  /** What waits lands. */
  thaw(): void {
    for (const pair of this.#pairs) pair.thaw();
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
