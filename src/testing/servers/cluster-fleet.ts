/**
 * A Redis Cluster for tests: real processes, the slots shared out evenly, replicas if asked for. It takes some two seconds to
 * form, since a master waits that long before it serves.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { askOnce } from './ask-once.js';
import { LOOPBACK } from './free-port.js';
import { startRedis } from './redis-server.js';
import type { TestServer } from './test-server.js';

export interface ClusterFleetOptions {
  /** @default 3 */
  readonly masters?: number | undefined;
  /** Each follows the master of the same number. @default 0 */
  readonly replicas?: number | undefined;
  /** Servers that are members without slots. @default 0 */
  readonly spares?: number | undefined;
  /** Silence after which servers take one of them for failed. @default 500 */
  readonly nodeTimeoutMs?: number | undefined;
  readonly password?: string | undefined;
  /** TLS and nothing but TLS. Each server has a certificate that it alone trusts: for a cluster of one. @default false */
  readonly tls?: boolean | undefined;
  /** Whether servers refuse everything while slots have no owner. @default false */
  readonly needsAllSlots?: boolean | undefined;
}

const SLOTS = 16_384;
const READY_LIMIT_MS = 60_000;
const POLL_MS = 20;
const TELL_LIMIT_MS = 20_000;
/** A bulk string from its head to its end. */
const WHOLE = /^\$\d+\r\n.*\r\n$/s;

export class ClusterFleet {
  readonly masters: readonly TestServer[];
  readonly replicas: readonly TestServer[];
  readonly spares: readonly TestServer[];
  readonly #greeting: string;

  private constructor(servers: readonly TestServer[], { masters = 3, replicas = 0, password }: ClusterFleetOptions) {
    this.masters = servers.slice(0, masters);
    this.replicas = servers.slice(masters, masters + replicas);
    this.spares = servers.slice(masters + replicas);
    this.#greeting = password === undefined ? '' : `AUTH ${password}\r\n`;
  }

