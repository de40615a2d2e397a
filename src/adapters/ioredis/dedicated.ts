/**
 * What needs connections of its own: commands that wait at the server, and subscriptions. Opened when first asked for,
 * closed with the client.
 */

import type { Command } from 'ioredis';
import { systemClock } from '../../base/clock.js';
import { BlockingCalls } from './blocking-calls.js';
import type { Fleet } from './fleet.js';
import type { RedisSettings } from './options.js';
import { askPubSub } from './pubsub.js';
import { closedError } from './reply.js';
import { type Subscribed, type SubscriptionNews, Subscriptions } from './subscriptions.js';
import { nameOf } from './words.js';

const CONNECT_MS = 2_000;
/** A server that is busy answers late; only one that does not answer at all is to be found out. */
const GRACE_MS = 2_000;
const LOOK_EVERY_MS = 5_000;

export class Dedicated {
  readonly #fleet: Fleet;
  readonly #blocking: BlockingCalls;
  readonly #subscriptions: Subscriptions;

  constructor(fleet: Fleet, settings: RedisSettings, news: SubscriptionNews) {
    const { blockingTimeout, blockingTimeoutGrace = GRACE_MS } = settings.ioredis;
    const terms = { connectMs: settings.cache.timeouts?.connectMs ?? CONNECT_MS, patienceMs: settings.data.patienceMs };
    this.#fleet = fleet;
    this.#blocking = new BlockingCalls(fleet, {
      ...terms,
      clock: settings.cache.clock ?? systemClock,
      lookEveryMs: LOOK_EVERY_MS,
      graceMs: blockingTimeoutGrace,
      longestMs: blockingTimeout !== undefined && blockingTimeout > 0 ? blockingTimeout : undefined,
    });
    this.#subscriptions = new Subscriptions(fleet, settings, terms, news);
  }

  /** A command that may wait at the server: see `routeOf`. @throws CacheError */
  block(command: Command): void {
    this.#blocking.ask(command);
  }

  /** SUBSCRIBE and its like. @throws CacheError */
  subscription(command: Command): void {
    if (nameOf(command) === 'pubsub') askPubSub(this.#fleet, command);
    else this.#subscriptions.take(command);
  }

  /** See `Subscriptions`. */
  get subscribed(): Subscribed {
    return this.#subscriptions.subscribed;
  }

  resume(subscribed: Subscribed): void {
    this.#subscriptions.resume(subscribed);
  }

  /** For good: what waits fails; nothing is heard any more. */
  close(): void {
    const error = closedError();
    this.#blocking.close(error);
    this.#subscriptions.close(error);
  }
}
