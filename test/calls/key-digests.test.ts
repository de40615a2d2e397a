import { describe, expect, it } from 'vitest';
import { KeyDigests } from '../../src/calls/key-digests.js';

const keys = (count: number, prefix = 'key-'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('KeyDigests', () => {
  it('knows each of many keys again, and no other', () => {
    const digests = new KeyDigests(1_000_000);
    expect(keys(200_000).filter((key) => !digests.add(key))).toEqual([]);
    expect(keys(200_000).filter((key) => digests.add(key))).toEqual([]);
    expect(keys(50_000, 'other-').filter((key) => !digests.add(key))).toEqual([]);
  });

  it('takes no more than it may, and still knows what it has', () => {
    const digests = new KeyDigests(1_000);
    for (const key of keys(1_500)) expect(digests.add(key)).toBe(true);
    expect(keys(1_500).filter((key) => digests.add(key))).toEqual(keys(1_500).slice(1_000));
  });
});
