import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';
import { KeySpace } from '../../src/key.js';
import { FALLBACK_DEFAULTS, Fallback } from '../../src/near/fallback.js';
import { Generations } from '../../src/near/generations.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const HASH = secondHash('k');

function setUp(options = FALLBACK_DEFAULTS) {
  const clock = new FakeClock();
  const generations = new Generations();
  return { clock, generations, fallback: new Fallback<string>(options, generations, clock, (text) => text) };
}

describe('Fallback', () => {
  it('tells the age of what it answers, up to maxStaleMs', async () => {
    const { clock, generations, fallback } = setUp();
    fallback.fill('k', HASH, generations.snapshot(HASH), 'v', 1);
    expect(fallback.get('k', HASH)).toEqual({ item: 'v', ageMs: 0 });
    await clock.advance(59_999);
    expect(fallback.get('k', HASH)).toEqual({ item: 'v', ageMs: 59_999 });
    await clock.advance(1);
    expect(fallback.get('k', HASH)).toBeUndefined();
  });

  it('F3 has no use for the wall clock, and no timer', async () => {
    const { clock, generations, fallback } = setUp();
    fallback.fill('k', HASH, generations.snapshot(HASH), 'v', 1);
    clock.jumpWall(-3_600_000);
    await clock.advance(30_000);
    clock.jumpWall(7_200_000);
    expect(fallback.get('k', HASH)).toEqual({ item: 'v', ageMs: 30_000 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives nothing for a dropped key, whose place the next value takes', () => {
    const { generations, fallback } = setUp();
    fallback.fill('k', HASH, generations.snapshot(HASH), 'before', 6);
    fallback.drop(HASH);
    fallback.drop(HASH + 1);
    expect(fallback.get('k', HASH)).toBeUndefined();
    for (const value of ['before', 'after!', 'of another length']) {
      fallback.fill('k', HASH, generations.snapshot(HASH), value, value.length);
      expect(fallback.get('k', HASH)?.item).toBe(value);
      fallback.drop(HASH);
    }
    expect(fallback.entries).toBe(1);
    expect(fallback.get('k', HASH)).toBeUndefined();
    expect(fallback.entries).toBe(0);
    expect(fallback.bytes).toBe(0);
  });

  it('keeps to its defaults of 10,000 entries and 64 MiB', () => {
    const { generations, fallback } = setUp();
    for (let i = 0; i < 12_000; i++) fallback.fill(`k${i}`, i, generations.snapshot(i), 'v', 1);
    expect(fallback.entries).toBe(10_000);
    for (let i = 0; i < 100; i++)
      fallback.fill(`large${i}`, 20_000 + i, generations.snapshot(20_000 + i), 'v', 1_024 * 1_024);
    expect(fallback.bytes).toBeLessThanOrEqual(64 * 1_024 * 1_024);
    expect(fallback.entries).toBeGreaterThan(60);
  });

  it('W11 never answers what was there before a write that this process issued, in any order of events', () => {
    const event = fc.oneof(
      fc.record({ issue: fc.constant(true) }),
      fc.record({ begin: fc.nat({ max: 3 }) }),
      fc.record({ arrive: fc.nat({ max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const { generations, fallback } = setUp();
        let version = 0;
        const flights = new Map<number, { snapshot: number; version: number }>();
        for (const now of events) {
          if ('issue' in now) {
            version++;
            generations.bump(HASH);
            fallback.delete(HASH);
          } else if ('begin' in now) {
            flights.set(now.begin, { snapshot: generations.snapshot(HASH), version });
          } else {
            const flight = flights.get(now.arrive);
            if (flight) fallback.fill('k', HASH, flight.snapshot, String(flight.version), 1);
          }
          expect(fallback.get('k', HASH)?.item ?? String(version)).toBe(String(version));
        }
      }),
    );
  });

  it('W11 does hold what was read since the last write', () => {
    const { generations, fallback } = setUp();
    generations.bump(HASH);
    fallback.fill('k', HASH, generations.snapshot(HASH), 'new', 1);
    expect(fallback.get('k', HASH)?.item).toBe('new');
  });

  it('gives text back as the item it is, and nothing for what is none', () => {
    const { clock, generations } = setUp();
    const revive = (text: string) => (text === 'garbage' ? undefined : `<${text}>`);
    const fallback = new Fallback<string>(FALLBACK_DEFAULTS, generations, clock, revive);
    fallback.fillText('k', HASH, generations.snapshot(HASH), 'v\u00ff');
    expect(fallback.get('k', HASH)).toEqual({ item: '<v\u00ff>', ageMs: 0 });
    fallback.fillText('k', HASH, generations.snapshot(HASH), 'garbage');
    expect(fallback.get('k', HASH)).toBeUndefined();
    const before = generations.snapshot(HASH);
    generations.bump(HASH);
    fallback.drop(HASH);
    fallback.fillText('k', HASH, before, 'late');
    expect(fallback.get('k', HASH)).toBeUndefined();
  });

  it('S21 answers only for the full key, namespace included', () => {
    const { generations, fallback } = setUp();
    const mine = KeySpace.create({ namespace: 'tenant-a' }).toWireKey('profile');
    const theirs = KeySpace.create({ namespace: 'tenant-b' }).toWireKey('profile');
    fallback.fill(mine, secondHash(mine), generations.snapshot(secondHash(mine)), 'private', 7);
    expect(fallback.get(mine, secondHash(mine))?.item).toBe('private');
    expect(fallback.get(theirs, secondHash(theirs))).toBeUndefined();
    expect(fallback.get('profile', secondHash('profile'))).toBeUndefined();
  });
});
