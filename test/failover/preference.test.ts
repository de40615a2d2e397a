import { describe, expect, it } from 'vitest';
import { byPreference, type Candidate } from '../../src/failover/preference.js';

const MAX_LAG = 1_000;

function ranked(...candidates: (Partial<Candidate> & { name: string })[]): string[] {
  const full = candidates.map((one) => ({ role: 'standby' as const, priority: 100, lagBytes: undefined, ...one }));
  return byPreference(full, MAX_LAG).map(({ name }) => name);
}

describe('who takes over', () => {
  it('is the primary before any standby, then the lower priority, then as listed', () => {
    expect(
      ranked(
        { name: 'b', priority: 2 },
        { name: 'c', priority: 1 },
        { name: 'd', priority: 1 },
        { name: 'a', role: 'primary' },
      ),
    ).toEqual(['a', 'c', 'd', 'b']);
  });

  it('is never a standby of priority 0 by itself', () => {
    expect(ranked({ name: 'b', priority: 0 }, { name: 'c' })).toEqual(['c']);
  });

  it('is the one that lags least, among those of one priority', () => {
    expect(ranked({ name: 'b', lagBytes: 900 }, { name: 'c', lagBytes: 10 }, { name: 'd', lagBytes: 0 })).toEqual([
      'd',
      'c',
      'b',
    ]);
    expect(ranked({ name: 'b', lagBytes: 900, priority: 1 }, { name: 'c', lagBytes: 10, priority: 2 })).toEqual([
      'b',
      'c',
    ]);
  });

  it('is one beyond maxLagBytes only if there is no other, whatever its priority', () => {
    expect(ranked({ name: 'b', lagBytes: 1_001, priority: 1 }, { name: 'c', lagBytes: 1_000, priority: 9 })).toEqual([
      'c',
      'b',
    ]);
    expect(ranked({ name: 'b', lagBytes: 5_000 }, { name: 'a', lagBytes: 9_000, role: 'primary' })).toEqual(['a', 'b']);
  });

  it('counts one that follows nobody as lagging as far as is allowed', () => {
    expect(ranked({ name: 'b' }, { name: 'c', lagBytes: 999 }, { name: 'd', lagBytes: 1_001 })).toEqual([
      'c',
      'b',
      'd',
    ]);
  });
});
