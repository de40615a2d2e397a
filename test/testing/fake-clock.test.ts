import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/testing/fake-clock.js';

describe('FakeClock', () => {
  it('runs due timers by time, equal times in the order set, and shows each its own time', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    clock.setTimer(note('c'), 30);
    clock.setTimer(note('a'), 10);
    clock.setTimer(note('d'), 30);
    clock.setTimer(note('b'), 20);
    clock.setTimer(note('late'), 31);
    await clock.advance(30);
    expect(seen).toEqual(['a@10', 'b@20', 'c@30', 'd@30']);
    expect(clock.now()).toBe(30);
    expect(clock.pendingTimers).toBe(1);
  });

  it('runs timers set by timers within the same advance, and lets long promise chains end between two timers', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    clock.setTimer(async () => {
      for (let hop = 0; hop < 50; hop++) await undefined;
      seen.push('chain');
      clock.setTimer(() => seen.push('inner'), 5);
    }, 10);
    clock.setTimer(() => seen.push('second'), 11);
    await clock.advance(20);
    expect(seen).toEqual(['chain', 'second', 'inner']);
  });

  it('runs setSoon without any time passing, and what that sets soon too', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    clock.setSoon(() => {
      seen.push('one');
      clock.setSoon(() => seen.push('two'));
    });
    expect(seen).toEqual([]);
    await clock.drain();
    expect(seen).toEqual(['one', 'two']);
    expect(clock.now()).toBe(0);
  });

  it('runs no cancelled timer, and takes delays below 0 or NaN as at once', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    clock.setTimer(() => seen.push('cancelled'), 1).cancel();
    clock.setTimer(() => seen.push('negative'), -5);
    clock.setTimer(() => seen.push('not a number'), Number.NaN);
    await clock.advance(0);
    expect(seen).toEqual(['negative', 'not a number']);
    await clock.advance(10);
    expect(seen).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('moves the wall with time, and jumps it without moving the monotonic time', async () => {
    const clock = new FakeClock({ wall: 1_000_000 });
    await clock.advance(250);
    expect(clock.wall()).toBe(1_000_250);
    clock.jumpWall(-3_600_000);
    expect(clock.wall()).toBe(1_000_250 - 3_600_000);
    expect(clock.now()).toBe(250);
  });

  it('advances as far as an outcome needs, and says when it never comes', async () => {
    const clock = new FakeClock();
    const answer = new Promise<string>((resolve) => clock.setTimer(() => resolve('done'), 700));
    clock.setTimer(() => undefined, 5_000);
    expect(await clock.until(answer)).toBe('done');
    expect(clock.now()).toBe(700);
    const never = new Promise<string>(() => undefined);
    await expect(clock.until(never, 100)).rejects.toThrow('not settled within 100 ms');
    await expect(clock.until(never)).rejects.toThrow('no timer is left');
    const failed = Promise.reject(new Error('its own'));
    await expect(clock.until(failed)).rejects.toThrow('its own');
  });
});
