import { describe, expect, it } from 'vitest';
import { GroupMember } from '../../src/failover/group-member.js';
import { MemberWatch } from '../../src/failover/member-watch.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { WATCH_SETTINGS } from './watch-settings.js';

/** A replica that does as told, and whose answers to looks after its promotion are `answers` of them. */
function replica(answers: readonly boolean[], obeys = true) {
  const clock = new FakeClock();
  let isMaster = false;
  let looks = 0;
  const watch = new MemberWatch({
    clock,
    random: () => 0.5,
    settings: WATCH_SETTINGS,
    async look() {
      if (isMaster && answers[looks++] === false) throw new Error('late');
      return { replication: { role: isMaster && obeys ? 'master' : 'replica', history: 'one', offset: 0 } };
    },
    looked: () => undefined,
  });
  const member = new GroupMember({
    name: 'b',
    role: 'standby',
    priority: 1,
    clock,
    watch,
    connect: async () => undefined,
    async promote() {
      isMaster = true;
    },
    remove: async () => true,
    async *keys() {},
    close: () => undefined,
  });
  return { member, looks: () => looks };
}

describe('a replica that is to take over', () => {
  it('is fit when it was made a master and the look after that came late: the next one must not become a master, too', async () => {
    const { member } = replica([false, true]);
    expect(await member.makeFit(true)).toBeUndefined();
    expect(member.isReplica).toBe(false);
  });

  it('is not fit if it has gone, or stays a replica, and is looked at only so often', async () => {
    const gone = replica([false, false, false, false]);
    expect(await gone.member.makeFit(true)).toBe('it has not become a master');
    expect(gone.looks()).toBe(3);
    const stubborn = replica([], false);
    expect(await stubborn.member.makeFit(true)).toBe('it has not become a master');
    expect(stubborn.looks()).toBe(3);
  });
});
