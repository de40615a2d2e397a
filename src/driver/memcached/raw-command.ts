/**
 * Raw commands: words joined by blanks into one line, which the server answers by one line, by one value, or, for `stats`,
 * by lines up to `END`. A command outside the list could bring its own data block, answer nothing (`noreply`, the `q`
 * flag) or never stop answering (`watch`), and the replies of everybody else would be taken for its own.
 */

import type { RawOperation } from '../driver.js';

const META = new Set(['mg', 'md', 'ma', 'me', 'mn']);
const CLASSIC = new Set([
  'version',
  'verbosity',
  'flush_all',
  'cache_memlimit',
  'stats',
  'touch',
  'incr',
  'decr',
  'delete',
]);
const LONGEST_LINE = 2000;

/** The line without its line break, one byte a character; `undefined` if it is not one this connection may send. */
export function rawLine(words: readonly (string | Buffer)[]): string | undefined {
  const texts: string[] = [];
  for (const word of words) {
    const text = typeof word === 'string' ? Buffer.from(word, 'utf8').latin1Slice() : word.latin1Slice();
    if (!/^[\x21-\x7e\x80-\xff]+$/.test(text)) return undefined;
    texts.push(text);
  }
  const command = texts[0];
  if (command === undefined) return undefined;
  if (META.has(command)) {
    if (texts.slice(2).some((flag) => flag.startsWith('q'))) return undefined;
  } else if (!CLASSIC.has(command) || texts.includes('noreply')) return undefined;
  const line = texts.join(' ');
  return line.length <= LONGEST_LINE ? line : undefined;
}

/** Whether the reply is lines up to `END`. */
export function isListing(operation: RawOperation): boolean {
  return String(operation.words[0]) === 'stats';
}

/** Ends a listing, or is the whole reply of `stats reset` and `stats detail on`. */
export function endsListing(line: string): boolean {
  return line === 'END' || line === 'OK' || line === 'RESET';
}
