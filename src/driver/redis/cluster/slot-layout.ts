/**
 * Companion keys in a Redis Cluster: they must lie in the slot of their key, or no command could name them together.
 *
 * A key with a `{tag}` shares it with whatever begins as the key does. Behind any other key stand three characters more, by
 * which the whole companion falls into the slot of the key; that it has no tag either tells the two kinds apart again.
 */

import { isLeaseKey, LEASE_SUFFIXES, withoutLeaseSuffix } from '../../../base/lease-key.js';
import type { KeyLayout } from '../key-layout.js';
import { FILLER_LENGTH, suffixInto, tagIn } from './key-slot.js';

const [first, second] = LEASE_SUFFIXES;
const firstInto = suffixInto(first);
const secondInto = suffixInto(second);

export const BY_SLOT: KeyLayout = {
  joinsGets: false,
  suffixesOf: (key) => (tagIn(key) === '' ? [firstInto(key), secondInto(key)] : LEASE_SUFFIXES),
  ownerOf: (key) => {
    if (!isLeaseKey(key)) return key;
    const owner = withoutLeaseSuffix(key);
    return tagIn(key) === '' ? owner.slice(0, -FILLER_LENGTH) : owner;
  },
};
