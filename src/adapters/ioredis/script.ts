/**
 * Scripts of `defineCommand`: ioredis's own command decides, as it is written out, between EVAL and EVALSHA by whether its
 * connection has met the script. Here it is asked for that without being written out.
 */

import { Command } from 'ioredis';
import type { CacheNode } from '../../node/cache-node.js';

/**
 * Makes the command say what it has to say to `node`. While that is away the loss stands for the connection to come: what
 * the last one has met, or one before it, a server that comes back may have forgotten.
 */
export function prepared(command: Command, node: CacheNode): void {
  if (command.toWritable === Command.prototype.toWritable) return;
  command.toWritable(node.connection ?? node.lastError ?? node);
}
