import { describe, expect, it } from 'vitest';
import { isLeaseKey, LEASE_SUFFIXES, withoutLeaseSuffix } from '../../src/base/lease-key.js';
import { KeySpace } from '../../src/key.js';

describe('companion keys', () => {
  const keys = ['k', 'ns:k', '{tag}:k', '~lease', 'lease~', '~', 'ключ', 'k~leas~'];

  it('lead back to their key, and no other key is one', () => {
    for (const key of keys) {
      expect(isLeaseKey(key)).toBe(false);
      expect(withoutLeaseSuffix(key)).toBe(key);
      for (const suffix of LEASE_SUFFIXES) {
        expect(isLeaseKey(key + suffix)).toBe(true);
        expect(withoutLeaseSuffix(key + suffix)).toBe(key);
      }
    }
    expect(new Set(LEASE_SUFFIXES).size).toBe(2);
  });

  it('are the wire key of nobody: a key that ends as they do is digested, and told to nobody', () => {
    for (const namespace of [undefined, 'ns']) {
      const space = KeySpace.create({ namespace });
      for (const key of keys) {
        for (const suffix of LEASE_SUFFIXES) {
          const wire = space.toWireKey(key + suffix);
          expect(isLeaseKey(wire)).toBe(false);
          expect(wire).not.toBe(space.toWireKey(key));
          expect(space.fromWireKey(space.prefix + key + suffix)).toBeUndefined();
        }
      }
      const wires = LEASE_SUFFIXES.flatMap((suffix) => keys.map((key) => space.toWireKey(key + suffix)));
      expect(new Set(wires).size).toBe(wires.length);
    }
  });
});
