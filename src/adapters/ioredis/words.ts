/** What a command says: its name in lower case, its words on the wire, the keys among them. */

import type { Command } from 'ioredis';
import type { Words } from '../../driver/driver.js';

export function nameOf(command: Command): string {
  return command.name.toLowerCase();
}

/** The arguments, which ioredis has made strings and Buffers when it made the command. */
export function argumentsOf(command: Command): Words {
  return command.args as (string | Buffer)[];
}

/** As it travels. */
export function wordsOf(command: Command): Words {
  return [command.name, ...argumentsOf(command)];
}

/** An argument in lower case, '' where there is none. */
export function argumentAt(command: Command, index: number): string {
  return String(command.args[index] ?? '').toLowerCase();
}

/** The keys among its arguments, as far as there are any: ioredis counts a key that is missing, and puts it in. */
export function keysOf(command: Command): (string | Buffer)[] {
  if (/^sort(_ro)?$/i.test(command.name)) return sortKeysOf(argumentsOf(command));
  const { length } = command.args;
  const keys = command.getKeys().filter((key) => key !== undefined);
  command.args.length = length;
  return keys;
}

/**
 * Of SORT, where ioredis overlooks words given as bytes, and takes for a key what is none: a pattern of BY and GET without
 * a star names no key. One with a star lies where it says itself: `{tag}:weight:*`.
 */
function sortKeysOf(words: Words): (string | Buffer)[] {
  const keys = words.slice(0, 1);
  for (let i = 1; i + 1 < words.length; i++) {
    const option = String(words[i]).toUpperCase();
    const next = words[i + 1] as string | Buffer;
    if (option === 'LIMIT') i += 2;
    else if (option === 'STORE' || option === 'BY' || option === 'GET') {
      if (option === 'STORE' || keyText(next).includes('*')) keys.push(next);
      i++;
    }
  }
  return keys;
}

/** A key given as bytes is placed as the text it is in UTF-8: both name one entry. */
export function keyText(key: string | Buffer): string {
  return typeof key === 'string' ? key : key.toString();
}
