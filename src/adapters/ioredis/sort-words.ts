/**
 * What SORT concerns. ioredis overlooks words given as bytes, and takes for a key what is none: a pattern of BY and GET
 * without a star names no key. One with a star names as many keys as there are elements; they lie together where the
 * pattern itself says so: `{tag}:weight:*`.
 */

import type { Words } from '../../driver/driver.js';
import { tagOf } from '../../ring/hash.js';

/** Its key, the one it stores to, and the patterns that name keys. */
export function sortedKeys(words: Words): (string | Buffer)[] {
  return [
    ...words.slice(0, 1),
    ...optionsOf(words).flatMap(({ name, word }) => (name === 'STORE' || hasStar(word) ? [word] : [])),
  ];
}

/** A pattern whose keys may lie anywhere, if there is one. */
export function loosePattern(words: Words, hashesTags: boolean): string | undefined {
  const patterns = optionsOf(words).filter(({ name, word }) => name !== 'STORE' && hasStar(word));
  return patterns.map(({ word }) => word.toString()).find((pattern) => !hashesTags || tagOf(pattern).includes('*'));
}

function optionsOf(words: Words): { readonly name: string; readonly word: string | Buffer }[] {
  const options: { name: string; word: string | Buffer }[] = [];
  for (let i = 1; i + 1 < words.length; i++) {
    const name = String(words[i]).toUpperCase();
    if (name === 'LIMIT') i += 2;
    else if (name === 'STORE' || name === 'BY' || name === 'GET')
      options.push({ name, word: words[++i] as string | Buffer });
  }
  return options;
}

function hasStar(word: string | Buffer): boolean {
  return word.includes('*');
}
