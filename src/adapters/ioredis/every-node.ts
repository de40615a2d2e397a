/** Commands that concern all nodes: asked of each, in one piece of time or node after node, and answered as one. */

import type { Command } from 'ioredis';
import { isLeaseKey } from '../../base/lease-key.js';
import { CommandCall } from './command-call.js';
import type { Asker, Fleet } from './fleet.js';
import { Gather } from './gather.js';
import { argumentAt, argumentsOf, nameOf, wordsOf } from './words.js';

/** @param mayCopy nodes may hold copies of one key, and what a cache puts beside its entries */
export function askEveryNode(fleet: Fleet, command: Command, mayCopy: boolean): void {
  const call = new CommandCall(command);
  const gather = new Gather(fleet.nodes.length, {
    replied: (reply) => call.replied(Array.isArray(reply) ? joined(command, reply, mayCopy) : reply),
    failed: (error) => call.failed(error),
  });
  for (const [i, node] of fleet.nodes.entries()) fleet.askNode(node, wordsOf(command), gather.part(i));
}

/** Sums, lists end to end, what all have; of everything else the first answer, which is OK wherever none failed. */
function joined(command: Command, replies: readonly unknown[], mayCopy: boolean): unknown {
  switch (nameOf(command)) {
    case 'dbsize':
      return replies.reduce<number>((sum, count) => sum + Number(count), 0);
    case 'keys':
      return mayCopy ? eachOnce(replies.flat()) : replies.flat();
    case 'client':
      return argumentAt(command, 0) === 'list' ? Buffer.concat(replies.filter(Buffer.isBuffer)) : replies[0];
    case 'script':
      return argumentAt(command, 0) === 'exists' ? inAll(replies) : replies[0];
    default:
      return replies[0];
  }
}

function eachOnce(keys: readonly unknown[]): unknown[] {
  const told = new Map(withoutLeases(keys).map((key) => [key.latin1Slice(), key]));
  return [...told.values()];
}

function withoutLeases(keys: readonly unknown[]): Buffer[] {
  return keys.filter((key): key is Buffer => Buffer.isBuffer(key) && !isLeaseKey(key.toString()));
}

function inAll(replies: readonly unknown[]): unknown {
  const lists = replies.filter((reply): reply is number[] => Array.isArray(reply));
  return lists[0]?.map((_, i) => Math.min(...lists.map((list) => list[i] ?? 0)));
}

/**
 * A cursor tells the node and the node's own cursor in one number: own × nodes + node. The last node's end is the end.
 */
export function scan(fleet: Fleet, command: Command, mayCopy: boolean): void {
  const [given = '', ...rest] = argumentsOf(command);
  const call = new CommandCall(command);
  const count = BigInt(fleet.nodes.length);
  const text = String(given);
  if (!/^\d{1,40}$/.test(text)) {
    fleet.askNode(fleet.serving, wordsOf(command), call);
    return;
  }
  const cursor = BigInt(text);
  const index = cursor % count;
  const node = fleet.nodes[Number(index)] ?? fleet.first;
  fleet.askNode(node, [command.name, String(cursor / count), ...rest], {
    replied(reply) {
      if (Array.isArray(reply)) {
        const own = BigInt(String(reply[0]));
        const isLast = index === count - 1n;
        const next = own === 0n ? (isLast ? 0n : index + 1n) : own * count + index;
        reply[0] = Buffer.from(String(next));
        if (mayCopy && Array.isArray(reply[1])) reply[1] = withoutLeases(reply[1]);
      }
      call.replied(reply);
    },
    failed: (error) => call.failed(error),
  });
}

/** Asks nodes in turn, from one that chance picks, until one has a key. */
export function randomKey(fleet: Fleet, command: Command, random: () => number): void {
  const call = new CommandCall(command);
  const { nodes } = fleet;
  const begin = Math.floor(random() * nodes.length);
  const ask = (tried: number): void => {
    const asker: Asker = {
      replied(reply) {
        if (reply === null && tried + 1 < nodes.length) ask(tried + 1);
        else call.replied(reply);
      },
      failed: (error) => call.failed(error),
    };
    fleet.askNode(nodes[(begin + tried) % nodes.length] ?? fleet.first, wordsOf(command), asker);
  };
  ask(0);
}
