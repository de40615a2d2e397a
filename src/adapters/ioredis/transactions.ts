/**
 * The transactions being gathered: one of the client itself (`multi({ pipeline: false })`), and those of pipelines being
 * sent; and the keys watched for the next.
 */

import type { Command } from 'ioredis';
import { CacheError } from '../../errors.js';
import type { CacheableCommands } from './cacheable-commands.js';
import { CommandCall } from './command-call.js';
import { commonOwner, singleServerError } from './cross-node.js';
import type { Fleet } from './fleet.js';
import { replyError } from './reply.js';
import type { Route } from './routes.js';
import { Transaction, type Watched } from './transaction.js';
import { keysOf, nameOf, wordsOf } from './words.js';

/** Answers of one node would be taken for those of all. */
const OF_ALL_NODES: ReadonlySet<Route> = new Set(['every', 'scan', 'randomkey', 'refused', 'subscription', 'quit']);

/** What a server says of these inside a transaction, which goes on without them; of one being gathered no server knows yet. */
const MISPLACED: Readonly<Record<string, string>> = {
  multi: 'ERR MULTI calls can not be nested',
  watch: 'ERR WATCH inside MULTI is not allowed',
};

export class Transactions {
  readonly #fleet: Fleet;
  readonly #cacheable: CacheableCommands | undefined;
  #own: Transaction | undefined;
  readonly #piped = new WeakMap<object, Transaction>();
  #watched: Watched | undefined;

  constructor(fleet: Fleet, cacheable: CacheableCommands | undefined) {
    this.#fleet = fleet;
    this.#cacheable = cacheable;
  }

  /** A transaction of the client itself is being gathered. */
  get isOpen(): boolean {
    return this.#own !== undefined;
  }

  /** Whether the command is part of a transaction, or begins, ends or prepares one; then it is settled here. @throws CacheError */
  takes(command: Command, route: Route, pipeline: object | undefined): boolean {
    const open = pipeline === undefined ? this.#own : this.#piped.get(pipeline);
    const name = nameOf(command);
    if (open !== undefined) {
      if (name === 'exec') this.#end(open, command, pipeline);
      else if (name === 'discard') this.#discard(open, command, pipeline);
      else this.#add(open, command, route, pipeline);
      return true;
    }
    if (name === 'multi') this.#begin(command, pipeline);
    else if (route === 'transaction')
      this.#fleet.askNode(this.#fleet.first, wordsOf(command), new CommandCall(command));
    else if (route === 'watch') this.#watch(command);
    else if (route === 'unwatch') this.#unwatch(command);
    else return false;
    return true;
  }

  #begin(multi: Command, pipeline: object | undefined): void {
    const transaction = new Transaction(multi);
    if (pipeline === undefined) {
      this.#own = transaction;
      multi.resolve(Buffer.from('OK'));
      return;
    }
    this.#piped.set(pipeline, transaction);
    // A pipeline is handed over in one go.
    queueMicrotask(() => {
      if (this.#piped.get(pipeline) !== transaction) return;
      this.#piped.delete(pipeline);
      transaction.reject(new CacheError('ERR_CROSS_NODE', 'MULTI without EXEC in a pipeline: nothing was sent'));
    });
  }

  #add(open: Transaction, command: Command, route: Route, pipeline: object | undefined): void {
    const misplaced = pipeline === undefined ? MISPLACED[nameOf(command)] : undefined;
    if (misplaced !== undefined) {
      command.reject(replyError(misplaced, command));
      return;
    }
    try {
      this.#cacheable?.refuse(nameOf(command), keysOf(command));
      if (OF_ALL_NODES.has(route) && nameOf(command) !== 'ping')
        throw singleServerError(nameOf(command), 'has no place in a transaction, which is done by one node of several');
    } catch (error) {
      open.spoil(error as CacheError);
      throw error;
    }
    open.add(command);
    if (pipeline === undefined) command.resolve(Buffer.from('QUEUED'));
  }

  #end(open: Transaction, exec: Command, pipeline: object | undefined): void {
    this.#close(pipeline);
    open.add(exec);
    try {
      open.run(this.#fleet, this.#watched);
      this.#watched = undefined;
    } catch (error) {
      // An EXEC ends what is watched, done or not; of this one the server has not heard.
      this.#forgetWatched();
      open.reject(error as Error);
    }
  }

  #discard(open: Transaction, command: Command, pipeline: object | undefined): void {
    this.#close(pipeline);
    open.add(command);
    open.discard();
    this.#forgetWatched();
  }

  #close(pipeline: object | undefined): void {
    if (pipeline === undefined) this.#own = undefined;
    else this.#piped.delete(pipeline);
  }

  #watch(command: Command): void {
    const node = commonOwner(this.#fleet, 'watch', keysOf(command));
    const before = this.#watched;
    if (before !== undefined && before.node !== node)
      throw singleServerError(
        'watch',
        `of keys on ${node.name} cannot join that of keys on ${before.node.name}: a transaction is done by one node`,
      );
    // Watched keys are the server's memory of one connection: a transaction sent on another would know nothing of them.
    const watched: Watched = before ?? { node, connection: node.connection };
    this.#watched = watched;
    const call = new CommandCall(command);
    this.#fleet.askNode(node, wordsOf(command), {
      replied(reply) {
        watched.connection ??= node.connection;
        call.replied(reply);
      },
      failed: (error) => call.failed(error),
    });
  }

  #unwatch(command: Command): void {
    const node = this.#watched?.node ?? this.#fleet.serving;
    this.#watched = undefined;
    this.#fleet.askNode(node, wordsOf(command), new CommandCall(command));
  }

  #forgetWatched(): void {
    const node = this.#watched?.node;
    this.#watched = undefined;
    if (node !== undefined) this.#fleet.askNode(node, ['UNWATCH'], { replied() {}, failed() {} });
  }
}
