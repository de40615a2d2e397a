/** What a command says: its name in lower case, its words on the wire, the keys among them. */

import type { Command } from 'ioredis';
import type { Words } from '../../driver/driver.js';
import { sortedKeys } from './sort-words.js';

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

export function isScript(command: Command): boolean {
  return /^(eval|evalsha|fcall)(_ro)?$/i.test(command.name);
}

export function isSort(command: Command): boolean {
  return /^sort(_ro)?$/i.test(command.name);
}

/** The keys among its arguments, as far as there are any: ioredis counts a key that is missing, and puts it in. */
export function keysOf(command: Command): (string | Buffer)[] {
  if (isSort(command)) return sortedKeys(argumentsOf(command));
  const { length } = command.args;
  const keys = command.getKeys().filter((key) => key !== undefined);
  command.args.length = length;
  return keys;
}

/** A key given as bytes is placed as the text it is in UTF-8: both name one entry. */
export function keyText(key: string | Buffer): string {
  return typeof key === 'string' ? key : key.toString();
}
