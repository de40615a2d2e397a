/** PUBSUB, asked of all nodes: a channel has subscribers on its owner, a pattern on every node. */

import type { Command } from 'ioredis';
import { CommandCall } from './command-call.js';
import type { Fleet } from './fleet.js';
import { Gather } from './gather.js';
import { argumentAt, wordsOf } from './words.js';

export function askPubSub(fleet: Fleet, command: Command): void {
  const call = new CommandCall(command);
  const question = argumentAt(command, 0);
  const gather = new Gather(fleet.nodes.length, {
    replied: (reply) => call.replied(Array.isArray(reply) ? joined(question, reply) : reply),
    failed: (error) => call.failed(error),
  });
  for (const [i, node] of fleet.nodes.entries()) fleet.askNode(node, wordsOf(command), gather.part(i));
}

function joined(question: string, replies: readonly unknown[]): unknown {
  const lists = replies.filter((reply): reply is unknown[] => Array.isArray(reply));
  switch (question) {
    case 'channels':
    case 'shardchannels':
      return [...new Map(lists.flat().map((channel) => [String(channel), channel])).values()];
    case 'numsub':
    case 'shardnumsub':
      // A channel and its number, in turn.
      return lists[0]?.map((entry, i) => (i % 2 === 0 ? entry : lists.reduce((sum, list) => sum + Number(list[i]), 0)));
    case 'numpat':
      return Math.max(...replies.map(Number));
    default:
      return replies[0];
  }
}
