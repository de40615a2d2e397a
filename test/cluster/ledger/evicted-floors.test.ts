import { describe, expect, it } from 'vitest';
import { EvictedFloors } from '../../../src/cluster/ledger/evicted-floors.js';

const HASH = 0x1234_5678;

describe('EvictedFloors', () => {
  it('remembers the newest stamp of a cell', () => {
    const evicted = new EvictedFloors(1_000_000);
    expect(evicted.newestOf(HASH)).toBe(0);
    evicted.add(HASH, 50, true);
    evicted.add(HASH, 70, true);
    evicted.add(HASH, 60, true);
    expect([evicted.newestOf(HASH), evicted.newestOf(HASH + 0x1000), evicted.count]).toEqual([70, 0, 3]);
  });

  it('sees danger only where an incident came after the oldest write of the bucket', () => {
    const evicted = new EvictedFloors(1_000_000);
    expect(evicted.isEndangered(HASH, 1_000)).toBe(false);
    evicted.add(HASH, 50, true);
    evicted.add(HASH, 70, true);
    expect([0, 50, 51, 60, 100].map((incident) => evicted.isEndangered(HASH, incident))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    // Another cell of the bucket has lost nothing.
    expect(evicted.isEndangered(HASH + 0x1000, 100)).toBe(false);
  });

  it('marks the bucket of a write that nobody knows to be complete', () => {
    const evicted = new EvictedFloors(1_000_000);
    evicted.add(HASH, 50, false);
    expect([evicted.isUnproven(HASH), evicted.isUnproven(HASH + 0x10_0000)]).toEqual([true, false]);
  });

  it('costs the hits that its argument says: half of them 1.4 million evicted floors later', () => {
    const evicted = new EvictedFloors(1_000_000);
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) ^ (state >>> 12)) >>> 0;
    };
    const sample = Array.from({ length: 2_000 }, random);
    for (const hash of sample) evicted.add(hash, 1, true);
    for (let i = 0; i < 1_453_000; i++) evicted.add(random(), 2, true);
    const hits = sample.filter((hash) => evicted.newestOf(hash) <= 1).length / sample.length;
    expect(hits).toBeGreaterThan(0.45);
    expect(hits).toBeLessThan(0.55);
  });
});
