/** Slots of keys, and companions that lie where their key does. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEASE_SUFFIXES } from '../../../../src/base/lease-key.js';
import { keySlot } from '../../../../src/driver/redis/cluster/key-slot.js';
import { BY_SLOT } from '../../../../src/driver/redis/cluster/slot-layout.js';

const anyKey = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: fc.constantFrom('{', '}', 'a', 'é', '~'), minLength: 1, maxLength: 12 }),
);

describe('slots', () => {
  // As redis-server 7.0 answers CLUSTER KEYSLOT.
  it.each([
    ['123456789', 12739],
    ['foo', 12182],
    ['{user1000}.following', 3443],
    ['foo{}{bar}', 8363],
    ['foo{{bar}}zap', 4015],
    ['foo{bar}{zap}', 5061],
    ['naïve', 2847],
    ['🦊', 3167],
  ])('%s lies in %i', (key, slot) => {
    expect(keySlot(key)).toBe(slot);
  });

  it('of a key and its companions are one, and each companion tells its key', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const companions = BY_SLOT.suffixesOf(key).map((suffix) => key + suffix);
        expect(companions.map(keySlot)).toEqual([keySlot(key), keySlot(key)]);
        expect(companions.map((companion) => BY_SLOT.ownerOf(companion))).toEqual([key, key]);
        expect(companions.map((companion, i) => companion.endsWith(LEASE_SUFFIXES[i] ?? '?'))).toEqual([true, true]);
      }),
      { numRuns: 500 },
    );
  });
});
