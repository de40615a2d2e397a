/** The options of SET and the durations of EXPIRE and its like, as far as a cache can keep them. */

import type { Words } from '../../driver/driver.js';

export interface StoreTerms {
  readonly mode: 'set' | 'add' | 'replace';
  /** 0 or less: gone at once. */
  readonly ttlMs: number | 'none';
}

/** `undefined` for options that a cache does not keep, or that make no sense. @param words behind key and value */
export function storeTerms(words: Words, now: number): StoreTerms | undefined {
  let mode: StoreTerms['mode'] = 'set';
  let ttlMs: StoreTerms['ttlMs'] = 'none';
  for (let i = 0; i < words.length; i++) {
    const word = String(words[i]).toUpperCase();
    if ((word === 'NX' || word === 'XX') && mode === 'set') mode = word === 'NX' ? 'add' : 'replace';
    else if (ttlMs === 'none') {
      const until = remainingMs(word, words[++i], now);
      if (until === undefined || (until <= 0 && !word.endsWith('AT'))) return undefined;
      ttlMs = until;
    } else return undefined;
  }
  return { mode, ttlMs };
}

/** Milliseconds from now, by the unit of the option or command. */
export function remainingMs(unit: string, amount: string | Buffer | undefined, now: number): number | undefined {
  const text = String(amount ?? '');
  if (!/^-?\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  switch (unit) {
    case 'EX':
      return value * 1_000;
    case 'PX':
      return value;
    case 'EXAT':
      return value * 1_000 - now;
    case 'PXAT':
      return value - now;
    default:
      return undefined;
  }
}
