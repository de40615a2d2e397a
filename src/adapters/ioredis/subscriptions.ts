/**
 * SUBSCRIBE and its like over several nodes. A channel lives on the node that owns its name, where PUBLISH goes as well; a
 * pattern is subscribed to on every node. What Redis publishes itself about its keys is published by the node that has the
 * key, so those channels, too, are subscribed to everywhere.
 */

import type { Command, Redis as IoRedis } from 'ioredis';
import type { NodeError } from '../../errors.js';
import type { CacheNode } from '../../node/cache-node.js';
import { type NodeSpec, parseNodes } from '../../options/node-options.js';
import { Channels, KINDS, type Kind } from './channels.js';
import { CommandCall } from './command-call.js';
import type { Fleet } from './fleet.js';
import type { RedisSettings } from './options.js';
import { Subscriber } from './subscriber.js';
import { argumentsOf, keyText, nameOf, wordsOf } from './words.js';

/** To the client's listeners. */
export interface SubscriptionNews {
  message(event: string, ...news: unknown[]): void;
  /** Something may have been missed on a node. */
  failed(error: NodeError): void;
}

export interface SubscriptionTerms {
  readonly connectMs: number;
  readonly patienceMs: number;
}

type Names = readonly (string | Buffer)[];
type Subscription = readonly [Kind, Names];
export type Subscribed = readonly Subscription[];

const ALIVE_EVERY_MS = 10_000;
/** Of keyspace notifications. */
const OF_SERVER = /^__key(space|event)@/;
const UNSUBSCRIBED: Readonly<Record<string, Kind>> = {
  unsubscribe: 'subscribe',
  punsubscribe: 'psubscribe',
  sunsubscribe: 'ssubscribe',
};

export class Subscriptions {
  readonly #fleet: Fleet;
  readonly #settings: RedisSettings;
  readonly #terms: SubscriptionTerms;
  readonly #news: SubscriptionNews;
  readonly #channels = new Channels();
  /**
   * Sharded channels have connections of their own: when the last of them is gone, ioredis takes it that nothing is
   * subscribed to any more, and tells of no message.
   */
  readonly #subscribers = { shared: new Map<CacheNode, Subscriber>(), sharded: new Map<CacheNode, Subscriber>() };
  /** What waits for its confirmation, and what is new by it. */
  readonly #pending = new Map<Command, Subscription>();
  #isOver = false;
  #specs: ReadonlyMap<string, NodeSpec> | undefined;

  constructor(fleet: Fleet, settings: RedisSettings, terms: SubscriptionTerms, news: SubscriptionNews) {
    this.#fleet = fleet;
    this.#settings = settings;
    this.#terms = terms;
    this.#news = news;
  }

  /** Settles the command sooner or later. */
  take(command: Command): void {
    const name = nameOf(command);
    const names = argumentsOf(command);
    const undone = UNSUBSCRIBED[name];
    if (undone !== undefined)
      this.#unsubscribe(command, undone, names.length > 0 ? names : this.#channels.list(undone));
    // Refused by the server, in its own words.
    else if (names.length === 0) this.#fleet.askNode(this.#fleet.first, wordsOf(command), new CommandCall(command));
    else this.#subscribe(command, name as Kind, names);
  }

