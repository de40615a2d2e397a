import { describe, expect, it } from 'vitest';
import { BUCKETS, bucketOf, Fences, NO_FENCE } from '../../../src/cluster/ledger/fences.js';

describe('Fences', () => {
  it('stand around one bucket of 4,096, or around the whole node, whichever is higher', () => {
    const fences = new Fences();
    expect([fences.isNone, fences.at(5)]).toEqual([true, NO_FENCE]);
    fences.raise(bucketOf(0xabc0_0001), 100);
    expect([fences.at(0xabcf_ffff), fences.at(0xabd0_0000)]).toEqual([100, NO_FENCE]);
    fences.raiseAll(50);
    expect([fences.at(0xabcf_ffff), fences.at(0xabd0_0000)]).toEqual([100, 50]);
    expect([fences.size, fences.isWhole, fences.isNone]).toEqual([1, true, false]);
    expect(bucketOf(0xffff_ffff)).toBe(BUCKETS - 1);
  });

  it('never go down by being raised', () => {
    const fences = new Fences();
    fences.raise(1, 100);
    fences.raise(1, 99);
    fences.raiseAll(20);
    fences.raiseAll(10);
    expect([fences.at(1 << 20), fences.at(0)]).toEqual([100, 20]);
  });

  it('are lifted only as far as somebody has seen them', () => {
    const fences = new Fences();
    fences.raise(1, 100);
    fences.raise(2, 200);
    fences.raiseAll(90);
    fences.lift(1, 99);
    expect(fences.at(1 << 20)).toBe(100);
    fences.lift(1, 100);
    expect(fences.at(1 << 20)).toBe(90);
    fences.liftAll(199);
    expect([fences.at(0), fences.at(2 << 20), fences.size]).toEqual([NO_FENCE, 200, 1]);
    fences.liftAll(200);
    expect(fences.isNone).toBe(true);
  });
});
