import { describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';
import { Generations } from '../../src/near/generations.js';

describe('Generations', () => {
  it('R2 ends every snapshot of a key that was taken before a write of it', () => {
    const generations = new Generations();
    const hash = secondHash('k');
    const before = generations.snapshot(hash);
    expect(generations.isCurrent(hash, before)).toBe(true);
    generations.bump(hash);
    expect(generations.isCurrent(hash, before)).toBe(false);
    const between = generations.snapshot(hash);
    expect(generations.isCurrent(hash, between)).toBe(true);
    generations.bump(hash);
    expect(generations.isCurrent(hash, between)).toBe(false);
    expect(generations.isCurrent(hash, before)).toBe(false);
  });

  it('leaves the keys of other buckets alone', () => {
    const generations = new Generations();
    const hashes = Array.from({ length: 1_000 }, (_, i) => secondHash(`key:${i}`));
    const written = secondHash('written');
    const snapshots = hashes.map((hash) => generations.snapshot(hash));
    for (let i = 0; i < 100; i++) generations.bump(written);
    const ended = hashes.filter((hash, i) => !generations.isCurrent(hash, snapshots[i] ?? -1));
    // Each of the thousand shares the bucket with a chance of 1 in 65,536.
    expect(ended.length).toBeLessThanOrEqual(1);
  });

  it('takes hashes of all 32 bits and wraps its counters', () => {
    const generations = new Generations();
    for (const hash of [0, 0xffff, 0x10000, 0xffffffff]) {
      const before = generations.snapshot(hash);
      generations.bump(hash);
      expect(generations.isCurrent(hash, before)).toBe(false);
    }
  });
});