  /** What is subscribed to and confirmed, until it is closed. */
  get subscribed(): Subscribed {
    const confirmed = new Channels();
    for (const kind of KINDS) for (const name of this.#channels.list(kind)) confirmed.add(kind, name);
    for (const [kind, names] of this.#pending.values()) for (const name of names) confirmed.delete(kind, name);
    return KINDS.map((kind) => [kind, confirmed.list(kind)] as const);
  }

  /** Subscribes to what another was subscribed to. Where a node cannot be reached it is tried again and again. */
  resume(subscribed: Subscribed): void {
    for (const [kind, names] of subscribed) {
      for (const name of names) this.#channels.add(kind, name);
      for (const [node, share] of this.#sharesOf(kind, names)) this.#subscriberOf(node, kind).keep(kind, share);
    }
  }

  /** For good. What waits for confirmation fails with `error`; what still arrives is told to nobody. */
  close(error: Error): void {
    this.#isOver = true;
    for (const command of this.#pending.keys()) command.reject(error);
    this.#pending.clear();
    this.#channels.clear();
    for (const subscribers of Object.values(this.#subscribers)) {
      for (const subscriber of subscribers.values()) subscriber.close();
      subscribers.clear();
    }
  }

  #subscribe(command: Command, kind: Kind, names: Names): void {
    const added = names.filter((name) => this.#channels.add(kind, name));
    const count = this.#channels.count(kind);
    const shares = [...this.#sharesOf(kind, names)];
    const all = Promise.all(shares.map(([node, share]) => this.#subscriberOf(node, kind).subscribe(kind, share)));
    this.#settle(command, all, count, [kind, added], () => {
      for (const name of added) this.#channels.delete(kind, name);
      for (const [node, share] of this.#sharesOf(kind, added))
        void this.#subscriberOf(node, kind).unsubscribe(kind, share);
    });
  }

  #unsubscribe(command: Command, kind: Kind, names: Names): void {
    for (const name of names) this.#channels.delete(kind, name);
    const count = this.#channels.count(kind);
    const shares = [...this.#sharesOf(kind, names)];
    const all = Promise.all(
      shares.map(
        ([node, share]) => this.#subscribersFor(kind).get(node)?.unsubscribe(kind, share) ?? Promise.resolve(),
      ),
    );
    this.#settle(command, all, count, [kind, []], () => undefined);
  }

  #settle(command: Command, done: Promise<unknown>, count: number, added: Subscription, undo: () => void): void {
    this.#pending.set(command, added);
    done.then(
      () => {
        if (this.#pending.delete(command)) command.resolve(count);
      },
      (error: Error) => {
        if (!this.#pending.delete(command)) return;
        undo();
        command.reject(error);
      },
    );
  }

  /** Which node is told of which. */
  #sharesOf(kind: Kind, names: Names): Map<CacheNode, (string | Buffer)[]> {
    const shares = new Map<CacheNode, (string | Buffer)[]>();
    for (const name of names) {
      const text = keyText(name);
      const isEverywhere = kind === 'psubscribe' || (kind === 'subscribe' && OF_SERVER.test(text));
      for (const node of isEverywhere ? this.#fleet.nodes : [this.#fleet.ownerOf(text)])
        shares.set(node, [...(shares.get(node) ?? []), name]);
    }
    return shares;
  }

  #subscribersFor(kind: Kind): Map<CacheNode, Subscriber> {
    return kind === 'ssubscribe' ? this.#subscribers.sharded : this.#subscribers.shared;
  }

  #subscriberOf(node: CacheNode, kind: Kind): Subscriber {
    const subscribers = this.#subscribersFor(kind);
    const known = subscribers.get(node);
    if (known !== undefined) return known;
    this.#specs ??= new Map(parseNodes(this.#settings.cache.nodes).map((spec) => [spec.name, spec]));
    const spec = this.#specs.get(node.name);
    if (spec === undefined) throw new Error(`there is no node ${node.name}`);
    const terms = {
      ...this.#terms,
      aliveEveryMs: ALIVE_EVERY_MS,
      connectionName: this.#settings.ioredis.connectionName,
      resubscribes: this.#settings.ioredis.autoResubscribe !== false,
      unref: this.#settings.cache.unref === true,
    };
    const subscriber = new Subscriber(spec, terms, {
      opened: (client) => this.#listen(client),
      lost: (error) => this.#news.failed(error),
    });
    subscribers.set(node, subscriber);
    return subscriber;
  }

  /** What listeners throw, ioredis rethrows where it harms nobody else. */
  #listen(client: IoRedis): void {
    const deliver = (event: string, ...news: unknown[]) => {
      if (!this.#isOver) this.#news.message(event, ...news);
    };
    for (const event of ['message', 'smessage'])
      client.on(`${event}Buffer`, (channel: Buffer, message: Buffer | null) => {
        deliver(event, channel.toString(), message === null ? '' : message.toString());
        deliver(`${event}Buffer`, channel, message);
      });
    client.on('pmessageBuffer', (pattern: string, channel: Buffer, message: Buffer) => {
      deliver('pmessage', pattern, channel.toString(), message.toString());
      deliver('pmessageBuffer', pattern, channel, message);
    });
  }
}
