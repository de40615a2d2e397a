/**
 * A master, a replica of it and three sentinels for tests: real processes that fail over within a second or two.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askOnce } from './ask-once.js';
import { LOOPBACK } from './free-port.js';
import { type RedisServerOptions, startRedis } from './redis-server.js';
import { makeServerDirectory, ServerProcess } from './server-process.js';
import type { TestServer } from './test-server.js';

export interface SentinelFleetOptions {
  /** Silence after which a sentinel takes a server for down. @default 300 */
  readonly downAfterMs?: number | undefined;
  /** Of master and replica. */
  readonly password?: string | undefined;
  readonly sentinelPassword?: string | undefined;
}

const NAME = 'mymaster';
const SENTINELS = 3;
const READY_LIMIT_MS = 60_000;
const POLL_MS = 20;
const TELL_LIMIT_MS = 20_000;
/** Sentinels find each other, and hear of the replica, at these intervals; the defaults are seconds. */
const HASTE = 'SENTINEL DEBUG PUBLISH-PERIOD 100 INFO-PERIOD 100 ASK-PERIOD 100\r\n';

export class SentinelFleet {
  readonly masterName = NAME;
  /** The master first. */
  readonly servers: readonly TestServer[];
  readonly sentinels: readonly TestServer[];
  readonly #greeting: string;

  private constructor(servers: readonly TestServer[], sentinels: readonly TestServer[], greeting: string) {
    this.servers = servers;
    this.sentinels = sentinels;
    this.#greeting = greeting;
  }

  static async start(options: SentinelFleetOptions = {}): Promise<SentinelFleet> {
    const { password, sentinelPassword } = options;
    const started: TestServer[] = [];
    const noted = async (starting: Promise<TestServer>): Promise<TestServer> => {
      const server = await starting;
      started.push(server);
      return server;
    };
    try {
      const master = await noted(startServer({ password }));
      const replica = await noted(startServer({ password, args: ['--replicaof', `${LOOPBACK} ${master.port}`] }));
      const starting = Array.from({ length: SENTINELS }, () => noted(startSentinel(master.port, options)));
      const sentinels = await Promise.all(starting);
      const greeting = sentinelPassword === undefined ? '' : `AUTH ${sentinelPassword}\r\n`;
      const fleet = new SentinelFleet([master, replica], sentinels, greeting);
      await Promise.all(sentinels.map((sentinel) => fleet.#tell(sentinel, HASTE, /\+OK\r\n$/)));
      await fleet.#until(
        (text) => /num-slaves\r\n\$1\r\n1\r\n/.test(text) && /num-other-sentinels\r\n\$1\r\n2\r\n/.test(text),
      );
      return fleet;
    } catch (error) {
      await Promise.all(started.map((server) => server.stop()));
      throw error;
    }
  }

  get url(): string {
    return `redis+sentinel://${this.sentinels.map(({ host, port }) => `${host}:${port}`).join(',')}/${NAME}`;
  }

  /** Port of the master that the sentinel tells. */
  async masterPort(sentinel = this.sentinels[0] as TestServer): Promise<number> {
    const text = await this.#tell(sentinel, `SENTINEL GET-MASTER-ADDR-BY-NAME ${NAME}\r\n`, /\$\d+\r\n\d+\r\n$/);
    return Number(/(\d+)\r\n$/.exec(text)?.[1]);
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }

  async #until(isSo: (details: string) => boolean): Promise<void> {
    const end = performance.now() + READY_LIMIT_MS;
    for (const sentinel of this.sentinels)
      while (!isSo(await this.#tell(sentinel, `SENTINEL MASTER ${NAME}\r\n`, /parallel-syncs\r\n\$1\r\n1\r\n$/))) {
        if (performance.now() > end) throw new Error('the sentinels do not find each other and the replica');
        await sleep(POLL_MS);
      }
  }

  async #tell(sentinel: TestServer, command: string, until: RegExp): Promise<string> {
    const answer = await askOnce(sentinel, this.#greeting + command, (text) => until.test(text), TELL_LIMIT_MS);
    if (answer === undefined) throw new Error(`a sentinel did not answer ${command.trim()}`);
    return answer;
  }
}

function startServer({ password, args = [] }: RedisServerOptions): Promise<TestServer> {
  const secret = password === undefined ? [] : ['--masterauth', password];
  return startRedis({ password, args: ['--repl-diskless-sync-delay', '0', ...secret, ...args] });
}

async function startSentinel(masterPort: number, options: SentinelFleetOptions): Promise<TestServer> {
  const { downAfterMs = 300, password, sentinelPassword } = options;
  const directory = await makeServerDirectory('redis');
  const file = join(directory, 'sentinel.conf');
  const lines = [
    `sentinel monitor ${NAME} ${LOOPBACK} ${masterPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${NAME} 3000`,
    `sentinel parallel-syncs ${NAME} 1`,
  ];
  if (password !== undefined) lines.push(`sentinel auth-pass ${NAME} ${password}`);
  if (sentinelPassword !== undefined) lines.push(`requirepass ${sentinelPassword}`);
  await writeFile(file, `${lines.join('\n')}\n`);
  const greeting = sentinelPassword === undefined ? '' : `AUTH ${sentinelPassword}\r\n`;
  return ServerProcess.start({
    kind: 'redis',
    binary: 'redis-server',
    directory,
    url: (port) => `redis://${LOOPBACK}:${port}`,
    args: (port) => [file, '--sentinel', '--port', `${port}`, '--bind', LOOPBACK, '--dir', directory],
    answers: async (port, pid) => {
      const target = { host: LOOPBACK, port };
      const answer = await askOnce(target, `${greeting}INFO server\r\n`, (text) => /process_id:\d+/.test(text));
      return answer !== undefined && Number(/process_id:(\d+)/.exec(answer)?.[1]) === pid;
    },
  });
}
