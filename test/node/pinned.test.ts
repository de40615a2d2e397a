/** What is pinned to a node waits while others are given up. */

import { describe, expect, it } from 'vitest';
import { outlastsAbsence } from '../../src/node/pinned.js';
import { RawAttempt } from '../../src/node/raw-attempt.js';
import { WaitQueue } from '../../src/node/wait-queue.js';

describe('a queue', () => {
  it('gives up what is not pinned, and keeps the rest in its order and its turns', () => {
    const queue = new WaitQueue();
    const node = { name: 'a', slot: 0, failures: 0, failed() {} };
    const sink = { answered() {}, failed() {}, answeredLate() {}, failedLate() {} };
    const add = (key: string, isPinned: boolean): void => {
      queue.add(new RawAttempt(node, { key, hash: 0, timeoutMs: 9, sink }, ['set', key, 'v'], { isPinned }));
    };
    for (const key of ['p1', 'f1', 'p2']) add(key, key.startsWith('p'));
    queue.endTurn(10);
    queue.stay(10);
    add('f2', false);
    queue.endTurn(20);
    queue.stay(20);
    for (const key of ['f3', 'p3']) add(key, key.startsWith('p'));
    const keys = (operations: readonly { readonly key: string }[]): string[] => operations.map(({ key }) => key);
    expect(keys(queue.drain(outlastsAbsence))).toEqual(['f1', 'f2', 'f3']);
    expect([queue.count, queue.ordered, queue.bytes, queue.oldestAt]).toEqual([3, 3, 18, 10]);
    queue.endTurn(30);
    expect(keys(queue.take(10).operations)).toEqual(['p1', 'p2']);
    expect(keys(queue.take(10).operations)).toEqual(['p3']);
    expect([queue.count, queue.ordered, queue.bytes, queue.isEmpty]).toEqual([0, 0, 0, true]);
  });
});
