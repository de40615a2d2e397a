/** Two servers that share the slots of a cluster as a script says, and answer commands when a test lets them. */

import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/base/clock.js';
import { ClusterDriver } from '../../../../src/driver/redis/cluster/cluster-driver.js';
import { CacheError } from '../../../../src/errors.js';
import { PromisedConnection } from '../../../../src/testing/promised-connection.js';
import { listenOnFreePort } from '../../../../src/testing/servers/free-port.js';

const HOST = '127.0.0.1';

export class ScriptedServer {
  readonly nodeId: string;
  port = 0;
  /** What it says of the cluster. */
  view: () => string = () => '';
  /** Commands other than those of the handshake, not answered yet, and all that ever came. */
  readonly waiting: string[] = [];
  readonly received: string[] = [];
  #socket: Socket | undefined;

  constructor(nodeId: string) {
    this.nodeId = nodeId.repeat(40);
  }

  async listen(): Promise<void> {
    const server = createServer((socket) => {
      this.#socket = socket;
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        for (const command of chunk.toString().split(/(?=\*\d+\r\n)/)) {
          const words = [...command.matchAll(/\$\d+\r\n(.*)\r\n/g)].map(([, word]) => word);
          this.#take(words.join(' '));
        }
      });
    });
    this.port = await listenOnFreePort(server);
    onTestFinished(() => void server.close());
  }

  /** Answers the oldest command that waits. */
  answer(reply: string): void {
    this.waiting.shift();
    this.#socket?.write(`${reply}\r\n`);
  }

  #take(command: string): void {
    const reply = this.#handshake(command);
    if (reply === undefined) {
      this.received.push(command);
      this.waiting.push(command);
    } else this.#socket?.write(reply);
  }

  #handshake(command: string): string | undefined {
    if (command === 'CLIENT ID') return ':7\r\n';
    if (command === 'DBSIZE') return ':0\r\n';
    if (command === 'INFO') return bulk(`redis_mode:cluster\r\nrun_id:${this.nodeId}\r\nrole:master\r\n`);
    return command === 'CLUSTER NODES' ? bulk(this.view()) : undefined;
  }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** Of `a` and `b` the first owns all slots but the last, and `b` the last. */
export async function scriptedPair() {
  const [a, b] = [new ScriptedServer('a'), new ScriptedServer('b')];
  await Promise.all([a.listen(), b.listen()]);
  for (const self of [a, b])
    self.view = () =>
      [a, b]
        .map((server, i) => {
          const flags = server === self ? 'myself,master' : 'master';
          const slots = i === 0 ? '0-16382' : '16383';
          return `${server.nodeId} ${HOST}:${server.port}@1 ${flags} - 0 0 ${i + 1} connected ${slots}\n`;
        })
        .join('');
  const driver = new ClusterDriver({
    hosts: [{ host: HOST, port: a.port }],
    clock: systemClock,
    silentMs: 5_000,
    graceMs: 1_500,
  });
  const connection = await driver.connect({ signal: AbortSignal.timeout(20_000) });
  onTestFinished(() => connection.destroy(new CacheError('ERR_CLOSED', 'the test is over')));
  return { a, b, call: new PromisedConnection(connection) };
}
