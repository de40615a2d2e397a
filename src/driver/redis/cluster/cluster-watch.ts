/**
 * Asks servers of a cluster, in the background, who owns its slots: one of them every two seconds, all of them at once where
 * something speaks for a change; and tries to reach owners that are not connected.
 */

import { onAbort } from '../../../base/abort.js';
import type { Clock, Timer } from '../../../base/clock.js';
import { NodeError } from '../../../errors.js';
import type { Address } from '../../driver.js';
import { type Claim, type ClusterView, mergeViews, type SlotOwners } from './cluster-view.js';
import { type OpenedServer, type OpenServer, readView, VIEW_QUESTION } from './open-server.js';
import type { Shard } from './shard.js';

export interface WatchParts {
  readonly clock: Clock;
  readonly byName: boolean;
  readonly open: OpenServer;
  readonly shards: () => readonly Shard[];
  /** Servers have been asked something. */
  readonly asked: () => void;
  /** Those of these owners that are not known yet. */
  readonly unknownIn: (owners: SlotOwners) => readonly Claim[];
  /** Most of the servers connected agree on these owners. */
  readonly learned: (owners: SlotOwners) => void;
  /** A server that was not connected has answered. */
  readonly reached: (shard: Shard, server: OpenedServer) => void;
}

const LOOK_MS = 2_000;
/** From a suspicion to the look, and the least time between two looks, which doubles while they bring nothing. */
const SOON_MS = 20;
const REST_MS = 200;
const OPEN_LIMIT_MS = 500;

export class ClusterWatch {
  readonly #parts: WatchParts;
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;
  #isLooking = false;
  #isSuspicious = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #turn = 0;
  /** Looks in a row that left somebody unreached. */
  #fruitless = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#hasGaps) this.suspect();
    else this.#schedule(LOOK_MS);
  }

  /** Something speaks for a change. */
  suspect(): void {
    if (this.#isSuspicious) return;
    this.#isSuspicious = true;
    if (!this.#isLooking) this.#scheduleSoon();
  }

  /** Connects to a server within a time, and while this is not stopped; `undefined` if that cannot be done. */
  async attempt(address: Address, limitMs: number): Promise<OpenedServer | undefined> {
    const { clock, open } = this.#parts;
    const attempt = new AbortController();
    const giveUp = (): void => attempt.abort();
    const limit = clock.setTimer(giveUp, limitMs);
    const stopListening = onAbort(this.#stopped.signal, giveUp);
    if (this.#isStopped) giveUp();
    try {
      return await open(address, attempt.signal);
    } catch {
      return undefined;
    } finally {
      limit.cancel();
      stopListening();
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#stopped.abort();
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  get #hasGaps(): boolean {
    return this.#parts.shards().some((shard) => !shard.isOpen);
  }

  #scheduleSoon(): void {
    const sinceMs = this.#parts.clock.now() - this.#lookedAt;
    const restMs = Math.min(LOOK_MS, REST_MS * 2 ** Math.min(this.#fruitless, 4));
    this.#schedule(Math.max(SOON_MS, restMs - sinceMs));
  }

  #schedule(ms: number): void {
    this.#timer?.cancel();
    if (!this.#isStopped) this.#timer = this.#parts.clock.setTimer(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    const { unknownIn, learned, shards } = this.#parts;
    this.#isLooking = true;
    this.#lookedAt = this.#parts.clock.now();
    const open = shards().filter(({ isOpen }) => isOpen);
    const isThorough = this.#isSuspicious || this.#hasGaps;
    this.#isSuspicious = false;
    const asked = isThorough ? open : open.slice(this.#turn % open.length).slice(0, 1);
    this.#turn++;
    const told = asked.map((shard) => this.#viewOf(shard));
    this.#parts.asked();
    const views = (await Promise.all(told)).filter((view) => view !== undefined);
    if (this.#isStopped) return;
    const owners = mergeViews(views);
    if (isThorough) learned(await this.#confirmed(views, owners));
    else if (unknownIn(owners).length > 0) this.suspect();
    if (this.#isStopped) return;
    const gaps = isThorough ? shards().filter((shard) => !shard.isOpen && !shard.isOpening) : [];
    await Promise.all(gaps.map((shard) => this.#reach(shard)));
    this.#isLooking = false;
    this.#fruitless = this.#hasGaps ? this.#fruitless + 1 : 0;
    if (this.#isSuspicious || this.#hasGaps) this.#scheduleSoon();
    else this.#schedule(LOOK_MS);
  }

  /** What others say of an owner that is new to us may be out of date: it is asked itself. */
  async #confirmed(views: readonly ClusterView[], owners: SlotOwners): Promise<SlotOwners> {
    const unknown = this.#parts.unknownIn(owners);
    if (unknown.length === 0) return owners;
    const asked = await Promise.all(unknown.map(({ address }) => this.attempt(address, OPEN_LIMIT_MS)));
    const told = asked.filter((server) => server !== undefined);
    for (const { connection } of told) connection.destroy(new NodeError('lost', 'it has told what it should'));
    return mergeViews([...views, ...told.map(({ view }) => view)]);
  }

  #viewOf(shard: Shard): Promise<ClusterView | undefined> {
    return shard
      .ask(VIEW_QUESTION)
      .then((reply) => readView(reply, shard.address, this.#parts.byName))
      .catch(() => undefined);
  }

  async #reach(shard: Shard): Promise<void> {
    const server = await this.attempt(shard.address, OPEN_LIMIT_MS);
    if (server !== undefined) this.#parts.reached(shard, server);
  }
}
