/** The refusal of what one node would have to do and no one node can. */

import type { Command } from 'ioredis';
import { CacheError } from '../../errors.js';
import type { Fleet } from './fleet.js';
import { loosePattern } from './sort-words.js';
import { argumentAt, argumentsOf, keyText, nameOf } from './words.js';

const SHOWN_UNITS = 48;

/** The node that owns all the keys. @throws CacheError `ERR_CROSS_NODE` where there is none */
export function commonOwner(
  fleet: Fleet,
  name: string,
  keys: readonly (string | Buffer)[],
): ReturnType<Fleet['ownerOf']> {
  const first = fleet.ownerOf(keyText(keys[0] ?? ''));
  for (let i = 1; i < keys.length; i++)
    if (fleet.ownerOf(keyText(keys[i] as string | Buffer)) !== first) throw crossNodeError(fleet, name, keys);
  return first;
}

function crossNodeError(fleet: Fleet, name: string, keys: readonly (string | Buffer)[]): CacheError {
  const examples = new Map<string, string>();
  for (const key of keys) {
    const text = keyText(key);
    const { name: node } = fleet.ownerOf(text);
    if (!examples.has(node)) examples.set(node, shown(text));
  }
  const places = [...examples].map(([node, key]) => `${key} on ${node}`).join(', ');
  return new CacheError(
    'ERR_CROSS_NODE',
    `${name} is done by one node or not at all, and its keys lie on several: ${places}. ${fleet.cure}`,
  );
}

/** @throws CacheError `ERR_CROSS_NODE` for a SORT by or of keys that may lie on any node */
export function refuseLoosePatterns(fleet: Fleet, command: Command): void {
  const pattern = loosePattern(argumentsOf(command), fleet.hashesTags);
  if (pattern === undefined || fleet.nodes.length === 1) return;
  throw new CacheError(
    'ERR_CROSS_NODE',
    `sort is done by one node, and keys like ${shown(pattern)} lie on any. ${fleet.cure}`,
  );
}

/** A command that speaks of one server or one connection. */
export function singleServerError(name: string, why: string): CacheError {
  return new CacheError('ERR_CROSS_NODE', `${name} ${why}`);
}

/** What to do instead; of all others, ask a client of the one server. */
const INSTEAD: Readonly<Record<string, string>> = {
  select: 'give db when the client is made, or duplicate it with another',
  auth: 'give username and password when the client is made',
  hello: 'give username and password when the client is made',
};
/** Their second word says what is asked. */
const FAMILIES: ReadonlySet<string> = new Set(['client', 'cluster', 'debug', 'module', 'script', 'acl', 'sentinel']);

/** Of a command that is done here by nobody. */
export function refusedError(command: Command): CacheError {
  const name = nameOf(command);
  const shownName = FAMILIES.has(name) ? `${name} ${argumentAt(command, 0)}`.trimEnd() : name;
  const instead = INSTEAD[name] ?? 'ask a client of that server';
  return singleServerError(shownName, `speaks of one server or one connection, and here are several: ${instead}`);
}

function shown(key: string): string {
  return JSON.stringify(key.length > SHOWN_UNITS ? `${key.slice(0, SHOWN_UNITS)}…` : key);
}
