/**
 * A TCP proxy on loopback that stands between a client and a node and does to their bytes what networks do.
 *
 * Faults of streams (`apply`) hold for every connection, present and future, until healed or replaced; how connections
 * begin (`reject`, `refuse`, `banner`) and end (`fin`, `reset`) has methods of its own. Each can also be done to a single
 * member of `connections`. Random choices follow the seed.
 */

import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { resetSocket } from '../../base/reset-socket.js';
import { type Random, seededRandom } from '../seeded-random.js';
import { LOOPBACK, listenOn, listenOnFreePort } from '../servers/free-port.js';
import { ProxiedConnection } from './proxied-connection.js';
import type { Direction, StreamFault } from './stream-fault.js';

export interface FaultProxyOptions {
  /** Where the node is; or `path`, its unix socket. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  /** @default 1 */
  readonly seed?: number | undefined;
}

type Welcome =
  | { readonly kind: 'pass' }
  | { readonly kind: 'reject'; readonly by: 'fin' | 'reset' }
  | { readonly kind: 'banner'; readonly bytes: Buffer; readonly thenClose: boolean };

const PASS: StreamFault = { kind: 'pass' };

export class FaultProxy {
  readonly host = LOOPBACK;
  readonly port: number;
  readonly #random: Random;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #strangers = new Set<Socket>();
  #server: Server;
  #target: NetConnectOpts;
  #welcome: Welcome = { kind: 'pass' };
  #toNode = PASS;
  #toClient = PASS;
  #accepted = 0;

  private constructor(options: FaultProxyOptions, server: Server, port: number) {
    this.port = port;
    this.#random = seededRandom(options.seed ?? 1);
    this.#target = targetOf(options);
    this.#server = server;
    this.#serve(server);
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const server = newServer();
    return new FaultProxy(options, server, await listenOnFreePort(server));
  }

  /** Open connections, oldest first. */
  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections];
  }

  /** Connections ever accepted, rejected ones included. */
  get accepted(): number {
    return this.#accepted;
  }

  apply(fault: StreamFault, direction: Direction = 'both'): void {
    if (direction !== 'toClient') this.#toNode = fault;
    if (direction !== 'toNode') this.#toClient = fault;
    for (const connection of this.connections) connection.apply(fault, direction);
  }

  /** Ends every connection cleanly towards its client. */
  fin(): void {
    for (const connection of this.connections) connection.fin();
  }

  /** Resets every connection. */
  reset(): void {
    for (const connection of this.connections) connection.reset();
  }

  /** Accepts new connections and ends them at once. */
  reject(by: 'fin' | 'reset' = 'fin'): void {
    this.#welcome = { kind: 'reject', by };
  }

  /** Greets new connections with `bytes` in place of the node, and swallows what they send. */
  banner(bytes: Buffer | string, { thenClose = false } = {}): void {
    this.#welcome = { kind: 'banner', bytes: Buffer.from(bytes), thenClose };
  }

  /** Closes the port: connecting is refused. Connections that are there live on. */
  refuse(): void {
    // The port is free at once; the server's own end waits for its connections.
    if (this.#server.listening) this.#server.close();
  }

  /** New connections go to another node from now on: somebody else has taken over its address. */
  redirect(options: Omit<FaultProxyOptions, 'seed'>): void {
    this.#target = targetOf(options);
  }

  /** Ends every fault, and releases in order what was held back. */
  async heal(): Promise<void> {
    this.#welcome = { kind: 'pass' };
    this.apply(PASS);
    if (this.#server.listening) return;
    this.#server = newServer();
    this.#serve(this.#server);
    await listenOn(this.#server, this.port);
  }

  /** Resets everything and gives up the port. */
  async close(): Promise<void> {
    this.reset();
    for (const socket of this.#strangers) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(server: Server): void {
    server.on('connection', (client) => this.#meet(client));
  }

  #meet(client: Socket): void {
    this.#accepted++;
    const welcome = this.#welcome;
    if (welcome.kind === 'pass') {
      this.#pair(client);
      return;
    }
    client.on('error', () => client.destroy());
    if (welcome.kind === 'reject') {
      if (welcome.by === 'fin') client.destroy();
      else resetSocket(client);
      return;
    }
    this.#strangers.add(client);
    client.on('close', () => this.#strangers.delete(client));
    client.on('end', () => client.destroy());
    client.resume();
    if (welcome.thenClose) client.end(welcome.bytes);
    else client.write(welcome.bytes);
  }

  #pair(client: Socket): void {
    const node = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const forget = (ended: ProxiedConnection) => this.#connections.delete(ended);
    const connection = new ProxiedConnection(this.#accepted, client, node, this.#random, forget);
    this.#connections.add(connection);
    connection.apply(this.#toNode, 'toNode');
    if (connection.isOpen) connection.apply(this.#toClient, 'toClient');
  }
}

function targetOf({ host = LOOPBACK, port, path }: FaultProxyOptions): NetConnectOpts {
  if (path !== undefined) return { path };
  if (port === undefined) throw new TypeError('a fault proxy needs the port or the path of a node');
  return { host, port };
}

function newServer(): Server {
  return createServer({ allowHalfOpen: true, noDelay: true });
}
