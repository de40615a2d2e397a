/**
 * Gives up connections that owe replies and receive nothing: by the time the whole cluster owed and received nothing, one
 * silent server would have taken the callers of all others down with it.
 *
 * What our own event loop was blocked for is no silence: in that nobody can be heard. What was silent before and after it
 * counts on, or a process that is often late would never find out; and the sockets have their turn before a verdict.
 */

import type { Clock, Timer } from '../../../base/clock.js';
import type { CacheError } from '../../../errors.js';
import { NodeError } from '../../../errors.js';
import type { Address } from '../../driver.js';
import { placeOf } from './cluster-view.js';

const LOOKS_A_LIMIT = 8;
const LATE_MS = 20;

/** A server of the cluster, while there is a connection to it. */
export interface Watched {
  readonly address: Address;
  readonly connection: { readonly owed: number; readonly bytesRead: number; lose(error: CacheError): void } | undefined;
}

interface Sight {
  readonly bytes: number;
  /** When these had come, and later by all that we were late since. */
  since: number;
}

export class SilenceWatch {
  readonly #clock: Clock;
  readonly #silentMs: number;
  readonly #shards: () => Iterable<Watched>;
  readonly #seen = new Map<Watched, Sight>();
  #timer: Timer | undefined;
  #dueAt = 0;
  #isStopped = false;

  constructor(clock: Clock, silentMs: number, shards: () => Iterable<Watched>) {
    this.#clock = clock;
    this.#silentMs = silentMs;
    this.#shards = shards;
  }

  /** To be called when something was sent. */
  watch(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    const ms = Math.max(1, this.#silentMs / LOOKS_A_LIMIT);
    this.#dueAt = this.#clock.now() + ms;
    this.#timer = this.#clock.setTimer(() => {
      this.#clock.setSoon(() => this.#look());
    }, ms);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#seen.clear();
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    // Blocked before the timer, or behind it by what ran before us in this turn.
    const lateMs = now - this.#dueAt;
    let isOwed = false;
    for (const shard of [...this.#shards()]) {
      const { connection } = shard;
      if (connection === undefined || connection.owed === 0) {
        this.#seen.delete(shard);
        continue;
      }
      isOwed = true;
      const sight = this.#seen.get(shard);
      if (sight === undefined || sight.bytes !== connection.bytesRead)
        this.#seen.set(shard, { bytes: connection.bytesRead, since: now });
      else {
        if (lateMs > LATE_MS) sight.since += lateMs;
        if (now - sight.since >= this.#silentMs) connection.lose(this.#stalled(shard.address));
      }
    }
    if (isOwed) this.watch();
  }

  #stalled(address: Address): NodeError {
    return new NodeError('stalled', `${placeOf(address)} owed replies and sent nothing for ${this.#silentMs} ms`);
  }
}
