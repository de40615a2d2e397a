/** The refusal of what one node would have to do and no one node can. */

import { CacheError } from '../../errors.js';
import type { Fleet } from './fleet.js';
import { keyText } from './words.js';

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
    if (!examples.has(node)) examples.set(node, text.length > SHOWN_UNITS ? `${text.slice(0, SHOWN_UNITS)}…` : text);
  }
  const places = [...examples].map(([node, key]) => `${JSON.stringify(key)} on ${node}`).join(', ');
  return new CacheError(
    'ERR_CROSS_NODE',
    `${name} is done by one node or not at all, and its keys lie on several: ${places}. ${fleet.cure}`,
  );
}

/** A command that speaks of one server or one connection. */
export function singleServerError(name: string, why: string): CacheError {
  return new CacheError('ERR_CROSS_NODE', `${name} ${why}`);
}
