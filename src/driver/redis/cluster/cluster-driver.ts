/**
 * The driver of a node that is a Redis Cluster: one member of the ring, whatever it is made of.
 *
 * Its incarnation is made of the lives and histories of all masters that own slots: a fail-over of one, or its restart, is a
 * new incarnation of the whole node (rule R6), and none is ever proven empty.
 */

import { createHash, randomUUID } from 'node:crypto';
import type { Connection, ConnectOptions, Driver, Incarnation } from '../../driver.js';
import { REDIS_CAPABILITIES } from '../redis-driver.js';
import { AbandonedServers } from './abandoned-servers.js';
import { ClusterConnection } from './cluster-connection.js';
import type { ClusterDriverOptions } from './cluster-options.js';
import { type ClusterView, ownersIn, type SlotOwners } from './cluster-view.js';
import { openFleet } from './open-fleet.js';
import { type OpenedServer, type OpenServer, serverOpener } from './open-server.js';

const DEFAULT_GRACE_MS = 100;
const DEFAULT_SILENT_MS = 150;

export class ClusterDriver implements Driver {
  readonly kind = 'redis+cluster';
  readonly capabilities = REDIS_CAPABILITIES;
  readonly #options: ClusterDriverOptions;
  readonly #open: OpenServer;
  readonly #abandoned = new AbandonedServers(() => this.#lives.values());
  readonly #name = randomUUID();
  /** Of masters met so far, by their names in the cluster: what they last told of themselves. */
  #lives = new Map<string, string>();
  /** Who owned the slots when last connected. */
  #before: ClusterView | undefined;
  #connections = 0;

  constructor(options: ClusterDriverOptions) {
    this.#options = options;
    this.#open = serverOpener(options);
  }

  async connect({ signal }: ConnectOptions): Promise<Connection> {
    const { hosts, clock, silentMs = DEFAULT_SILENT_MS, graceMs = DEFAULT_GRACE_MS, tls } = this.#options;
    const [open, before] = [this.#open, this.#before];
    const { owners, servers } = await openFleet({ hosts, clock, signal, graceMs, open, before });
    const claims = [...ownersIn(owners).values()];
    this.#before = { nodeId: '', isMaster: false, epoch: 0, isMoving: false, claims: wholeClaims(owners) };
    const lives = new Map<string, string>();
    for (const { nodeId } of claims) {
      const life = servers.get(nodeId)?.life ?? this.#lives.get(nodeId);
      if (life !== undefined) lives.set(nodeId, life);
    }
    this.#lives = lives;
    return new ClusterConnection({
      ...{ owners, servers, lives, clock, silentMs },
      id: `${this.#name}.${++this.#connections}`,
      incarnation: incarnationOf(owners, servers, lives),
      abandoned: this.#abandoned,
      open: this.#open,
      byName: tls !== undefined,
    });
  }
}

/** The same for every connection, and every process, that finds the same servers in the same lives. */
function incarnationOf(
  owners: SlotOwners,
  servers: ReadonlyMap<string, OpenedServer>,
  lives: ReadonlyMap<string, string>,
): Incarnation | undefined {
  for (const { life } of servers.values()) if (life === undefined) return undefined;
  const told = [...ownersIn(owners).keys()].sort().map((nodeId) => `${nodeId} ${lives.get(nodeId) ?? ''}`);
  return { id: createHash('sha256').update(told.join('\n')).digest('base64url').slice(0, 22), isEmpty: false };
}

/** Claims of what each owner holds now, whatever it claimed once. */
function wholeClaims(owners: SlotOwners): ClusterView['claims'] {
  const held = new Map<string, { claim: NonNullable<SlotOwners[number]>; ranges: [number, number][] }>();
  for (const [slot, claim] of owners.entries()) {
    if (claim === undefined) continue;
    const known = held.get(claim.nodeId) ?? { claim, ranges: [] };
    held.set(claim.nodeId, known);
    const last = known.ranges.at(-1);
    if (last !== undefined && last[1] === slot - 1) last[1] = slot;
    else known.ranges.push([slot, slot]);
  }
  return [...held.values()].map(({ claim, ranges }) => ({ ...claim, ranges }));
}
