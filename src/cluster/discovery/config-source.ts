/**
 * The list of nodes that a Memcached configuration endpoint tells (ElastiCache's auto-discovery): `config get cluster`
 * answers a version and `host|ip|port` for each node.
 */

import { connect } from 'node:net';
import type { DiscoverySource, FoundNode } from './source.js';

export interface ConfigEndpoint {
  readonly host: string;
  readonly port: number;
  /** Longest wait for the answer. @default 2_000 */
  readonly timeoutMs?: number | undefined;
}

const MAX_ANSWER = 1_048_576;

export function configSource({ host, port, timeoutMs = 2_000 }: ConfigEndpoint): DiscoverySource {
  return {
    name: `configuration endpoint ${host}:${port}`,
    read: async () => parseConfig(await ask(host, port, timeoutMs)),
  };
}

/** @throws SyntaxError for an answer of another shape */
export function parseConfig(answer: string): FoundNode[] {
  const lines = answer.split('\r\n').flatMap((line) => line.split('\n'));
  const head = lines.findIndex((line) => line.startsWith('CONFIG cluster'));
  const nodes = head < 0 ? undefined : lines[head + 2];
  if (nodes === undefined) throw new SyntaxError('no configuration was answered');
  return nodes
    .trim()
    .split(' ')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [name, address, port] = entry.split('|');
      if (!name || !port || !/^\d+$/.test(port))
        throw new SyntaxError(`not a node of a configuration: ${entry.slice(0, 80)}`);
      return { url: `memcached://${address || name}:${port}`, name: `${name}:${port}` };
    });
}

function ask(host: string, port: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let answer = '';
    const end = (finish: () => void): void => {
      socket.destroy();
      finish();
    };
    socket.setTimeout(timeoutMs, () => end(() => reject(new Error(`no answer within ${timeoutMs} ms`))));
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('close', () => reject(new Error('the connection was closed before the answer was whole')));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('END\r\n') || answer.startsWith('ERROR') || answer.length > MAX_ANSWER)
        end(() => resolve(answer));
    });
    socket.write('config get cluster\r\n');
  });
}
