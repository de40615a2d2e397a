/** Where the keys that belong to one entry lie on a server, and whether one request may ask for several entries. */

import { LEASE_SUFFIXES, withoutLeaseSuffix } from '../../base/lease-key.js';

export interface KeyLayout {
  /** Whether consecutive gets may travel as one MGET. */
  readonly joinsGets: boolean;
  /** What is put behind a key to name the two companions that are its lease; ASCII. */
  suffixesOf(key: string): readonly [string, string];
  /** The key that a companion belongs to, or the key itself. */
  ownerOf(key: string): string;
}

/** On a server that has all keys to itself. */
export const ONE_SERVER: KeyLayout = {
  joinsGets: true,
  suffixesOf: () => LEASE_SUFFIXES,
  ownerOf: withoutLeaseSuffix,
};
