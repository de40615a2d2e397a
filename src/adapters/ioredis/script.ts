/**
 * Scripts of `defineCommand`: ioredis's own command decides, as it is written out, between EVAL and EVALSHA by whether its
 * connection has met the script. Here it is asked for that in the moment in which it is sent, so what waits for a node, or
 * behind a full wire, while a server restarts and forgets its scripts, is sent in full, keeps its place, and works in a
 * transaction, too.
 *
 * What a server forgets while the connection stands (SCRIPT FLUSH) is found out by its answer NOSCRIPT. That proves that
 * the script did not run, so ioredis asks for it once more, in full, also in a pipeline: behind what was sent meanwhile,
 * which may concern its keys. In a transaction it is the answer, since all the rest of it has been done. It is the same here.
 */

import { Command } from 'ioredis';
import type { Connection } from '../../driver/driver.js';

/** In place of connections that are not known to have met what was sent on them. */
const substitutes = new WeakMap<Connection, object>();

/** Whether what it says to a server depends on what that has met. */
export function isPrepared(command: Command): boolean {
  return command.toWritable !== Command.prototype.toWritable;
}

/** What stands for `connection` among those that have met scripts; of none, one that has met nothing. */
export function memoryOf(connection: Connection | undefined): object {
  return connection === undefined ? {} : (substitutes.get(connection) ?? connection);
}

/** Makes the command say what it has to say to a server that has met all that `memory` stands for, which then has met it. */
export function prepare(command: Command, memory: object): void {
  if (!isPrepared(command)) return;
  try {
    command.toWritable(memory);
  } catch {
    // What ioredis would write may be longer than a string can be; nobody reads it, and its words are settled before.
  }
}

/** Something was not carried out: what the connection has met is unknown. */
export function forgetScripts(connection: Connection | undefined): void {
  if (connection !== undefined) substitutes.set(connection, {});
}
