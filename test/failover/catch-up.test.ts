import { describe, expect, it } from 'vitest';
import { CatchUp } from '../../src/failover/catch-up.js';
import { GroupMember } from '../../src/failover/group-member.js';
import { MemberWatch } from '../../src/failover/member-watch.js';
import { MissedKeys } from '../../src/failover/missed-keys.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { WATCH_SETTINGS } from './watch-settings.js';

interface Faults {
  readonly refused?: (key: string) => boolean;
  readonly removed?: (key: string) => void;
  readonly msEach?: number;
}

function setUp(held: readonly string[], { refused = () => false, removed, msEach = 0 }: Faults = {}, max?: number) {
  const clock = new FakeClock();
  const missed = new MissedKeys(max);
  const there = new Set(held);
  const primary = new GroupMember({
    name: 'a',
    role: 'primary',
    priority: 100,
    clock,
    watch: new MemberWatch({
      clock,
      random: () => 0.5,
      settings: WATCH_SETTINGS,
      look: async () => ({ replication: undefined }),
      looked: () => undefined,
    }),
    connect: async () => undefined,
    promote: async () => undefined,
    async remove(key) {
      if (msEach > 0) await new Promise<void>((resolve) => clock.setTimer(resolve, msEach));
      if (refused(key)) return false;
      there.delete(key);
      removed?.(key);
      return true;
    },
    async *keys() {
      yield [...there];
    },
    close: () => undefined,
  });
  return { clock, missed, there, catchUp: new CatchUp({ missed, primary }) };
}

const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);

describe('what the primary missed', () => {
  it('is deleted there, and nothing else', async () => {
    const { missed, there, catchUp } = setUp(keys(1_000));
    for (const key of keys(600)) missed.add(key);
    expect(await catchUp.run(1_000)).toBe(true);
    expect(there.size).toBe(400);
    expect(missed.count).toBe(0);
  });

  it('grows while it is deleted, without an end: the last few stay for later', async () => {
    const setting = setUp(keys(100), { removed: () => setting.missed.add('busy') });
    setting.missed.add('k1');
    expect(await setting.catchUp.run(1_000)).toBe(true);
    expect(setting.missed.take()).toEqual(['busy']);
  });

  it('is kept where it could not be deleted, or not in time', async () => {
    const refusing = setUp(keys(10), { refused: (key) => key === 'k3' });
    for (const key of keys(5)) refusing.missed.add(key);
    expect(await refusing.catchUp.run(1_000)).toBe(false);
    expect(refusing.missed.take()).toContain('k3');

    const slow = setUp(keys(2_000), { msEach: 100 });
    for (const key of keys(2_000)) slow.missed.add(key);
    expect(await slow.clock.until(slow.catchUp.run(250))).toBe(false);
    expect(slow.missed.count).toBe(2_000 - 3 * 256);
  });

  it('past its bound makes everything of the namespace go; and until then the debt stands', async () => {
    let isRefusing = true;
    const { missed, there, catchUp } = setUp(keys(50), { refused: () => isRefusing }, 10);
    for (const key of keys(20)) missed.add(key);
    expect([missed.count, missed.forgotten]).toEqual([10, 10]);
    expect(await catchUp.run(1_000)).toBe(false);
    expect(missed.forgotten).toBe(10);
    isRefusing = false;
    expect(await catchUp.run(1_000)).toBe(true);
    expect([missed.count, missed.forgotten, there.size]).toEqual([0, 0, 0]);
  });

  it('is nothing where it was told by others', async () => {
    const { missed, there, catchUp } = setUp(keys(50), {}, 10);
    for (const key of keys(20)) missed.add(key);
    catchUp.forgo();
    expect(await catchUp.run(1_000)).toBe(true);
    expect(there.size).toBe(50);
  });
});
