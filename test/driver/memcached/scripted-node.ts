/** A memcached that answers the handshake as a real one does, and everything after it as a test says. */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

export type Script = (socket: Socket, received: string) => void;

const HANDSHAKE: Readonly<Record<string, string>> = {
  stats: 'STAT pid 7\r\nSTAT uptime 40\r\nSTAT time 1700000040\r\nSTAT curr_items 0\r\nEND\r\n',
  'stats settings': 'STAT item_size_max 1048576\r\nEND\r\n',
  mn: 'MN\r\n',
  'stats conns': 'END\r\n',
};

export class ScriptedNode {
  readonly port: number;
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** `script` gets what comes after the handshake; with `isBare`, all that comes. */
  static async start(script: Script, { isBare = false } = {}): Promise<ScriptedNode> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    const node = new ScriptedNode(server, address.port);
    server.on('connection', (socket) => node.#serve(socket, script, isBare));
    return node;
  }

  get address() {
    return { host: '127.0.0.1', port: this.port };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket, script: Script, isBare: boolean): void {
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    let isOpen = isBare;
    let waiting = '';
    socket.on('data', (chunk: Buffer) => {
      if (isOpen) {
        script(socket, chunk.toString('latin1'));
        return;
      }
      waiting += chunk.toString('latin1');
      const lines = waiting.split('\r\n');
      waiting = lines.pop() ?? '';
      for (const line of lines) {
        socket.write(HANDSHAKE[line] ?? 'ERROR\r\n');
        if (line === 'stats conns') isOpen = true;
      }
    });
  }
}

/** The opaques asked for, in order. */
export function opaquesIn(request: string): string[] {
  return [...request.matchAll(/ O(\d+)/g)].map((match) => match[1] ?? '');
}

/** One for each request; a get of `n` finds `n` times `x`, anything else is a miss or a success. */
export function replies(request: string): string[] {
  return [...request.matchAll(/^(m[gsd]) (\S+).*? O(\d+)\r$/gm)].map(([, command, key, opaque]) => {
    if (command !== 'mg') return `HD O${opaque}\r\n`;
    const size = Number(key);
    return Number.isNaN(size) ? `EN O${opaque}\r\n` : `VA ${size} O${opaque}\r\n${'x'.repeat(size)}\r\n`;
  });
}

export async function outcomes(promises: readonly Promise<unknown>[]) {
  return Promise.allSettled(promises);
}
