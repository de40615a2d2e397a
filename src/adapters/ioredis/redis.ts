/**
 * `Redis` of ioredis over a ring of nodes.
 *
 * The commands are ioredis's own: their arguments, their key specifications, callbacks, Buffer forms and answers. Here only
 * one thing is different: `sendCommand` looks at the keys of a command, and gives it to the node that owns them. So this
 * class inherits from ioredis's, which also makes it one wherever a library asks for one.
 */

import { type Callback, Command, Redis as IoRedis } from 'ioredis';
import { CacheError, NodeError, OptionError, TimeoutError } from '../../errors.js';
import { resolveCacheOptions } from '../../options.js';
import { type RedisArguments, redisArguments } from './arguments.js';
import { singleServerError } from './cross-node.js';
import { Engine } from './engine.js';
import { GetCall } from './get-call.js';
import { Lifecycle } from './lifecycle.js';
import { type RedisOptions, type RedisSettings, resolveRedisOptions } from './options.js';
import { closedError } from './reply.js';
import { SetCall } from './set-call.js';
import type { Subscribed } from './subscriptions.js';
import { nameOf } from './words.js';

type Stream = Parameters<IoRedis['sendCommand']>[1];

export class Redis extends IoRedis {
  readonly #settings: RedisSettings;
  readonly #prefix: string;
  /** Each command keeps the stack of its call, so each must be one. */
  readonly #keepsStacks: boolean;
  readonly #lifecycle: Lifecycle;
  /** Between `connect` and the end. */
  #engine: Engine | undefined;
  /** What a client that was ended, and is connected anew, subscribes to again. */
  #subscribed: Subscribed = [];
  /** After `quit`, while what was issued before is answered. */
  #leaving: Engine | undefined;