  static async start(options: ClusterFleetOptions = {}): Promise<ClusterFleet> {
    const { masters = 3, replicas = 0, spares = 0 } = options;
    const starting = Array.from({ length: masters + replicas + spares }, () => startMember(options));
    const started = await Promise.allSettled(starting);
    const servers = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    try {
      const failure = started.find((outcome) => outcome.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
      const fleet = new ClusterFleet(servers, options);
      await fleet.#form();
      return fleet;
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop()));
      throw error;
    }
  }

  /** All servers, masters first. */
  get servers(): readonly TestServer[] {
    return [...this.masters, ...this.replicas, ...this.spares];
  }

  get url(): string {
    const scheme = this.masters[0]?.certificate === undefined ? 'redis+cluster' : 'rediss+cluster';
    return `${scheme}://${this.masters.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  }

  /** Sends one command past every client, and answers what came back until `isEnough`. */
  async tell(server: TestServer, command: string, isEnough: RegExp = /^[+:-].*\r\n$|\r\n$/): Promise<string> {
    const target = { host: server.host, port: server.port, tls: server.certificate !== undefined };
    const greeted = this.#greeting === '' ? 0 : '+OK\r\n'.length;
    const question = `${this.#greeting}${command}\r\n`;
    const answer = await askOnce(target, question, (text) => isEnough.test(text.slice(greeted)), TELL_LIMIT_MS);
    if (answer === undefined) throw new Error(`${server.url} did not answer ${command}`);
    return answer.slice(greeted);
  }

  async nodeId(server: TestServer): Promise<string> {
    return /[0-9a-f]{40}/.exec(await this.tell(server, 'CLUSTER MYID', /[0-9a-f]{40}\r\n$/))?.[0] ?? '';
  }

  /** Moves the slot with all its keys. `halfway` runs while it is on its way, before the first key is. */
  async moveSlot(slot: number, from: TestServer, to: TestServer, halfway = async (): Promise<void> => undefined) {
    const [source, target] = await Promise.all([this.nodeId(from), this.nodeId(to)]);
    await this.#must(to, `CLUSTER SETSLOT ${slot} IMPORTING ${source}`);
    await this.#must(from, `CLUSTER SETSLOT ${slot} MIGRATING ${target}`);
    await halfway();
    for (;;) {
      const listed = await this.tell(from, `CLUSTER GETKEYSINSLOT ${slot} 100`, /^\*\d+\r\n(\$\d+\r\n.*\r\n)*$/);
      const keys = [...listed.matchAll(/\$\d+\r\n(.*)\r\n/g)].map((match) => match[1] ?? '');
      if (keys.length === 0) break;
      await this.tell(from, `MIGRATE ${to.host} ${to.port} "" 0 1000 KEYS ${keys.join(' ')}`);
    }
    const others = [...this.masters, ...this.spares].filter((server) => server !== to && server !== from);
    for (const server of [to, from, ...others].filter(({ isRunning }) => isRunning))
      await this.#must(server, `CLUSTER SETSLOT ${slot} NODE ${target}`);
    // Its new number must be known before another move, or the server that it comes from keeps the higher one.
    const epoch = (text: string): string => new RegExp(`^${target}( \\S+){5} (\\d+)`, 'm').exec(text)?.[2] ?? '';
    const own = epoch(await this.tell(to, 'CLUSTER NODES', WHOLE));
    await this.until('all know of the move', 'CLUSTER NODES', (text) => epoch(text) === own);
  }

  /** Resolves once `isSo` holds of what every server that runs tells. */
  async until(what: string, command: string, isSo: (text: string) => boolean): Promise<void> {
    const end = performance.now() + READY_LIMIT_MS;
    for (const server of this.servers.filter(({ isRunning }) => isRunning))
      while (!isSo(await this.tell(server, command, WHOLE))) {
        if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
        await sleep(POLL_MS);
      }
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  async #form(): Promise<void> {
    const { masters, servers, replicas } = this;
    const share = Math.ceil(SLOTS / masters.length);
    for (const [i, server] of servers.entries()) {
      await this.#must(server, `CLUSTER SET-CONFIG-EPOCH ${i + 1}`);
      const last = Math.min(SLOTS, (i + 1) * share) - 1;
      if (i < masters.length) await this.#must(server, `CLUSTER ADDSLOTSRANGE ${i * share} ${last}`);
    }
    const [first] = servers;
    for (const { host, port } of servers.slice(1))
      await this.#must(first as TestServer, `CLUSTER MEET ${host} ${port}`);
    const all = (text: string): boolean =>
      text.match(/connected/g)?.length === servers.length && !/handshake/.test(text);
    await this.until('the servers know each other', 'CLUSTER NODES', all);
    for (const [i, replica] of replicas.entries())
      await this.#must(replica, `CLUSTER REPLICATE ${await this.nodeId(masters[i] as TestServer)}`);
    await this.until('the cluster serves', 'CLUSTER INFO', (text) => text.includes('cluster_state:ok'));
    const follow = (text: string): boolean =>
      text.match(/ slave /g)?.length === replicas.length || replicas.length === 0;
    await this.until('the replicas follow', 'CLUSTER NODES', (text) => follow(text.replace(/myself,/g, '')));
    for (const replica of replicas)
      while (!/master_link_status:up/.test(await this.tell(replica, 'INFO replication', /repl_backlog_histlen.*\r\n/)))
        await sleep(POLL_MS);
  }

  async #must(server: TestServer, command: string): Promise<void> {
    const answer = await this.tell(server, command);
    if (!answer.startsWith('+OK')) throw new Error(`${command}: ${answer}`);
  }
}

function startMember({
  nodeTimeoutMs = 500,
  password,
  tls,
  needsAllSlots = false,
}: ClusterFleetOptions): Promise<TestServer> {
  const secret = password === undefined ? [] : ['--masterauth', password];
  return startRedis({
    password,
    tls,
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-announce-ip', LOOPBACK],
      ...['--cluster-node-timeout', `${nodeTimeoutMs}`, '--repl-diskless-sync-delay', '0'],
      ...['--cluster-require-full-coverage', needsAllSlots ? 'yes' : 'no', ...secret],
      ...['--tls-cluster', tls === true ? 'yes' : 'no'],
      // Else a master becomes a replica when its last slot leaves it.
      ...['--cluster-allow-replica-migration', 'no'],
    ],
  });
}
