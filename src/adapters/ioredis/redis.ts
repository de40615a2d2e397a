/**
 * `Redis` of ioredis over a ring of nodes.
 *
 * The commands are ioredis's own: their arguments, their key specifications, callbacks, Buffer forms and answers. Here only
 * one thing is different: `sendCommand` looks at the keys of a command, and gives it to the node that owns them. So this
 * class inherits from ioredis's, which also makes it one wherever a library asks for one.
 */

import { type Command, Redis as IoRedis } from 'ioredis';
import { assembleParts } from '../../create-cache.js';
import { type RedisArguments, redisArguments } from './arguments.js';
import { CacheableCommands } from './cacheable-commands.js';
import { CommandRouter } from './command-router.js';
import { Dedicated } from './dedicated.js';
import { Fleet } from './fleet.js';
import { GetCall } from './get-call.js';
import { type RedisOptions, type RedisSettings, resolveRedisOptions } from './options.js';
import { SetCall } from './set-call.js';

type Stream = Parameters<IoRedis['sendCommand']>[1];

export class Redis extends IoRedis {
  readonly #settings: RedisSettings;
  readonly #fleet: Fleet;
  readonly #router: CommandRouter;
  readonly #dedicated: Dedicated;
  readonly #cacheable: CacheableCommands | undefined;
  readonly #prefix: string;

  // GET and SET are most calls: where nothing is asked of them that needs a Command, none is made. Here, and not as methods,
  // since their many overloads are ioredis's to declare, as is what a duplicate is.
  static {
    const { get, set } = IoRedis.prototype;
    overwrite(Redis.prototype, 'get', function (...args) {
      const [key] = args;
      if (args.length !== 1 || typeof key !== 'string' || !this.#isDirect) return Reflect.apply(get, this, args);
      const wire = this.#prefix + key;
      if (this.#cacheable?.has(wire) === true) return this.#cacheable.text(wire);
      return new Promise((resolve, reject) => {
        this.#fleet.get(wire, new GetCall(wire, resolve, reject));
      });
    });
    overwrite(Redis.prototype, 'set', function (...args) {
      const [key] = args;
      if (args.length < 2 || typeof key !== 'string' || !args.every(isWord) || !this.#isDirect)
        return Reflect.apply(set, this, args);
      const wire = this.#prefix + key;
      if (this.#cacheable?.has(wire) === true) return Reflect.apply(set, this, args);
      const words: (string | Buffer)[] = ['set', wire];
      for (let i = 1; i < args.length; i++) words.push(asWord(args[i] as Word));
      return new Promise((resolve, reject) => {
        this.#fleet.ask(wire, words, new SetCall(words, resolve, reject));
      });
    });
    overwrite(Redis.prototype, 'duplicate', function (override) {
      return new Redis({ ...this.#settings.given, ...(override as RedisOptions | undefined) });
    });
  }

  /** @throws OptionError for an option that is unknown or out of range, before anything opens */
  constructor(...args: RedisArguments) {
    const settings = resolveRedisOptions(redisArguments(args));
    super(settings.ioredis);
    this.#settings = settings;
    this.#fleet = new Fleet(assembleParts(settings.cache), settings.cache.placement);
    this.#dedicated = new Dedicated(this.#fleet, settings, (event, ...news) => {
      // An error that nobody listens to would end the process.
      if (event !== 'error' || this.listenerCount('error') > 0) this.emit(event, ...news);
    });
    const { cacheable } = settings;
    this.#cacheable = cacheable === undefined ? undefined : new CacheableCommands(this.#fleet.parts, cacheable);
    this.#router = new CommandRouter(this.#fleet, this.#dedicated, this.#cacheable);
    this.#prefix = settings.ioredis.keyPrefix ?? '';
    this.status = 'ready';
  }

  static override createClient(...args: RedisArguments): Redis {
    return new Redis(...args);
  }

  override sendCommand(command: Command, stream?: Stream): unknown {
    if (this.status === 'end') command.reject(new Error('Connection is closed.'));
    else this.#router.send(command, stream);
    return command.promise;
  }

  get #isDirect(): boolean {
    return this.#router.isFree && this.status !== 'end';
  }

  override disconnect(): void {
    this.status = 'end';
    this.#dedicated.close();
    void this.#fleet.parts.lifecycle.close(0);
  }
}

type Method = (this: Redis, ...args: unknown[]) => unknown;

function overwrite(prototype: Redis, name: 'get' | 'set' | 'duplicate', value: Method): void {
  Reflect.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

type Word = string | Buffer | number;

function isWord(value: unknown): value is Word {
  return typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value);
}

function asWord(value: Word): string | Buffer {
  return typeof value === 'number' ? String(value) : value;
}
