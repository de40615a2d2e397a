/** Where each command goes: by its keys, to every node, to any, or nowhere. */

import type { Command } from 'ioredis';
import { Command as Commands } from 'ioredis';
import { argumentAt, keysOf, nameOf } from './words.js';

/**
 * - `keys`: to the node that owns its keys
 * - `split`: keys are dealt out to their owners, and answers joined
 * - `every`: to all nodes, answers joined
 * - `any`: to any node that serves
 * - `first`: without keys, to the same node always
 * - `scan`, `randomkey`: node after node
 * - `transaction`: MULTI, EXEC, DISCARD
 * - `watch`, `unwatch`: towards a transaction
 * - `publish`: to the node of the channel
 * - `subscription`, `blocking`: on connections of their own
 * - `quit`: ends this client
 * - `refused`: speaks of one server or one connection
 */
export type Route =
  | 'keys'
  | 'split'
  | 'every'
  | 'any'
  | 'first'
  | 'scan'
  | 'randomkey'
  | 'transaction'
  | 'watch'
  | 'unwatch'
  | 'publish'
  | 'subscription'
  | 'blocking'
  | 'quit'
  | 'refused';

const NAMES: Readonly<Partial<Record<Route, string>>> = {
  split: 'mget mset del unlink exists touch',
  every:
    'dbsize flushdb flushall keys ping bgsave bgrewriteaof save client|setname client|list client|no-evict ' +
    'client|no-touch client|pause client|unpause script|load script|exists script|flush script|kill function|load function|delete ' +
    'function|flush function|restore function|kill config|set config|resetstat config|rewrite slowlog|reset latency|reset ' +
    'memory|purge',
  any:
    'echo time lolwut info command lastsave role client|id client|info client|getname client|help client|trackinginfo ' +
    'client|getredir function|list function|dump function|stats function|help script|help config|get config|help ' +
    'slowlog|get slowlog|len slowlog|help latency memory|doctor memory|stats memory|malloc-stats memory|help object|help xgroup|help xinfo|help acl',
  first: 'eval eval_ro evalsha evalsha_ro fcall fcall_ro',
  scan: 'scan',
  randomkey: 'randomkey',
  transaction: 'multi exec discard',
  watch: 'watch',
  unwatch: 'unwatch',
  publish: 'publish spublish',
  subscription: 'subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe pubsub',
  quit: 'quit',
  refused:
    'select auth hello reset monitor sync psync replconf replicaof slaveof failover shutdown cluster asking readonly ' +
    'readwrite debug wait waitaof swapdb module client sentinel acl|setuser acl|deluser acl|load acl|save ' +
    'backup bless|scan himport hotkeys pfselftest script|debug trimslots',
};

const ROUTES: ReadonlyMap<string, Route> = new Map(
  Object.entries(NAMES).flatMap(([route, names]) => names.split(' ').map((name) => [name, route as Route] as const)),
);

/** Those whose second word decides. */
const FAMILIES: ReadonlySet<string> = new Set(
  [...ROUTES.keys()].filter((name) => name.includes('|')).map((name) => name.slice(0, name.indexOf('|'))),
);

export function routeOf(command: Command): Route {
  const name = nameOf(command);
  if (FAMILIES.has(name)) {
    const route = ROUTES.get(`${name}|${argumentAt(command, 0)}`);
    if (route !== undefined) return route;
  }
  const route = ROUTES.get(name);
  if (route === 'first') return keysOf(command).length > 0 ? 'keys' : route;
  if (route !== undefined) return route;
  return isBlocking(command) ? 'blocking' : 'keys';
}

/** Whether it may wait at the server: XREAD and its like do so only where they say BLOCK. */
function isBlocking(command: Command): boolean {
  return (
    Commands.checkFlag('BLOCKING_COMMANDS', nameOf(command)) && typeof command.extractBlockingTimeout() === 'number'
  );
}