  // GET and SET are most calls: where nothing is asked of them that needs a Command, none is made. Here, and not as methods,
  // since their many overloads are ioredis's to declare, as is what a duplicate is.
  static {
    // What `require` answers is this class: the names on it that ioredis has as well must not be those of ioredis.
    const names = { Redis, default: Redis, CacheError, NodeError, OptionError, TimeoutError };
    for (const [name, value] of Object.entries(names)) Reflect.defineProperty(Redis, name, { value });
    const { get, set } = IoRedis.prototype;
    overwrite(Redis.prototype, 'get', function (...args) {
      const [key] = args;
      const engine = this.#engine;
      const isPlain = args.length === 1 && typeof key === 'string' && !this.#keepsStacks && !isTransformed('get');
      if (!isPlain || engine?.router.isFree !== true) return Reflect.apply(get, this, args);
      const wire = this.#prefix + key;
      if (engine.cacheable?.has(wire) === true) return engine.cacheable.text(wire);
      return new Promise((resolve, reject) => {
        engine.fleet.get(wire, new GetCall(wire, resolve, reject));
      });
    });
    overwrite(Redis.prototype, 'set', function (...args) {
      const [key] = args;
      const engine = this.#engine;
      const isPlain =
        args.length >= 2 &&
        typeof key === 'string' &&
        args.every(isWord) &&
        !this.#keepsStacks &&
        !isTransformed('set');
      if (!isPlain || engine?.router.isFree !== true) return Reflect.apply(set, this, args);
      const wire = this.#prefix + key;
      const words: (string | Buffer)[] = ['set', wire];
      for (let i = 1; i < args.length; i++) words.push(asWord(args[i] as Word));
      if (engine.cacheable?.has(wire) === true) return engine.cacheable.store(words);
      return new Promise((resolve, reject) => {
        engine.fleet.ask(wire, words, new SetCall(words, resolve, reject));
      });
    });
    overwrite(Redis.prototype, 'duplicate', function (override) {
      return new Redis({ ...this.#settings.given, ...(override as RedisOptions | undefined) });
    });
  }

  /** @throws OptionError for an option that is unknown or out of range, before anything opens */
  constructor(...args: RedisArguments) {
    const settings = resolveRedisOptions(redisArguments(args));
    super({ ...settings.ioredis, lazyConnect: settings.given.lazyConnect === true });
    this.#settings = settings;
    this.#prefix = settings.ioredis.keyPrefix ?? '';
    this.#keepsStacks = settings.ioredis.showFriendlyErrorStack === true;
    this.#lifecycle = new Lifecycle(this);
    if (settings.given.lazyConnect === true) resolveCacheOptions(settings.cache);
    else this.#open();
  }

  static override createClient(...args: RedisArguments): Redis {
    return new Redis(...args);
  }

  override sendCommand(command: Command, stream?: Stream): unknown {
    if (nameOf(command) === 'quit') this.#quit(command);
    else if (this.#engine === undefined && this.status !== 'wait') command.reject(closedError());
    else (this.#engine ?? this.#open()).send(command, stream);
    return command.promise;
  }

  /** Resolves once it is ready; also opens anew what was ended. Rejects when no node can be reached, and goes on trying. */
  override connect(callback?: Callback<void>): Promise<void> {
    // The constructor of ioredis asks for it when there is nothing yet; ours does so itself.
    if (!(#engine in this)) return Promise.resolve();
    const isOpen = this.#engine !== undefined;
    if (!isOpen) this.#open();
    const promise = isOpen
      ? Promise.reject(new Error('Redis is already connecting/connected'))
      : this.#lifecycle.ready();
    return answered(promise, callback);
  }

  /** Ends it at once: whatever is under way fails. With `true` everything is connected anew. */
  override disconnect(reconnect = false): void {
    const engine = this.#engine ?? this.#leaving;
    this.#leave();
    engine?.end();
    this.#lifecycle.end(reconnect);
    if (reconnect) this.#open();
  }

  /** Refused: what one server does, only that server can tell. */
  override monitor(callback?: Callback<IoRedis>): Promise<IoRedis> {
    const error = singleServerError('monitor', 'shows what one server does: ask a client of that server');
    return answered(Promise.reject(error), callback);
  }

  #open(): Engine {
    const news = {
      message: (event: string, ...about: unknown[]) => void this.emit(event, ...about),
      failed: (error: Error) => this.#lifecycle.tell('error', error),
    };
    const engine = new Engine(this.#settings, news, this.#subscribed);
    this.#engine = engine;
    this.#lifecycle.begin(engine);
    return engine;
  }

  #leave(): void {
    if (this.#engine !== undefined) this.#subscribed = this.#engine.subscribed;
    this.#engine = undefined;
  }

  /** What was issued before is answered first, unless it takes longer than a command may. */
  #quit(command: Command): void {
    const engine = this.#engine;
    if (engine === undefined && this.status !== 'wait') {
      command.reject(closedError());
      return;
    }
    this.#leave();
    this.#leaving = engine;
    void Promise.resolve(engine?.drain()).then(() => {
      this.#leaving = undefined;
      // Unless it was connected anew meanwhile.
      if (this.#engine === undefined) this.#lifecycle.end();
      command.resolve(Buffer.from('OK'));
    });
  }
}

/** As ioredis does it: a callback is told as well, and a failure it was told of is nobody else's. */
function answered<T>(promise: Promise<T>, callback: Callback<T> | undefined): Promise<T> {
  if (callback === undefined) return promise;
  promise.then(
    (value) => process.nextTick(callback, null, value),
    (error: Error) => process.nextTick(callback, error),
  );
  return promise;
}

type Method = (this: Redis, ...args: unknown[]) => unknown;

function overwrite(prototype: Redis, name: 'get' | 'set' | 'duplicate', value: Method): void {
  Reflect.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

/** What `Command.setArgumentTransformer` and `setReplyTransformer` have set, by command; no part of ioredis's types. */
const TRANSFORMERS: Readonly<Record<'argument' | 'reply', Record<string, unknown>>> = Reflect.get(
  Command,
  '_transformer',
);

function isTransformed(name: 'get' | 'set'): boolean {
  return TRANSFORMERS.reply[name] !== undefined || TRANSFORMERS.argument[name] !== undefined;
}

type Word = string | Buffer | number;

function isWord(value: unknown): value is Word {
  return typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value);
}

function asWord(value: Word): string | Buffer {
  return typeof value === 'number' ? String(value) : value;
}
