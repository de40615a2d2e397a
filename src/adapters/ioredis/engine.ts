/** Everything that serves a client from `connect` to its end. */

import type { Command } from 'ioredis';
import { assembleParts } from '../../create-cache.js';
import type { CacheNode } from '../../node/cache-node.js';
import { CacheableCommands } from './cacheable-commands.js';
import { CommandRouter } from './command-router.js';
import { Dedicated } from './dedicated.js';
import { Fleet } from './fleet.js';
import type { RedisSettings } from './options.js';
import type { Subscribed, SubscriptionNews } from './subscriptions.js';

export class Engine {
  readonly fleet: Fleet;
  readonly router: CommandRouter;
  readonly cacheable: CacheableCommands | undefined;
  readonly #dedicated: Dedicated;
  readonly #connectionName: string | undefined;
  readonly #drainMs: number;

  /** Begins to connect. @param subscribed what the engine before it was subscribed to */
  constructor(settings: RedisSettings, news: SubscriptionNews, subscribed: Subscribed) {
    const { cache, cacheable, ioredis } = settings;
    this.#connectionName = ioredis.connectionName;
    this.#drainMs = settings.data.deadlineMs;
    this.fleet = new Fleet(assembleParts(cache), cache.placement, settings.data);
    this.#dedicated = new Dedicated(this.fleet, settings, news);
    if (ioredis.autoResubscribe !== false) this.#dedicated.resume(subscribed);
    this.cacheable = cacheable === undefined ? undefined : new CacheableCommands(this.fleet.parts, cacheable);
    this.router = new CommandRouter(this.fleet, this.#dedicated, this.cacheable);
  }

  send(command: Command, pipeline: object | undefined): void {
    this.router.send(command, pipeline);
  }

  /** A node has a new connection, which the server shall know by the name of the client. */
  introduce(node: CacheNode): void {
    const name = this.#connectionName;
    if (name !== undefined) this.fleet.askNode(node, ['CLIENT', 'SETNAME', name], { replied() {}, failed() {} });
  }

  /** The channels and patterns of this client, for the engine that comes after this one. */
  get subscribed(): Subscribed {
    return this.#dedicated.subscribed;
  }

  /** What waits on connections of its own fails at once; everything else has as long as a command may take. */
  async drain(): Promise<void> {
    this.#dedicated.close();
    await this.fleet.parts.lifecycle.close(this.#drainMs);
  }

  /** Whatever is under way fails. */
  end(): void {
    this.#dedicated.close();
    void this.fleet.parts.lifecycle.close(0);
  }
}
