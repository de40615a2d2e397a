/**
 * A connection to a whole Redis Cluster: one connection to each of its masters, every operation on its way to the owner of
 * its slot.
 *
 * Operations on one key take effect and are settled in the order sent; those on keys of different servers are answered as
 * the servers answer, so that one that is slow or dead holds up nobody else's.
 *
 * A server that is lost fails its own operations. It is let in again only in the same life; whatever may have taken the data
 * of a slot back in time (another master, another life of one) ends the connection, and the next one tells another
 * incarnation.
 */

import type { Clock } from '../../../base/clock.js';
import { type CacheError, NodeError } from '../../../errors.js';
import type { Address, Connection, Incarnation, Operation } from '../../driver.js';
import type { RedisConnection } from '../redis-connection.js';
import type { AbandonedServers } from './abandoned-servers.js';
import type { SlotOwners } from './cluster-view.js';
import { ClusterWatch } from './cluster-watch.js';
import type { OpenedServer, OpenServer } from './open-server.js';
import { Router } from './router.js';
import type { Shard } from './shard.js';
import { SilenceWatch } from './silence-watch.js';
import { SlotMap } from './slot-map.js';
import { walkCluster } from './walk-cluster.js';

export interface ClusterConnectionParts {
  readonly id: string;
  readonly incarnation: Incarnation | undefined;
  readonly owners: SlotOwners;
  /** By the names of their servers in the cluster. */
  readonly servers: ReadonlyMap<string, OpenedServer>;
  /** The lives that the incarnation was told with, by the same names. */
  readonly lives: ReadonlyMap<string, string>;
  readonly abandoned: AbandonedServers;
  readonly open: OpenServer;
  readonly byName: boolean;
  readonly clock: Clock;
  readonly silentMs: number;
}

/** What a server that slots are on their way to may take to be connected to. */
const OPEN_LIMIT_MS = 500;

export class ClusterConnection implements Connection {
  readonly id: string;
  readonly incarnation: Incarnation | undefined;
  readonly maxValueBytes = 512 * 1024 * 1024;
  isOpen = true;
  onClose: ((error: CacheError) => void) | undefined = undefined;
  onProgress: (() => void) | undefined = undefined;

  readonly #parts: ClusterConnectionParts;
  readonly #slots: SlotMap;
  readonly #router: Router;
  readonly #watch: ClusterWatch;
  readonly #silence: SilenceWatch;

  constructor(parts: ClusterConnectionParts) {
    const { clock, silentMs, owners, servers, lives, open, byName } = parts;
    this.id = parts.id;
    this.incarnation = parts.incarnation;
    this.#parts = parts;
    this.#slots = new SlotMap(owners, lives);
    this.#silence = new SilenceWatch(clock, silentMs, () => this.#slots.shards);
    this.#watch = new ClusterWatch({
      clock,
      byName,
      open,
      shards: () => this.#slots.shards,
      asked: () => this.#silence.watch(),
      unknownIn: (seen) => this.#slots.unknownIn(seen),
      learned: (seen) => this.#learned(seen),
      reached: (shard, server) => this.#reached(shard, server),
    });
    this.#router = new Router({
      slots: this.#slots,
      sent: () => this.#silence.watch(),
      settled: () => this.onProgress?.(),
      suspect: () => this.#watch.suspect(),
      open: (address) => this.#openNew(address),
      usurped: (error) => this.#lose(error),
    });
    parts.abandoned.began(this.id);
    for (const shard of this.#slots.shards) {
      const server = servers.get(shard.nodeId ?? '');
      if (server !== undefined) this.#attach(shard, server.connection);
    }
    this.#watch.start();
  }

  get owed(): number {
    return this.#router.owed;
  }

  get bytesRead(): number {
    return this.#slots.shards.reduce((sum, shard) => sum + shard.bytesRead, 0);
  }

  send(operations: readonly Operation[]): void {
    this.#router.send(operations);
  }

  destroy(error: CacheError): void {
    this.onClose = undefined;
    this.#lose(error);
  }

  keys(prefix: string): AsyncIterable<string[]> {
    return walkCluster(this.#slots.shards, prefix, this.#parts.byName, () => this.#silence.watch());
  }

  ensureGone(id: string): Promise<boolean> {
    const asked = this.#parts.abandoned.ensureGone(id, this.#slots.shards);
    this.#silence.watch();
    return asked;
  }

  #attach(shard: Shard, connection: RedisConnection): void {
    shard.attach(connection);
    connection.onProgress = () => this.#router.progressed(shard);
    connection.onRefused = (operation, error) => this.#router.redirected(shard, operation, error);
    connection.onEnd = () => this.#parts.abandoned.left(this.id, connection.id);
    connection.onClose = (error) => this.#left(shard, error);
  }

  #left(shard: Shard, error: CacheError): void {
    this.#router.left(shard);
    if (this.#slots.anyOpen === undefined) this.#lose(error);
    else this.#watch.suspect();
  }

  #openNew(address: Address): Shard {
    const shard = this.#slots.add(address);
    void this.#watch.attempt(address, OPEN_LIMIT_MS).then((server) => {
      shard.isOpening = false;
      if (server !== undefined && this.isOpen) {
        shard.nodeId = server.view.nodeId;
        shard.life = server.life;
        this.#attach(shard, server.connection);
      } else {
        server?.connection.destroy(new NodeError('lost', 'it came too late'));
        this.#slots.drop(shard);
      }
      this.#router.opened(shard);
    });
    return shard;
  }

  #learned(owners: SlotOwners): void {
    if (this.#slots.unknownIn(owners).length > 0)
      this.#lose(new NodeError('lost', 'another server owns slots of the cluster now'));
    else this.#slots.fillGaps(owners);
  }

  /** A server that was lost, or missing from the beginning, is there. */
  #reached(shard: Shard, { connection, view, life }: OpenedServer): void {
    const isMeant = view.isMaster && view.nodeId === shard.nodeId;
    // One that was never met before has nothing to go back behind.
    const isSame = life !== undefined && life === (shard.life ?? life);
    if (this.isOpen && isMeant && isSame && connection.isOpen) {
      shard.life = life;
      this.#attach(shard, connection);
    } else connection.destroy(new NodeError('lost', 'it is not what it was'));
    if (isMeant && !isSame) this.#lose(new NodeError('lost', 'a server of the cluster has begun another life'));
  }

  #lose(error: CacheError): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { onClose } = this;
    this.#watch.stop();
    this.#silence.stop();
    for (const shard of this.#slots.shards) {
      shard.connection?.destroy(error);
      shard.detach(() => undefined);
    }
    this.#router.close(error);
    onClose?.(error);
  }
}
