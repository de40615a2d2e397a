/** In what order the operations of one turn travel. */

import { describe, expect, it } from 'vitest';
import { Arranger } from '../../src/node/arrange.js';
import type { AttemptOrigin, NodeOperation } from '../../src/node/attempts.js';
import { ExactGetAttempt, GetAttempt } from '../../src/node/get-attempt.js';
import { RawAttempt } from '../../src/node/raw-attempt.js';

const NODE = { name: 'n', slot: 0, failures: 0, failed: () => undefined };
const GET_SINK = { hit: () => undefined, missed: () => undefined, failed: () => undefined };
const SINK = {
  answered: () => undefined,
  failed: () => undefined,
  answeredLate: () => undefined,
  failedLate: () => undefined,
};

const get = (key: string, isExact = false): NodeOperation =>
  new (isExact ? ExactGetAttempt : GetAttempt)(NODE, key, key.charCodeAt(0), 100, GET_SINK);
const raw = (key: string, isOfOneKey: boolean): NodeOperation => {
  const origin: AttemptOrigin<unknown> = { key, hash: key.charCodeAt(0), timeoutMs: 100, sink: SINK };
  return new RawAttempt(NODE, origin, ['CMD', key], { isOfOneKey });
};
const own = (key: string): NodeOperation => raw(key, true);
const any = (key: string): NodeOperation => raw(key, false);

/** All batches of a turn, in words. */
function batches(...operations: NodeOperation[]): string[] {
  const arranger = new Arranger();
  const told: string[] = [];
  for (let from = 0; from < operations.length; from = arranger.stoppedAt)
    told.push(
      arranger
        .arrange(operations, from, 512)
        .map(({ kind, key }) => `${kind} ${key}`)
        .join(', '),
    );
  return told;
}

describe('raw commands in a turn', () => {
  it('of one key each travel as writes do: before the reads, and not before a read of their own key', () => {
    expect(batches(get('a'), own('b'), get('c'), own('d'))).toEqual(['raw b, raw d, get a, get c']);
    expect(batches(own('a'), get('a'), own('b'))).toEqual(['raw a, raw b, get a']);
    expect(batches(get('a'), own('b'), own('a'), get('a'))).toEqual(['raw b, get a', 'raw a, get a']);
  });

  it('of whatever keys keep their place towards everything', () => {
    expect(batches(get('a'), any('b'), own('c'))).toEqual(['get a', 'raw b, raw c']);
    expect(batches(own('a'), any('b'), own('c'), get('d'), any('b'))).toEqual(['raw a, raw b, raw c, get d', 'raw b']);
  });

  it('count what they hold in a queue', () => {
    const { heldBytes } = new RawAttempt(NODE, { key: '', hash: 0, timeoutMs: 1, sink: SINK }, ['SET', 'k', 'value'], {
      followers: [['GET', Buffer.from('k')]],
    });
    expect(heldBytes).toBe(13);
  });
});

describe('equal gets of a turn', () => {
  it('are one, but for those that want to be told of another type: they are one among themselves', () => {
    expect(batches(get('a'), get('a'), get('a', true), get('a', true))).toEqual(['get a, get a']);
    const [plain, exact, another] = [get('a'), get('a', true), get('a', true)];
    new Arranger().arrange([plain, exact, another], 0, 512);
    expect(plain).toMatchObject({ twin: undefined });
    expect(exact).toMatchObject({ twin: another });
    expect(batches(get('a', true), get('a'), own('a'))).toEqual(['get a, get a', 'raw a']);
  });
});
