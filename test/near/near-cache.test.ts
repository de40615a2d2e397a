import { describe, expect, it } from 'vitest';
import { secondHash } from '../../src/base/string-hash.js';
import { Generations } from '../../src/near/generations.js';
import { NearCache } from '../../src/near/near-cache.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const HASH = secondHash('k');
const FOR_EVER = Number.POSITIVE_INFINITY;

function setUp(ttlMs = 1_000) {
  const clock = new FakeClock();
  const generations = new Generations();
  return {
    clock,
    generations,
    near: new NearCache<string>({ maxEntries: 100, maxBytes: 100_000, ttlMs }, generations, clock),
  };
}

/** What the cache does the moment a write or delete is issued. */
function issueWrite({ generations, near }: ReturnType<typeof setUp>): void {
  generations.bump(HASH);
  near.delete('k');
}

describe('NearCache', () => {
  it('serves a value for ttlMs of the monotonic clock', async () => {
    const { clock, generations, near } = setUp(1_000);
    near.fill('k', HASH, generations.snapshot(HASH), 'v', 1, FOR_EVER);
    await clock.advance(999);
    expect(near.get('k')).toBe('v');
    await clock.advance(1);
    expect(near.get('k')).toBeUndefined();
  });

  it('F3 serves no longer and no shorter when the wall clock jumps', async () => {
    const { clock, generations, near } = setUp(1_000);
    near.fill('k', HASH, generations.snapshot(HASH), 'v', 1, FOR_EVER);
    clock.jumpWall(3_600_000);
    expect(near.get('k')).toBe('v');
    clock.jumpWall(-7_200_000);
    await clock.advance(1_000);
    expect(near.get('k')).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it('G14 serves no longer than the value has to live', async () => {
    const { clock, generations, near } = setUp(1_000);
    near.fill('k', HASH, generations.snapshot(HASH), 'v', 1, 10);
    await clock.advance(9);
    expect(near.get('k')).toBe('v');
    await clock.advance(1);
    expect(near.get('k')).toBeUndefined();
    near.fill('k', HASH, generations.snapshot(HASH), 'v', 1, 0);
    near.fill('k', HASH, generations.snapshot(HASH), 'v', 1, -5);
    expect(near.entries).toBe(0);
  });

  it('counts from when the value was asked for, if told', async () => {
    const { clock, generations, near } = setUp(1_000);
    const askedAt = clock.now();
    await clock.advance(600);
    near.fill('k', HASH, generations.snapshot(HASH), 'v', 1, FOR_EVER, askedAt);
    await clock.advance(399);
    expect(near.get('k')).toBe('v');
    await clock.advance(1);
    expect(near.get('k')).toBeUndefined();
  });

  it('W11 drops the entry when a write is issued', () => {
    const scene = setUp();
    scene.near.fill('k', HASH, scene.generations.snapshot(HASH), 'old', 1, FOR_EVER);
    issueWrite(scene);
    expect(scene.near.get('k')).toBeUndefined();
  });

  it('W11 refuses a fill whose flight began before a write was issued, and takes one that began after', () => {
    const scene = setUp();
    const before = scene.generations.snapshot(HASH);
    issueWrite(scene);
    scene.near.fill('k', HASH, before, 'old', 1, FOR_EVER);
    expect(scene.near.get('k')).toBeUndefined();
    scene.near.fill('k', HASH, scene.generations.snapshot(HASH), 'new', 1, FOR_EVER);
    expect(scene.near.get('k')).toBe('new');
  });

  it('forgets everything when cleared', () => {
    const { generations, near } = setUp();
    near.fill('k', HASH, generations.snapshot(HASH), 'v', 1, FOR_EVER);
    near.clear();
    expect(near.get('k')).toBeUndefined();
    expect(near.bytes).toBe(0);
  });
});
