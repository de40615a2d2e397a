/**
 * MULTI … EXEC: gathered here and sent to the one node that owns all its keys, in one piece, so that no other command gets
 * between. What ioredis makes of the answers it makes of these: each command is told that it was queued, or refused, and
 * EXEC has the results.
 */

import type { Command } from 'ioredis';
import type { Connection } from '../../driver/driver.js';
import type { CacheError } from '../../errors.js';
import type { CacheNode } from '../../node/cache-node.js';
import { commonOwner, singleServerError } from './cross-node.js';
import type { Fleet } from './fleet.js';
import { asReplyError, fail, settle } from './reply.js';
import { forgetScripts } from './script.js';
import { keysOf, nameOf } from './words.js';

/** Keys being watched: what a server remembers of a connection, and forgets with it. */
export interface Watched {
  readonly node: CacheNode;
  connection: Connection | undefined;
}

export class Transaction {
  /** From MULTI on. */
  readonly #commands: Command[];
  #spoiled: CacheError | undefined;

  constructor(multi: Command) {
    this.#commands = [multi];
  }

  add(command: Command): void {
    this.#commands.push(command);
  }

  /** A command was refused here: without it the others must not be done either. */
  spoil(error: CacheError): void {
    this.#spoiled ??= error;
  }

  /** Fails all of it, nothing sent. */
  reject(error: Error): void {
    for (const command of this.#commands) fail(command.reject, error);
  }

  /** DISCARD is its last command: nothing has been sent, so nothing need be taken back. */
  discard(): void {
    for (const command of this.#commands) command.resolve(queued(command));
  }

  /**
   * EXEC is its last command. Where the connection that watched keys is gone, so is the knowledge whether they changed: that
   * is answered as if they had.
   *
   * @throws CacheError `ERR_CROSS_NODE`, or why a command of it was refused; nothing sent
   */
  run(fleet: Fleet, watched: Watched | undefined): void {
    if (this.#spoiled !== undefined) throw this.#spoiled;
    const commands = this.#commands;
    const keys = commands.flatMap((command) => keysOf(command));
    const node = keys.length === 0 ? (watched?.node ?? fleet.first) : commonOwner(fleet, 'a transaction', keys);
    if (watched !== undefined && watched.node !== node)
      throw singleServerError('exec', `of keys on ${node.name} cannot depend on watched keys on ${watched.node.name}`);
    if (watched !== undefined && watched.connection !== node.connection) {
      for (const command of commands) command.resolve(nameOf(command) === 'exec' ? null : queued(command));
      return;
    }
    fleet.askAsOne(
      node,
      commands,
      {
        replied: (replies) => this.#replied(replies as unknown[], node),
        failed: (error) => this.#failed(error),
      },
      watched !== undefined,
    );
  }

  #replied(replies: readonly unknown[], node: CacheNode): void {
    const outcome = replies.at(-1);
    // It was not carried out, and so its scripts are not known there.
    if (!Array.isArray(outcome)) forgetScripts(node.connection);
    const told = outcome instanceof Error ? [...replies.slice(0, -1), this.#abort(outcome, replies)] : replies;
    for (const [i, command] of this.#commands.entries()) settle(command, told[i]);
  }

  /** With what was refused before it: outside a pipeline those commands were told that they are queued. */
  #abort(outcome: Error, replies: readonly unknown[]): Error {
    const refused = replies.slice(0, -1).filter((reply) => reply instanceof Error);
    return Object.assign(asReplyError(outcome, this.#commands.at(-1)), {
      previousErrors: refused.map((error) => asReplyError(error, this.#commands[replies.indexOf(error)])),
    });
  }

  #failed(error: CacheError): void {
    for (const command of this.#commands) fail(command.reject, error, command);
  }
}

function queued(command: Command): Buffer {
  const name = nameOf(command);
  return Buffer.from(name === 'multi' || name === 'discard' ? 'OK' : 'QUEUED');
}
