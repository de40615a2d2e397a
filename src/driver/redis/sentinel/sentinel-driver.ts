/**
 * The driver of a node behind sentinels: every connection leads to the server that is master when it opens, and that says so
 * itself.
 *
 * A fail-over ends its connections: the sentinels cut those of both servers, a dead one is gone anyway, and for a process
 * that notices neither they are asked once a second while a connection is open. Each fail-over is a new incarnation of the
 * node, told by the server's life and its history of writes, and never one that is proven empty (rule R6): another server
 * of the fleet may hold what this one has lost.
 */

import type { Timer } from '../../../base/clock.js';
import { NodeError } from '../../../errors.js';
import type { Address, Connection, ConnectOptions, Driver } from '../../driver.js';
import { learnFacts, openConnection } from '../open-connection.js';
import type { RedisConnection } from '../redis-connection.js';
import { REDIS_CAPABILITIES } from '../redis-driver.js';
import type { SentinelDriverOptions } from './sentinel-options.js';
import { type MasterSighting, Sentinels } from './sentinels.js';

const WATCH_MS = 1_000;
const WATCH_LIMIT_MS = 900;

export class SentinelDriver implements Driver {
  readonly kind = 'redis+sentinel';
  readonly capabilities = REDIS_CAPABILITIES;
  readonly #options: SentinelDriverOptions;
  readonly #sentinels: Sentinels;
  readonly #open = new Map<RedisConnection, MasterSighting>();
  #connecting = 0;
  #timer: Timer | undefined;
  #watching: AbortController | undefined;

  constructor(options: SentinelDriverOptions) {
    const { sentinels, sentinel, masterName, clock, lookup } = options;
    this.#options = options;
    this.#sentinels = new Sentinels({
      masterName,
      clock,
      sentinels: sentinels.map((address) => ({
        address,
        credentials: sentinel?.credentials,
        tls: sentinel?.tls,
        lookup,
        // They are asked beside the data: nobody waits for them alone.
        unref: true,
      })),
    });
  }

  async connect({ signal }: ConnectOptions): Promise<Connection> {
    this.#connecting++;
    try {
      const sighting = await this.#sentinels.findMaster(signal);
      const options = { ...this.#options, address: sighting.address };
      const connection = await openConnection(options, signal, (opened) => this.#introduce(opened, sighting.address));
      if (connection.isOpen) this.#watch(connection, sighting);
      return connection;
    } finally {
      this.#connecting--;
      this.#rest();
    }
  }

  async #introduce(connection: RedisConnection, { host, port }: Address): Promise<void> {
    const { runId, historyId, role: told, isClustered } = await learnFacts(connection);
    if (isClustered)
      throw new NodeError('cluster', 'the master is part of a Redis Cluster: name it with redis+cluster://');
    const role = told ?? String((await askRole(connection))[0]);
    if (role !== 'master')
      throw new NodeError('read-only', `sentinels name ${host}:${port} as the master, but it says that it is none`);
    if (runId !== undefined) connection.incarnation = { id: `${runId} ${historyId ?? ''}`, isEmpty: false };
  }

  #watch(connection: RedisConnection, sighting: MasterSighting): void {
    this.#open.set(connection, sighting);
    connection.onEnd = () => {
      this.#open.delete(connection);
      this.#rest();
    };
    this.#timer ??= this.#options.clock.setTimer(() => void this.#look(), WATCH_MS);
  }

  /** Ends connections to a server that was master until a later fail-over. */
  async #look(): Promise<void> {
    const { clock, masterName } = this.#options;
    const watching = new AbortController();
    this.#watching = watching;
    const limit = clock.setTimer(() => watching.abort(), WATCH_LIMIT_MS);
    const seen = await this.#sentinels.findMaster(watching.signal).catch(() => undefined);
    limit.cancel();
    this.#timer = undefined;
    const error = new NodeError('lost', `another server has become the master ${masterName}`);
    for (const [connection, { address, epoch }] of [...this.#open])
      if (seen !== undefined && seen.epoch > epoch && !isSame(seen.address, address)) connection.lose(error);
    if (this.#open.size > 0) this.#timer = clock.setTimer(() => void this.#look(), WATCH_MS);
  }

  /** Nothing is kept while nobody uses it. */
  #rest(): void {
    if (this.#connecting > 0 || this.#open.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#watching?.abort();
    this.#sentinels.close();
  }
}

function isSame(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}

/** For a server that does not tell its role by INFO. */
async function askRole(connection: RedisConnection): Promise<readonly unknown[]> {
  const reply = await connection.ask(['ROLE']);
  return Array.isArray(reply) ? reply : [];
}
