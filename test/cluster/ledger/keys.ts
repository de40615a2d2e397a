/** Names that the tests of the ledger share. */

export const OURS = 7;
export const THEIRS = 8;
export const NODES = [0, 1, 2];

/** Hash 0 and 1 share a tag, the first two keys share a hash, the last is alone in its bucket. */
export const KEYS = [
  { key: 'a', hash: 0 },
  { key: 'b', hash: 0 },
  { key: 'c', hash: 1 },
  { key: 'd', hash: 0x8000_0001 },
];
