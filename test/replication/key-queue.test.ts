import { describe, expect, it } from 'vitest';
import { KeyQueue } from '../../src/replication/key-queue.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('KeyQueue', () => {
  it('runs what was put in one after another, key by key, failures included', async () => {
    const queue = new KeyQueue(new FakeClock());
    const order: string[] = [];
    const [first, second] = [gate(), gate()];
    const calls = [
      queue.inTurn('a', 100, async () => {
        await first.opened;
        order.push('a1');
        throw new Error('a1 failed');
      }),
      queue.inTurn('a', 100, async () => order.push('a2')),
      queue.inTurn('b', 100, async () => {
        await second.opened;
        order.push('b1');
      }),
    ];
    second.open();
    await calls[2];
    expect(order).toEqual(['b1']);
    expect([queue.has('a'), queue.has('b')]).toEqual([true, false]);
    first.open();
    await expect(calls[0]).rejects.toThrow('a1 failed');
    await calls[1];
    expect(order).toEqual(['b1', 'a1', 'a2']);
    expect(queue.isEmpty).toBe(true);
  });

  it('answers nothing at the deadline, runs nothing after it, and keeps the order all the same', async () => {
    const clock = new FakeClock();
    const queue = new KeyQueue(clock);
    const order: string[] = [];
    const slow = gate();
    const first = queue.inTurn('a', 50, async () => {
      await slow.opened;
      order.push('first');
      return 1;
    });
    const second = queue.inTurn('a', 60, async () => order.push('second'));
    const third = queue.inTurn('a', 200, async () => order.push('third'));
    await clock.advance(70);
    expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
    expect(order).toEqual([]);
    slow.open();
    await third;
    await clock.drain();
    expect(order).toEqual(['first', 'third']);
    expect(queue.isEmpty).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells those that wait, and them alone, that the key was written past them', async () => {
    const queue = new KeyQueue(new FakeClock());
    queue.overtake('a');
    const { opened, open } = gate();
    const seen: boolean[] = [];
    const before = queue.inTurn('a', 100, async (place) => {
      await opened;
      seen.push(place.isOvertaken);
    });
    queue.overtake('a');
    queue.overtake('b');
    const after = queue.inTurn('a', 100, async (place) => seen.push(place.isOvertaken));
    open();
    await Promise.all([before, after]);
    expect(seen).toEqual([true, false]);
  });
});
