/** How long an entry lives, from what either Keyv says. */

import { describe, expect, it } from 'vitest';
import { lifetimeIn, lifetimeOf } from '../../../src/adapters/keyv/lifetime.js';

const NOW = Date.UTC(2026, 10, 21);
const YEAR_MS = 31_557_600_000;

describe('an argument that may be a duration or a point in time', () => {
  it.each([
    ['nothing', undefined, undefined],
    ['a duration', 500, 500],
    ['a fraction', 0.5, 0.5],
    ['thirty years', 30 * YEAR_MS, 30 * YEAR_MS],
    ['fifty years', 50 * YEAR_MS, 50 * YEAR_MS],
    ['no end', Number.POSITIVE_INFINITY, 'none'],
    ['zero, which is none', 0, 'none'],
    ['a duration that is over', -1, 'over'],
    ['a point in half a second', NOW + 500, 500],
    ['a point in ten years', NOW + 10 * YEAR_MS, 10 * YEAR_MS],
    ['now', NOW, 'over'],
    ['a point a month ago', NOW - YEAR_MS / 12, 'over'],
    ['a point beyond what nodes take', NOW + 2_000 * YEAR_MS, 'none'],
    ['no number', Number.NaN, undefined],
  ])('%s', (_, given, lifetime) => {
    expect(lifetimeOf(given, NOW)).toEqual(lifetime);
  });

  it('is taken rightly where the clock stands at its beginning, in either contract', () => {
    expect([lifetimeOf(500, 0), lifetimeOf(60_000, 1_000)]).toEqual([500, 60_000]);
  });
});

describe('an entry, which says what it means', () => {
  it.each([
    ['nothing', {}, undefined],
    ['a duration', { ttl: 500 }, 500],
    ['a point in time', { expires: NOW + 500 }, 500],
    ['a point long past', { expires: 5 }, 'over'],
    ['a duration of fifty-six years', { ttl: 56.5 * YEAR_MS }, 56.5 * YEAR_MS],
    ['a duration of zero', { ttl: 0 }, 'none'],
  ])('%s', (_, given, lifetime) => {
    expect(lifetimeIn(given, NOW)).toEqual(lifetime);
  });
});
