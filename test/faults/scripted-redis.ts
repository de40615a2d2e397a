/** A Redis that shakes hands as a real one does, and answers everything else as a test says. Counts what it was asked. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listenOnFreePort } from '../../src/testing/servers/free-port.js';

/** The reply in RESP; `undefined` says nothing at all. */
export type RedisScript = (words: readonly string[]) => string | undefined;

export interface ScriptedRedis {
  readonly host: string;
  readonly port: number;
  /** Commands received after the handshake, in order, their words apart by spaces. */
  readonly commands: string[];
  /** Connections accepted so far. */
  readonly accepted: number;
  script: RedisScript;
  info: string;
}

export const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
/** MGET finds nothing, everything else went well. */
export const agreeable: RedisScript = ([command, ...rest]) =>
  command === 'MGET' ? `*${rest.length}\r\n${'$-1\r\n'.repeat(rest.length)}` : '+OK\r\n';

export async function startScriptedRedis(script: RedisScript = agreeable): Promise<ScriptedRedis> {
  const sockets = new Set<Socket>();
  const commands: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    node.accepted++;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let waiting = '';
    socket.on('data', (bytes: Buffer) => {
      waiting += bytes.toString('latin1');
      for (let request = firstOf(waiting); request !== undefined; request = firstOf(waiting)) {
        waiting = waiting.slice(request.length);
        const { words } = request;
        const known = handshake(words, node.info);
        if (known === undefined) commands.push(words.join(' '));
        const reply = known ?? node.script(words);
        if (reply !== undefined) socket.write(reply, 'latin1');
      }
    });
  });
  const port = await listenOnFreePort(server);
  const node = { host: '127.0.0.1', port, commands, accepted: 0, script, info: 'run_id:1\r\nloading:0\r\n' };
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return node;
}

function handshake([command, argument]: readonly string[], info: string): string | undefined {
  if (command === 'CLIENT' && argument === 'ID') return ':7\r\n';
  if (command === 'INFO') return bulk(info);
  if (command === 'DBSIZE') return ':0\r\n';
  return undefined;
}

/** The first whole request in `text`, and how long it is. */
function firstOf(text: string): { readonly words: string[]; readonly length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  const words: string[] = [];
  let at = head[0].length;
  for (let left = Number(head[1]); left > 0; left--) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 16));
    if (size === null) return undefined;
    const start = at + size[0].length;
    at = start + Number(size[1]) + 2;
    if (at > text.length) return undefined;
    words.push(text.slice(start, at - 2));
  }
  return { words, length: at };
}
