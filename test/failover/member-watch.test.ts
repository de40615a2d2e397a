import { describe, expect, it } from 'vitest';
import { MemberWatch, type Sighting } from '../../src/failover/member-watch.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

const SETTINGS = {
  intervalMs: 1_000,
  timeoutMs: 500,
  unhealthyAfter: 3,
  healthyAfter: 2,
  ejectionMs: 5_000,
  maxEjectionMs: 60_000,
};

function setUp() {
  const clock = new FakeClock();
  const told: (Sighting | number)[] = [];
  let looks = 0;
  let answer: () => Promise<Sighting> = async () => ({ replication: undefined });
  const watch = new MemberWatch({
    clock,
    random: () => 0.5,
    settings: SETTINGS,
    look: () => {
      looks++;
      return answer();
    },
    looked: () => told.push(looks),
  });
  return {
    clock,
    watch,
    told,
    get looks() {
      return looks;
    },
    set answer(next: () => Promise<Sighting>) {
      answer = next;
    },
  };
}

const gone = async (): Promise<Sighting> => {
  throw new Error('gone');
};

describe('a watch', () => {
  it('knows nothing at first, then that its node is well and since when', async () => {
    const world = setUp();
    expect([world.watch.state, world.watch.isWell]).toEqual(['unknown', false]);
    world.watch.start();
    await world.clock.advance(5_000);
    expect([world.watch.state, world.watch.isWell, world.watch.upSince]).toEqual(['healthy', true, 50]);
    expect(world.looks).toBe(5);
    expect(world.told).toEqual([1, 2, 3, 4, 5]);
  });

  it('looks more often while in doubt, and takes one failure for no end', async () => {
    const world = setUp();
    world.watch.start();
    await world.clock.advance(1_500);
    world.answer = gone;
    await world.clock.advance(600);
    expect([world.watch.state, world.watch.isWell, world.watch.upSince]).toEqual(['healthy', false, undefined]);
    world.answer = async () => ({ replication: undefined });
    await world.clock.advance(300);
    expect([world.watch.isWell, world.watch.upSince]).toEqual([true, 2_300]);
    world.answer = gone;
    await world.clock.advance(1_600);
    expect(world.watch.state).toBe('ejected');
  });

  it('keeps one out that has failed, until it has served its time and passed', async () => {
    const world = setUp();
    world.watch.start();
    world.answer = gone;
    await world.clock.advance(1_000);
    expect(world.watch.state).toBe('ejected');
    world.answer = async () => ({ replication: undefined });
    await world.clock.advance(3_000);
    expect([world.watch.isWell, world.watch.state]).toEqual([false, 'ejected']);
    await world.clock.advance(4_000);
    expect([world.watch.isWell, world.watch.state]).toEqual([true, 'healthy']);
  });

  it('holds a failure against nobody that was late for our own sake', async () => {
    const world = setUp();
    world.watch.start();
    await world.clock.advance(100);
    world.answer = () => new Promise((_, reject) => world.clock.setTimer(() => reject(new Error('late')), 600));
    await world.clock.advance(20_000);
    expect([world.watch.isWell, world.watch.upSince]).toEqual([true, 50]);
  });

  it('looks at nothing once stopped, and once at a time', async () => {
    const world = setUp();
    await Promise.all([world.watch.look(), world.watch.look()]);
    expect(world.looks).toBe(1);
    world.watch.start();
    world.watch.stop();
    await world.clock.advance(10_000);
    expect([world.looks, world.clock.pendingTimers]).toEqual([1, 0]);
  });
});
