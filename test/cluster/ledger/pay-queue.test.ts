import { describe, expect, it } from 'vitest';
import { PayQueue } from '../../../src/cluster/ledger/pay-queue.js';

describe('PayQueue', () => {
  it('hands out the longest waiting key first, and each once', () => {
    const queue = new PayQueue(10, 1_000);
    expect(['a', 'b', 'a'].map((key, i) => queue.put(key, i, i * 10))).toEqual([true, true, true]);
    expect(queue.oldest).toBe(0);
    expect([queue.take(), queue.take(), queue.take()]).toEqual([
      { key: 'a', hash: 0, since: 0 },
      { key: 'b', hash: 1, since: 10 },
      undefined,
    ]);
  });

  it('takes no more keys than it may', () => {
    const queue = new PayQueue(2, 1_000);
    expect(['a', 'b', 'c', 'a'].map((key) => queue.put(key, 0, 0))).toEqual([true, true, false, true]);
    expect(queue.size).toBe(2);
  });

  it('takes no more bytes than it may, and frees them with the key', () => {
    const queue = new PayQueue(100, 20);
    expect(queue.put('12345', 0, 0)).toBe(true);
    expect(queue.put('123456', 0, 0)).toBe(false);
    expect(queue.put('67890', 0, 0)).toBe(true);
    queue.remove('12345');
    queue.remove('never there');
    expect(queue.put('123456', 0, 0)).toBe(false);
    expect(queue.put('54321', 0, 0)).toBe(true);
    queue.retain(({ key }) => key !== '54321');
    expect([queue.size, queue.put('abcde', 0, 0)]).toEqual([1, true]);
    queue.clear();
    expect([queue.size, queue.put('1234567890', 0, 0)]).toEqual([0, true]);
  });
});
