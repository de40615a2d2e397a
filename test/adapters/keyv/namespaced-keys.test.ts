/** Keyv's keys in the cache: no two meet, each is found again, none is too long to be told. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NamespacedKeys } from '../../../src/adapters/keyv/namespaced-keys.js';
import { KeySpace } from '../../../src/key.js';

const tricky = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[a:%~]{0,5}$/),
  fc.constantFrom('k~lease~', '~sha256:x', 'x'.repeat(130), 'ü'.repeat(60), '~'.repeat(80)),
);
const space = KeySpace.create({ namespace: 'n'.repeat(64) });

describe('namespaced keys', () => {
  it('are as many as pairs of a namespace and a key, and no namespace begins as another', () => {
    fc.assert(
      fc.property(tricky, tricky, tricky, tricky, (namespace, key, otherNamespace, otherKey) => {
        const [one, other] = [new NamespacedKeys(namespace), new NamespacedKeys(otherNamespace)];
        const [mine, theirs] = [one.toCacheKey(key), other.toCacheKey(otherKey)];
        expect(mine === theirs).toBe(namespace === otherNamespace && key === otherKey);
        expect(theirs.startsWith(one.prefix)).toBe(namespace === otherNamespace);
      }),
    );
  });

  it('are found again, plain or as digests, and told by the cache', () => {
    fc.assert(
      fc.property(tricky, tricky, (namespace, key) => {
        const keys = new NamespacedKeys(namespace);
        const cacheKey = keys.toCacheKey(key);
        if (!keys.isDigest(cacheKey)) expect(keys.fromCacheKey(cacheKey)).toBe(key);
        expect(space.fromWireKey(space.toWireKey(cacheKey))).toBe(cacheKey);
      }),
    );
  });

  it('look as anybody would expect', () => {
    expect(new NamespacedKeys('keyv').toCacheKey('keyv:foo')).toBe('keyv:keyv:foo');
    expect(new NamespacedKeys().toCacheKey('foo')).toBe(':foo');
    expect(new NamespacedKeys('a:b%').toCacheKey('~')).toMatch(/^a%3Ab%25:~[\w-]{43}$/);
  });
});
